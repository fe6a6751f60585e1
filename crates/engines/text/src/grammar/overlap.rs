//! How many patterns a text may have to match at once.
//!
//! Each of them alone costs little; together they cost two to the power of their number. This
//! counts the most that may meet at one place, and rather one too many than one too few.

use std::collections::HashMap;

use serde_json::Value;

/// The most patterns that may meet at any place in a schema whose references are all of the form
/// `#` or `#/…`.
pub(super) fn patterns(schema: &Value) -> usize {
    let mut count = Count {
        known: HashMap::new(),
    };
    count.schema(schema, schema)
}

struct Count {
    /// What is known of schemas that references lead to; 0 while they are being counted.
    known: HashMap<*const Value, usize>,
}

impl Count {
    /// `base` is what references start from.
    fn schema(&mut self, schema: &Value, base: &Value) -> usize {
        let base = if schema.get("$id").is_some() { schema } else { base };
        let own = ["pattern", "format"]
            .iter()
            .filter(|keyword| schema.get(keyword).is_some())
            .count();
        let below = self.below(schema, base);
        let all = self.list(schema, "allOf", base).into_iter().sum::<usize>();
        let any =
            ["anyOf", "oneOf"].map(|keyword| self.list(schema, keyword, base).into_iter().max().unwrap_or(0));
        let referred = schema
            .get("$ref")
            .and_then(Value::as_str)
            .map_or(0, |to| self.reference(to, base));
        own.max(below) + all + any.into_iter().sum::<usize>() + referred
    }

    /// The most that meet in a part of what the schema describes.
    fn below(&mut self, schema: &Value, base: &Value) -> usize {
        let mut most = 0;
        for keyword in ["items", "additionalItems", "additionalProperties"] {
            if let Some(part) = schema.get(keyword) {
                most = most.max(self.schema(part, base));
            }
        }
        for keyword in ["items", "prefixItems"] {
            most = most.max(self.list(schema, keyword, base).into_iter().max().unwrap_or(0));
        }
        let mut fields = |keyword: &str| {
            let map = schema.get(keyword).and_then(Value::as_object);
            let parts: Vec<&Value> = map.into_iter().flat_map(|map| map.values()).collect();
            parts
                .into_iter()
                .map(|part| self.schema(part, base))
                .max()
                .unwrap_or(0)
        };
        // A property may have a pattern of its name as well.
        most.max(fields("properties") + fields("patternProperties"))
    }

    fn list(&mut self, schema: &Value, keyword: &str, base: &Value) -> Vec<usize> {
        let parts = schema.get(keyword).and_then(Value::as_array);
        parts
            .into_iter()
            .flatten()
            .map(|part| self.schema(part, base))
            .collect()
    }

    fn reference(&mut self, to: &str, base: &Value) -> usize {
        let Some(target) = to.strip_prefix('#').and_then(|pointer| base.pointer(pointer)) else {
            return 0;
        };
        if let Some(&known) = self.known.get(&std::ptr::from_ref(target)) {
            return known;
        }
        self.known.insert(target, 0);
        let count = self.schema(target, base);
        self.known.insert(target, count);
        count
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_of_different_places_do_not_meet() {
        let schema = json!({"properties": {"a": {"pattern": "x"}, "b": {"items": {"pattern": "y"}}}});
        assert_eq!(patterns(&schema), 1);
        assert_eq!(
            patterns(&json!({"anyOf": [{"pattern": "a"}, {"pattern": "b"}]})),
            1
        );
    }

    #[test]
    fn patterns_that_hold_at_once_are_added_up() {
        assert_eq!(patterns(&json!({"pattern": "a", "format": "date"})), 2);
        let schema = json!({
            "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}, {"properties": {"x": {"pattern": "b"}}}],
            "$defs": {"a": {"properties": {"x": {"pattern": "a"}}}},
        });
        assert_eq!(patterns(&schema), 3);
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_counted_once() {
        let schema = json!({"properties": {"next": {"$ref": "#"}, "name": {"pattern": "a"}}, "pattern": "b"});
        assert_eq!(patterns(&schema), 1);
    }

    #[test]
    fn references_start_from_the_nearest_schema_with_an_id() {
        let schema = json!({
            "$defs": {"a": {}},
            "properties": {"t": {"$id": "x:/t", "$defs": {"a": {"pattern": "a"}}, "allOf": [{"$ref": "#/$defs/a"}]}},
        });
        assert_eq!(patterns(&schema), 1);
    }
}
