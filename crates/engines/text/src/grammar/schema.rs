//! What a client's JSON Schema may hold, and where it holds something else.
//!
//! The compiler behind this refuses the same things, but says neither where they stand nor in
//! words that a client knows.

use serde_json::{Map, Value, json};

use super::{overlap, refusal::Refusal};

/// How deep schemas may nest.
const DEEPEST: usize = 64;
/// How many schemas there may be in one.
const MOST: usize = 2_000;
/// How large a schema may be, written as JSON.
const LARGEST: usize = 512 << 10;
/// How many patterns of property names there may be beside each other; each is compared with each.
const MOST_NAME_PATTERNS: usize = 16;
/// How many patterns a text may have to match at once.
const MOST_PATTERNS: usize = 8;
/// The highest count of items or properties that can be enforced; each becomes part of the grammar.
const HIGHEST_COUNT: u64 = 2_000;
/// The highest string length that can be enforced.
const HIGHEST_LENGTH: u64 = 100_000;

/// Keywords that would have to be enforced and cannot be. Others that the specification does not
/// know are annotations.
const UNSUPPORTED: [&str; 19] = [
    "not",
    "if",
    "then",
    "else",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "propertyNames",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
];

/// Formats of strings that are enforced; any other is an annotation, as the specification has it.
const FORMATS: [&str; 10] = [
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
    "uri",
];

const TYPES: [&str; 7] = [
    "null", "boolean", "object", "array", "number", "integer", "string",
];

/// Refuses what cannot be enforced, naming the place.
pub(super) fn check(schema: &Value) -> Result<(), Refusal> {
    let mut walk = Walk {
        seen: 0,
        path: Vec::new(),
    };
    walk.schema(schema)?;
    let size = schema.to_string().len();
    if size > LARGEST {
        return walk.refuse(format!(
            "it has {size} bytes, more than the {LARGEST} that are compiled"
        ));
    }
    if overlap::patterns(schema) > MOST_PATTERNS {
        return walk.refuse(format!(
            "more than {MOST_PATTERNS} patterns and formats may have to hold for one text at once"
        ));
    }
    Ok(())
}

/// Makes a checked schema ready for the compiler: annotations that it would refuse go, and white
/// space gets a bound, for a small model can go on with it for ever.
pub(super) fn prepare(schema: &mut Value) {
    drop_unknown_formats(schema, 0);
    if let Value::Bool(true) = schema {
        *schema = json!({});
    }
    if let Value::Object(keywords) = schema {
        keywords.insert(
            "x-guidance".into(),
            json!({ "whitespace_pattern": "[ \\n\\r\\t]{1,40}" }),
        );
    }
}

fn drop_unknown_formats(value: &mut Value, depth: usize) {
    // `check` has bounded the depth of schemas; constants inside may be deeper and hold none.
    if depth > 4 * DEEPEST {
        return;
    }
    match value {
        Value::Object(map) => {
            let unknown = map
                .get("format")
                .and_then(Value::as_str)
                .is_some_and(|format| !FORMATS.contains(&format));
            if unknown {
                map.shift_remove("format");
            }
            map.iter_mut()
                .filter(|(key, _)| !matches!(key.as_str(), "const" | "enum" | "default" | "examples"))
                .for_each(|(_, value)| drop_unknown_formats(value, depth + 1));
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| drop_unknown_formats(item, depth + 1)),
        _ => {}
    }
}

/// A walk over every schema within a schema.
struct Walk {
    seen: usize,
    path: Vec<String>,
}

impl Walk {
    fn schema(&mut self, schema: &Value) -> Result<(), Refusal> {
        self.seen += 1;
        if self.seen > MOST {
            return self.refuse(format!("it holds more than {MOST} schemas"));
        }
        if self.path.len() > 2 * DEEPEST {
            return self.refuse(format!("it nests deeper than {DEEPEST} schemas"));
        }
        match schema {
            Value::Bool(_) => Ok(()),
            Value::Object(keywords) => self.keywords(keywords),
            _ => self.refuse("a schema is an object or a boolean"),
        }
    }

    fn keywords(&mut self, keywords: &Map<String, Value>) -> Result<(), Refusal> {
        for (keyword, value) in keywords {
            self.path.push(keyword.clone());
            self.keyword(keyword, value)?;
            self.path.pop();
        }
        Ok(())
    }

    fn keyword(&mut self, keyword: &str, value: &Value) -> Result<(), Refusal> {
        match keyword {
            // Python's sets say so even where it changes nothing.
            "uniqueItems" if value == &Value::Bool(false) => Ok(()),
            _ if UNSUPPORTED.contains(&keyword) => self.refuse(format!("`{keyword}` cannot be enforced")),
            "patternProperties"
                if value
                    .as_object()
                    .is_some_and(|map| map.len() > MOST_NAME_PATTERNS) =>
            {
                self.refuse(format!(
                    "more than {MOST_NAME_PATTERNS} patterns of names cannot be enforced"
                ))
            }
            "properties" | "patternProperties" | "$defs" | "definitions" => self.map(value),
            "anyOf" | "oneOf" | "allOf" | "prefixItems" => self.list(value),
            "items" | "additionalItems" if value.is_array() => self.list(value),
            "items" | "additionalItems" | "additionalProperties" => self.schema(value),
            "type" => self.types(value),
            "enum" => match value.as_array().map(Vec::len) {
                Some(1..) => Ok(()),
                _ => self.refuse("it must be an array of at least one value"),
            },
            "required" => match value.as_array() {
                Some(names) if names.iter().all(Value::is_string) => Ok(()),
                _ => self.refuse("it must be an array of names"),
            },
            "minItems" | "maxItems" | "minProperties" | "maxProperties" => self.count(value, HIGHEST_COUNT),
            "minLength" | "maxLength" => self.count(value, HIGHEST_LENGTH),
            "$ref" => match value.as_str() {
                Some(reference) if reference == "#" || reference.starts_with("#/") => Ok(()),
                _ => self.refuse("only references within the schema (`#/$defs/…`) are followed"),
            },
            "pattern" | "format" if !value.is_string() => self.refuse("it must be a string"),
            _ => Ok(()),
        }
    }

