//! Calls in all the ways in which models write them.

use super::*;

/// What is heard, as text, up to the end or the break.
fn check(text: &str, names: Names<'_>) -> (String, Outcome) {
    let mut reader = CallReader::default();
    let mut heard = Vec::new();
    let mut outcome = Outcome::More;
    for c in text.chars() {
        outcome = reader.read(c, names, &mut heard);
        if outcome != Outcome::More {
            break;
        }
    }
    let said = heard.iter().map(|heard| match heard {
        Heard::Start(name) => format!("<{name}>"),
        Heard::Arguments(text) => text.clone(),
    });
    (said.collect(), outcome)
}

fn any(text: &str) -> (String, Outcome) {
    check(text, Names::Any)
}

fn heard(said: &str) -> (String, Outcome) {
    (said.into(), Outcome::Done)
}

#[test]
fn the_order_of_keys_does_not_matter() {
    let said = heard(r#"<f>{"a": {"b": 1}}"#);
    assert_eq!(any(r#"{"name": "f", "arguments": {"a": {"b": 1}}}"#), said);
    assert_eq!(any(r#"{"parameters": {"a": {"b": 1}}, "name": "f"}"#), said);
    assert_eq!(
        any(r#" {"id":"x","type":"function","name":"f","arguments":{"a": {"b": 1}},"n":7}"#),
        said
    );
}

#[test]
fn wrapped_quoted_and_missing_arguments_are_understood() {
    assert_eq!(
        any(r#"{"type":"function","function":{"name":"f","arguments":{"a":1}}}"#),
        heard(r#"<f>{"a":1}"#)
    );
    assert_eq!(
        any(r#"{"function":"f","name":"f","arguments":"{\"a\":\"é\\n\"}"}"#),
        heard(r#"<f>{"a":"é\n"}"#)
    );
    assert_eq!(any(r#"{"name":"f"}"#), heard("<f>{}"));
    assert_eq!(any(r#"{"name":"f","arguments":null}"#), heard("<f>null"));
}

#[test]
fn an_array_holds_several() {
    let text = r#"[{"name":"f","arguments":{}}, {"name":"g","arguments":{"x":[1]}}]"#;
    assert_eq!(any(text), heard(r#"<f>{}<g>{"x":[1]}"#));
}

#[test]
fn a_name_may_stand_before_the_arguments() {
    assert_eq!(any(r#"get_x[ARGS]{"a":1}"#), heard(r#"<get_x>{"a":1}"#));
    assert_eq!(any(r#"f[CALL_ID]abc[ARGS]{}"#), heard("<f>{}"));
    assert_eq!(any("hello, world").1, Outcome::Broken);
}

#[test]
fn json_that_is_an_answer_is_no_call() {
    let names = ["f".to_owned()];
    let only = Names::Only(&names);
    assert_eq!(check(r#"{"name":"f","parameters":{}}"#, only), heard("<f>{}"));
    assert_eq!(
        check(r#"{"name":"Paris","arguments":{}}"#, only).1,
        Outcome::Broken
    );
    assert_eq!(
        check(r#"{"name":"f","age":3}"#, only),
        (String::new(), Outcome::Broken)
    );
    assert_eq!(check("[1, 2]", only).1, Outcome::Broken);
}

#[test]
fn half_a_call_is_heard_as_far_as_it_goes() {
    assert_eq!(
        any(r#"{"name":"f","arguments":{"a":"x"#),
        (r#"<f>{"a":"x"#.into(), Outcome::More)
    );
    assert_eq!(any(r#"{"name": 3}"#).1, Outcome::Broken);
    assert_eq!(any(r#"{name"#).1, Outcome::Broken);
}
