//! Where Python shows through in templates: how values print, and what counts as what.

use minijinja::{
    Error, Value,
    value::{Tuple, ValueKind},
};

/// A value as Python's `str` prints it.
pub(super) fn str(value: &Value) -> String {
    match value.kind() {
        ValueKind::String => value.as_str().unwrap_or_default().to_owned(),
        ValueKind::Undefined => String::new(),
        _ => repr(value, 0),
    }
}

/// A value as Python's `repr` prints it.
fn repr(value: &Value, depth: usize) -> String {
    // Values come from JSON, whose depth is bounded; a template may nest further.
    if depth > 128 {
        return "...".into();
    }
    let all = |values: Vec<String>| values.join(", ");
    match value.kind() {
        ValueKind::None => "None".into(),
        ValueKind::Bool => if value.is_true() { "True" } else { "False" }.into(),
        ValueKind::Number if !value.is_integer() => {
            f64::try_from(value.clone()).map_or_else(|_| value.to_string(), float)
        }
        ValueKind::String => quoted(value.as_str().unwrap_or_default()),
        ValueKind::Seq => {
            let items = value.try_iter().into_iter().flatten();
            let items: Vec<String> = items.map(|item| repr(&item, depth + 1)).collect();
            if value.downcast_object_ref::<Tuple>().is_some() {
                let comma = if items.len() == 1 { "," } else { "" };
                return format!("({}{comma})", all(items));
            }
            format!("[{}]", all(items))
        }
        ValueKind::Map => {
            let keys = value.try_iter().into_iter().flatten();
            let pairs = keys.map(|key| {
                let item = value.get_item(&key).unwrap_or_default();
                format!("{}: {}", repr(&key, depth + 1), repr(&item, depth + 1))
            });
            format!("{{{}}}", all(pairs.collect()))
        }
        _ => value.to_string(),
    }
}

/// A text in Python's quotes: single ones, unless only double ones need no escaping.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A float as Python prints it: the shortest digits, with an exponent from 1e16 and below 1e-4.
pub(super) fn float(number: f64) -> String {
    let size = number.abs();
    if !number.is_finite() {
        return match number {
            n if n.is_nan() => "NaN",
            n if n > 0.0 => "Infinity",
            _ => "-Infinity",
        }
        .into();
    }
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent
            .strip_prefix('-')
            .map_or(("+", exponent), |rest| ("-", rest));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    format!("{number:?}")
}

/// The test `iterable`: texts are, in Python.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
pub(super) fn is_iterable(value: Value) -> bool {
    matches!(
        value.kind(),
        ValueKind::String | ValueKind::Seq | ValueKind::Map | ValueKind::Iterable
    )
}

/// The test `sequence`: whatever has a length and items, texts and mappings among them.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands values over")]
pub(super) fn is_sequence(value: Value) -> bool {
    matches!(value.kind(), ValueKind::String | ValueKind::Seq | ValueKind::Map)
}

/// The filter `string`.
#[expect(clippy::unnecessary_wraps, reason = "the form of a filter")]
pub(super) fn string(value: &Value) -> Result<Value, Error> {
    Ok(if value.kind() == ValueKind::String {
        value.clone()
    } else {
        Value::from(str(value))
    })
}

/// The filters `escape` and `e`.
pub(super) fn escape(value: &Value) -> String {
    let mut out = String::new();
    for c in str(value).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: serde_json::Value) -> String {
        str(&Value::from(minijinja::value::Serde(value)))
    }

    #[test]
    fn values_print_as_in_python() {
        assert_eq!(check(json!(true)), "True");
        assert_eq!(check(json!(null)), "None");
        assert_eq!(check(json!("it's")), "it's");
        assert_eq!(
            check(json!({"a": [1, 2.5, "it's", "\"'\n", false], "b": {}})),
            r#"{'a': [1, 2.5, "it's", '"\'\n', False], 'b': {}}"#
        );
        assert_eq!(str(&Value::from(Tuple::from([Value::from(1)]))), "(1,)");
    }

    #[test]
    fn floats_print_as_in_python() {
        let cases = [
            (1.0, "1.0"),
            (1e16, "1e+16"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (-0.0, "-0.0"),
        ];
        for (number, text) in cases {
            assert_eq!(float(number), text);
        }
    }
}
