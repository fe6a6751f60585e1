//! `tojson` as `transformers` has it: Python's `json.dumps` without escaping for HTML.

use minijinja::{
    Error, ErrorKind, Value,
    value::{Kwargs, ValueKind},
};

/// How deep values may nest.
const DEEPEST: usize = 128;

/// The filter `tojson(indent, separators, sort_keys, ensure_ascii)`.
#[expect(clippy::needless_pass_by_value, reason = "the form of a filter")]
pub(super) fn tojson(value: &Value, indent: Option<Value>, options: Kwargs) -> Result<Value, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => options.get::<Option<Value>>("indent")?,
    };
    let separators = options.get::<Option<Vec<String>>>("separators")?;
    let indent = indent
        .filter(|indent| !indent.is_none())
        .map(|indent| indentation(&indent));
    let mut writer = Writer {
        out: String::new(),
        item: if indent.is_some() { "," } else { ", " }.to_owned(),
        key: ": ".to_owned(),
        indent,
        sort: options.get::<Option<bool>>("sort_keys")?.unwrap_or(false),
        ascii: options.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false),
    };
    if let Some([item, key]) = separators.as_deref() {
        (writer.item, writer.key) = (item.clone(), key.clone());
    }
    options.assert_all_used()?;
    writer.value(value, 0)?;
    Ok(Value::from(writer.out))
}

/// What stands before a line, once a level: spaces by number, or a text.
fn indentation(indent: &Value) -> String {
    let spaces = indent.as_usize().map(|count| " ".repeat(count.min(16)));
    spaces.unwrap_or_else(|| indent.as_str().unwrap_or_default().to_owned())
}

struct Writer {
    out: String,
    item: String,
    key: String,
    indent: Option<String>,
    sort: bool,
    ascii: bool,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(Error::new(
                ErrorKind::BadSerialization,
                "a value nests too deep for JSON",
            ));
        }
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Undefined => {
                return Err(Error::new(
                    ErrorKind::UndefinedError,
                    "an undefined value has no JSON",
                ));
            }
            ValueKind::Bool => self.out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.out.push_str(&number(value)),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Map => self.map(value, depth)?,
            ValueKind::Seq | ValueKind::Iterable => self.list(value, depth)?,
            _ => {
                let message = format!("a {} has no JSON", value.kind());
                return Err(Error::new(ErrorKind::BadSerialization, message));
            }
        }
        Ok(())
    }

    fn list(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let items: Vec<Value> = value.try_iter()?.collect();
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            self.before_item(index, depth + 1);
            self.value(item, depth + 1)?;
        }
        self.end(items.is_empty(), depth, ']');
        Ok(())
    }

    fn map(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let mut keys: Vec<Value> = value.try_iter()?.collect();
        if self.sort {
            keys.sort();
        }
        self.out.push('{');
        for (index, key) in keys.iter().enumerate() {
            self.before_item(index, depth + 1);
            self.string(&key.to_string());
            self.out.push_str(&self.key);
            self.value(&value.get_item(key)?, depth + 1)?;
        }
        self.end(keys.is_empty(), depth, '}');
        Ok(())
    }

    fn before_item(&mut self, index: usize, depth: usize) {
        if index > 0 {
            self.out.push_str(&self.item);
        }
        self.line(depth);
    }

    fn end(&mut self, empty: bool, depth: usize, bracket: char) {
        if !empty {
            self.line(depth);
        }
        self.out.push(bracket);
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = &self.indent {
            self.out.push('\n');
            (0..depth).for_each(|_| self.out.push_str(indent));
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                c if u32::from(c) < 0x20 || (self.ascii && !c.is_ascii()) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

/// A number as Python writes it: `1`, `1.0`, `1e+16`.
fn number(value: &Value) -> String {
    if value.is_integer() {
        return value.to_string();
    }
    match f64::try_from(value.clone()) {
        Ok(number) => super::python::float(number),
        Err(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use minijinja::{Environment, context};
    use serde_json::json;

    fn check(expression: &str) -> String {
        let mut environment = Environment::new();
        environment.add_filter("tojson", super::tojson);
        let value = json!({"b": [1, 2.0, true, null], "a": {"é": "<\"\n\u{1}>"}, "empty": {}});
        environment
            .render_str(
                &format!("{{{{ {expression} }}}}"),
                context! { v => minijinja::Value::from(minijinja::value::Serde(value)) },
            )
            .unwrap()
    }

    #[test]
    fn separators_and_order_are_those_of_python() {
        assert_eq!(
            check("v | tojson"),
            "{\"b\": [1, 2.0, true, null], \"a\": {\"é\": \"<\\\"\\n\\u0001>\"}, \"empty\": {}}"
        );
        assert_eq!(check("v.b | tojson(separators=(',', ':'))"), "[1,2.0,true,null]");
        assert_eq!(
            check("{'b': 1, 'a': 2} | tojson(sort_keys=true)"),
            r#"{"a": 2, "b": 1}"#
        );
        assert_eq!(
            check("'é🦀' | tojson(ensure_ascii=true)"),
            "\"\\u00e9\\ud83e\\udd80\""
        );
    }

    #[test]
    fn indentation_puts_an_item_on_a_line() {
        assert_eq!(
            check("[1, {'a': []}] | tojson(indent=2)"),
            "[\n  1,\n  {\n    \"a\": []\n  }\n]"
        );
        assert_eq!(check("[1] | tojson(4)"), "[\n    1\n]");
    }
}