    fn map(&mut self, value: &Value) -> Result<(), Refusal> {
        let Some(map) = value.as_object() else {
            return self.refuse("it must be an object of schemas");
        };
        for (name, schema) in map {
            self.within(name.replace('~', "~0").replace('/', "~1"), schema)?;
        }
        Ok(())
    }

    fn list(&mut self, value: &Value) -> Result<(), Refusal> {
        let Some(list) = value.as_array() else {
            return self.refuse("it must be an array of schemas");
        };
        for (index, schema) in list.iter().enumerate() {
            self.within(index.to_string(), schema)?;
        }
        Ok(())
    }

    fn within(&mut self, step: String, schema: &Value) -> Result<(), Refusal> {
        self.path.push(step);
        self.schema(schema)?;
        self.path.pop();
        Ok(())
    }

    fn types(&self, value: &Value) -> Result<(), Refusal> {
        let known = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
        let right = match value {
            Value::Array(names) => !names.is_empty() && names.iter().all(known),
            name => known(name),
        };
        if right {
            return Ok(());
        }
        self.refuse(format!("it must be one or several of {}", TYPES.join(", ")))
    }

    fn count(&self, value: &Value, highest: u64) -> Result<(), Refusal> {
        match value.as_u64() {
            Some(count) if count <= highest => Ok(()),
            Some(count) => self.refuse(format!("{count} is more than the {highest} that can be enforced")),
            None => self.refuse("it must be a whole number that is not negative"),
        }
    }

    fn refuse<T>(&self, reason: impl Into<String>) -> Result<T, Refusal> {
        let pointer = self.path.iter().map(|step| format!("/{step}")).collect();
        Err(Refusal {
            pointer,
            reason: reason.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place and reason of a refusal, as one text.
    fn refusal(schema: &Value) -> String {
        match check(schema) {
            Ok(()) => String::new(),
            Err(refusal) => refusal.into_error("response_format").message().to_owned(),
        }
    }

    #[test]
    fn what_cannot_be_enforced_is_named_with_its_place() {
        let schema = json!({"properties": {"a/b": {"items": {"not": {"type": "string"}}}}});
        assert_eq!(
            refusal(&schema),
            "the schema at `/properties/a~1b/items/not`: `not` cannot be enforced"
        );
        assert!(refusal(&json!({"$ref": "https://example.com/x.json"})).contains("/$ref"));
        assert!(refusal(&json!({"anyOf": [{}, {"type": "date"}]})).contains("/anyOf/1/type"));
        assert!(refusal(&json!({"maxItems": 1_000_000_000})).contains("/maxItems"));
        assert!(refusal(&json!({"minLength": -1})).contains("/minLength"));
        assert!(refusal(&json!({"enum": []})).contains("/enum"));
        assert!(refusal(&json!([])).contains("an object or a boolean"));
    }

    #[test]
    fn a_property_may_be_called_like_a_keyword() {
        assert_eq!(refusal(&json!({"properties": {"not": {"type": "string"}}})), "");
        assert_eq!(refusal(&json!({"const": {"not": 1}, "enum": [{"if": 1}]})), "");
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let mut deep = json!({});
        for _ in 0..200 {
            deep = json!({ "items": deep });
        }
        assert!(refusal(&deep).contains("nests deeper"));
        let many: Map<_, _> = (0..6000).map(|n| (format!("p{n}"), json!({}))).collect();
        assert!(refusal(&json!({ "properties": many })).contains("more than 2000"));
        let names: Map<_, _> = (0..20).map(|n| (format!("^{n}$"), json!({}))).collect();
        assert!(refusal(&json!({ "patternProperties": names })).contains("/patternProperties"));
        let patterns: Vec<_> = (0..30)
            .map(|n| json!({"pattern": format!("a.{{{n}}}b")}))
            .collect();
        assert!(refusal(&json!({ "allOf": patterns })).contains("at once"));
        assert!(refusal(&json!({ "const": "x".repeat(600_000) })).contains("bytes"));
    }

    #[test]
    fn formats_that_nobody_can_enforce_are_annotations() {
        let mut schema = json!({"properties": {"format": {"type": "string", "format": "password"}, "d": {"format": "date"}}});
        prepare(&mut schema);
        assert_eq!(schema["properties"]["format"], json!({"type": "string"}));
        assert_eq!(schema["properties"]["d"]["format"], "date");
    }
}
