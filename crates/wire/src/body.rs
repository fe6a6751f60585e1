//! Reading a JSON body so that every complaint says where: a field's path as the client wrote it, or
//! the line and column where the text stopped being JSON.

use busbar_core::{Error, ErrorKind, Result};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

/// Complaints are cut here: a body may be megabytes, and serde quotes the wrong value whole.
const LONGEST_COMPLAINT: usize = 240;

/// Reads a body.
///
/// # Errors
/// `Invalid` with code `malformed_json` where it is not JSON, naming line and column; `Invalid` with
/// the field's path where a value is of the wrong type or missing.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    require_object(body)?;
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| explain(body, &path(error.path()), error.inner()))?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// serde_json calls a number where a name was expected a mistake in the JSON itself.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// serde would take a list for the fields of a struct in their order.
fn require_object(body: &[u8]) -> Result<()> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'{') {
        return Ok(());
    }
    serde_json::from_slice::<IgnoredAny>(body).map_err(|error| malformed(&error))?;
    Err(Error::new(ErrorKind::Invalid, "the body must be a JSON object"))
}

fn explain(body: &[u8], path: &str, error: &serde_json::Error) -> Error {
    if error.classify() != Category::Data && !is_json(body) {
        return malformed(error);
    }
    let complaint = shorten(&error.to_string());
    let param = match missing(&complaint) {
        Some(field) if path.is_empty() => field.to_owned(),
        Some(field) => format!("{path}.{field}"),
        None => path.to_owned(),
    };
    if param.is_empty() {
        return Error::new(
            ErrorKind::Invalid,
            format!("the body is not what it should be: {complaint}"),
        );
    }
    Error::invalid(
        &*param,
        format!("`{param}` is not what it should be: {complaint}"),
    )
}

fn malformed(error: &serde_json::Error) -> Error {
    // serde_json's own words end in "at line L column C".
    Error::new(
        ErrorKind::Invalid,
        format!("the body is not JSON: {}", shorten(&error.to_string())),
    )
    .with_code("malformed_json")
}

/// The field that serde says is missing; its path ends at the object that lacks it.
fn missing(complaint: &str) -> Option<&str> {
    complaint.strip_prefix("missing field `")?.split('`').next()
}

fn path(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            // Neither is a place in the client's text.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    shorten(&text)
}

fn shorten(text: &str) -> String {
    if text.len() <= LONGEST_COMPLAINT {
        return text.to_owned();
    }
    // The end has the line and the column.
    let half = LONGEST_COMPLAINT / 2;
    let head = text.floor_char_boundary(half);
    let tail = text.ceil_char_boundary(text.len() - half);
    format!("{} … {}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Outer {
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Inner {
        name: String,
    }

    #[track_caller]
    fn check(body: &str, param: Option<&str>, says: &str) {
        let error = read::<Outer>(body.as_bytes()).unwrap_err();
        assert_eq!(error.param(), param, "{error}");
        assert!(error.message().contains(says), "{error}");
    }

    #[test]
    fn a_wrong_type_is_named_by_its_path() {
        check(
            r#"{"list":[{"name":"a"},{"name":7}]}"#,
            Some("list[1].name"),
            "integer `7`",
        );
        check(r#"{"list":3}"#, Some("list"), "expected a sequence");
    }

    #[test]
    fn a_number_in_the_place_of_a_name_is_no_mistake_in_the_json() {
        #[derive(Debug, Deserialize)]
        enum Name {
            A,
        }
        #[derive(Debug, Deserialize)]
        struct Named {
            name: Name,
        }
        let error = read::<Named>(br#"{"name":5}"#).unwrap_err();
        assert_eq!((error.param(), error.code()), (Some("name"), None), "{error}");
        assert!(matches!(read::<Named>(br#"{"name":"A"}"#).unwrap().name, Name::A));
    }

    #[test]
    fn a_missing_field_is_named_by_its_path() {
        check("{}", Some("list"), "missing field");
        check(r#"{"list":[{}]}"#, Some("list[0].name"), "missing field");
    }

    #[test]
    fn what_is_not_json_has_a_line_and_a_column() {
        check("{\n \"list\": [,]}", None, "line 2 column 11");
        check("", None, "line 1 column 0");
        check("{\"list\":[]} x", None, "line 1 column 13");
        check("\"\u{0}\"", None, "line 1 column");
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        check("[1", None, "line 1");
        check("[1]", None, "must be a JSON object");
        check(" 7", None, "must be a JSON object");
    }

    #[test]
    fn a_long_value_is_not_quoted_whole() {
        let body = format!("{{\"list\":\"{}\"}}", "ä".repeat(5_000));
        let error = read::<Outer>(body.as_bytes()).unwrap_err();
        assert!(error.message().len() < 400, "{error}");
        assert!(error.message().contains("line 1 column"), "{error}");
    }
}
