//! The arguments of a tool call: text with us, an object in this format.

use std::borrow::Cow;

use serde_json::{json, value::RawValue};

/// The object that the text is, letter by letter.
///
/// Text that is no object, such as that of a call that was cut off, is put into one in the way that
/// Anthropic's guide to streamed tool input proposes, so that a conversation with such a call in it can
/// go on.
pub(super) fn object(arguments: &str) -> Cow<'_, RawValue> {
    let text = arguments.trim();
    if text.is_empty() {
        return Cow::Owned(raw("{}".to_owned()));
    }
    match serde_json::from_str::<&RawValue>(text) {
        Ok(value) if value.get().starts_with('{') => Cow::Borrowed(value),
        _ => Cow::Owned(raw(json!({ "INVALID_JSON": arguments }).to_string())),
    }
}

/// Whether the text is a whole JSON value: then nothing more can come.
pub(super) fn is_whole(arguments: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok()
}

/// Of text that is known to be JSON.
fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arguments: &str, expected: &str) {
        assert_eq!(object(arguments).get(), expected);
    }

    #[test]
    fn an_object_stays_as_it_was_written() {
        check(r#"{"b": 1.50, "a":2}"#, r#"{"b": 1.50, "a":2}"#);
        check(" {} ", "{}");
    }

    #[test]
    fn what_is_no_object_is_put_into_one() {
        check("", "{}");
        check(r#"{"city":"Par"#, r#"{"INVALID_JSON":"{\"city\":\"Par"}"#);
        check("[1]", r#"{"INVALID_JSON":"[1]"}"#);
    }
}
