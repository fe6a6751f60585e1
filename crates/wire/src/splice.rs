//! Putting another model's name into a body that is passed on as it was written. Nothing else of it is
//! changed, or even looked at.

use std::{borrow::Cow, fmt, ops::Range};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The body with `new` in the place of the value of its top-level `model`.
///
/// `None` where the body is not one JSON object that has this field once: then what its host would
/// make of it is not known, and it must not be passed on unread.
pub fn splice_model(body: &[u8], new: &str) -> Option<Bytes> {
    let place = place_of_model(body)?;
    let name = serde_json::to_vec(new).ok()?;
    let (before, after) = (body.get(..place.start)?, body.get(place.end..)?);
    Some([before, &name, after].concat().into())
}

/// Where the value of the top-level `model` is.
fn place_of_model(body: &[u8]) -> Option<Range<usize>> {
    let fields: Fields<'_> = serde_json::from_slice(body).ok()?;
    let mut models = fields.0.into_iter().filter(|(name, _)| name.0 == "model");
    let (_, value) = models.next()?;
    if models.next().is_some() {
        return None;
    }
    // The value is a slice of the body: serde_json borrows it.
    let value = value.get();
    let start = (value.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    Some(start..start + value.len())
}

/// The fields of an object as they stand, repeated ones too.
struct Fields<'a>(Vec<(Name<'a>, &'a RawValue)>);

/// A field's name; borrowed where it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: Option<&str>) {
        let spliced = splice_model(body.as_bytes(), "new\"one");
        assert_eq!(spliced.as_deref(), expected.map(str::as_bytes), "{body}");
    }

    #[test]
    fn only_the_name_changes() {
        check(
            "{ \"messages\" : [ {\"model\":\"x\"} ],\n\t\"model\" :  \"old\" , \"n\":1.50 }\n",
            Some("{ \"messages\" : [ {\"model\":\"x\"} ],\n\t\"model\" :  \"new\\\"one\" , \"n\":1.50 }\n"),
        );
    }

    #[test]
    fn an_escaped_name_is_the_same_name_and_an_escaped_value_is_replaced_whole() {
        check(
            r#"{"mod\u0065l":"a\"}\\","z":"model"}"#,
            Some(r#"{"mod\u0065l":"new\"one","z":"model"}"#),
        );
    }

    #[test]
    fn a_value_of_any_kind_is_replaced() {
        check(r#"{"model":null}"#, Some(r#"{"model":"new\"one"}"#));
        check(
            r#"{"model":{"model":[1]},"a":2}"#,
            Some(r#"{"model":"new\"one","a":2}"#),
        );
    }

    #[test]
    fn what_has_no_one_model_is_not_passed_on() {
        check(r#"{"messages":[]}"#, None);
        check(r#"{"model":"a","model":"b"}"#, None);
        check(r#"{"model":"a","mode\u006c":"b"}"#, None);
        check(r#"{"model":"a""#, None);
        check(r#"{"model":"a"} trailing"#, None);
        check(r#"["model","a"]"#, None);
        check("", None);
    }
}
