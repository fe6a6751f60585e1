//! Forms against texts that have them and texts that do not.

use std::sync::Arc;

use busbar_core::{ErrorKind, OutputFormat, Tool, ToolChoice};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Form, Grammars};
use crate::{
    tools::ToolStyle,
    vocab::fixture::{END, TOOL_CALLS, table},
};

fn grammars() -> Grammars {
    Grammars::new(table())
}

/// How much of a text a form lets through, token by token (a byte each), and whether it may end
/// there.
fn check(form: &Form, text: &str) -> (usize, bool) {
    let mut constraint = grammars().constraint(form).unwrap();
    for (at, byte) in text.bytes().enumerate() {
        if !constraint.mask().unwrap().allows(u32::from(byte)) {
            return (at, false);
        }
        constraint.accept(u32::from(byte)).unwrap();
    }
    let ends = constraint.mask().unwrap().allows(END);
    assert_eq!(ends, constraint.is_finished() || constraint.may_end().unwrap());
    (text.len(), ends)
}

/// Whether a text has a form.
fn has(form: &Form, text: &str) -> bool {
    check(form, text) == (text.len(), true)
}

fn schema(schema: Value) -> Form {
    Form::Schema(schema)
}

#[test]
fn json_is_any_object_and_nothing_else() {
    for text in [
        "{}",
        r#"{"a": [1, -2.5e3, "é\n\u0001", true, null, {}]}"#,
        "{\n  \"a\": 1\n}",
    ] {
        assert!(has(&Form::Json, text), "{text}");
    }
    for text in [
        "[]",
        "1",
        "",
        "{",
        "{} x",
        "{'a': 1}",
        r#"{"a": 01}"#,
        "Sure! {}",
        "{\"a\": 1,}",
    ] {
        assert!(!has(&Form::Json, text), "{text}");
    }
}

#[test]
fn white_space_does_not_go_on_for_ever() {
    let many = format!("{{{}\"a\": 1}}", " ".repeat(60));
    assert!(check(&Form::Json, &many).0 < 50);
    let few = format!("{{\n{}\"a\": 1}}", " ".repeat(32));
    assert!(has(&Form::Json, &few));
}

#[test]
fn a_schema_lets_through_what_it_accepts() {
    let form = schema(json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 5},
            "age": {"type": "integer", "minimum": 0, "maximum": 150},
            "kind": {"enum": ["a", "b"]},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "maxItems": 2},
            "when": {"type": "string", "format": "date"},
        },
        "required": ["name", "age"],
        "additionalProperties": false,
        "$defs": {"tag": {"type": "string", "pattern": "^[a-z]+$"}},
    }));
    let right = [
        r#"{"name": "Ada", "age": 36}"#,
        r#"{"name":"Ada","age":150,"kind":"b","tags":["x","yz"],"when":"2026-11-21"}"#,
    ];
    for text in right {
        assert!(has(&form, text), "{text}: {:?}", check(&form, text));
    }
    let wrong = [
        r#"{"name": "Ada"}"#,
        r#"{"name": "", "age": 3}"#,
        r#"{"name": "Adaline", "age": 3}"#,
        r#"{"name": "Ada", "age": 151}"#,
        r#"{"name": "Ada", "age": 3, "other": 1}"#,
        r#"{"name": "Ada", "age": 3, "kind": "c"}"#,
        r#"{"name": "Ada", "age": 3, "tags": ["A"]}"#,
        r#"{"name": "Ada", "age": 3, "tags": ["a", "b", "c"]}"#,
        r#"{"name": "Ada", "age": 3, "when": "2026-13-21"}"#,
    ];
    for text in wrong {
        assert!(!has(&form, text), "{text}");
    }
}

#[test]
fn a_schema_may_refer_to_itself_and_choose() {
    let form = schema(json!({
        "$ref": "#/$defs/tree",
        "$defs": {"tree": {"anyOf": [
            {"type": "null"},
            {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}}, "required": ["left"], "additionalProperties": false},
        ]}},
    }));
    assert!(has(&form, r#"{"left": {"left": null}}"#));
    assert!(!has(&form, r#"{"left": 1}"#));
    assert!(has(
        &schema(json!({"oneOf": [{"type": "string"}, {"type": "integer"}]})),
        "12"
    ));
    assert!(has(&schema(json!(true)), "[1]"));
}

#[test]
fn longer_tokens_and_control_tokens_are_masked_as_well() {
    let mut constraint = grammars().constraint(&Form::Json).unwrap();
    let mask = constraint.mask().unwrap();
    let table = table();
    let open = (0..).find(|&token| table.bytes(token) == b"{\"").unwrap();
    assert!(mask.allows(open));
    let control = [END, TOOL_CALLS, u32::MAX];
    assert!(control.iter().all(|&token| !mask.allows(token)));
    let mut logits = vec![0.0; table.len()];
    mask.apply(&mut logits);
    let kept: Vec<u32> = (0..)
        .zip(&logits)
        .filter(|(_, logit)| **logit == 0.0)
        .map(|(token, _)| token)
        .collect();
    assert_eq!(kept, mask.tokens().collect::<Vec<_>>());
    assert_eq!(kept.len(), mask.count());
}

#[test]
fn an_answer_that_is_whole_is_finished() {
    let form = schema(json!({"enum": ["yes", "no"]}));
    let mut constraint = grammars().constraint(&form).unwrap();
    for byte in b"\"no\"" {
        assert!(!constraint.is_finished());
        constraint.accept(u32::from(*byte)).unwrap();
    }
    assert!(constraint.is_finished());
    assert_eq!(constraint.mask().unwrap().tokens().collect::<Vec<_>>(), [END]);
}

#[test]
fn a_token_that_is_not_allowed_is_an_error() {
    let mut constraint = grammars().constraint(&Form::Json).unwrap();
    let error = constraint.accept(u32::from(b'x')).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(constraint.mask().is_err());
}

#[test]
fn answers_of_the_same_form_do_not_touch_each_other() {
    let grammars = grammars();
    let mut first = grammars.constraint(&Form::Json).unwrap();
    first.accept(u32::from(b'{')).unwrap();
    let mut second = grammars.constraint(&Form::Json).unwrap();
    assert!(second.mask().unwrap().allows(u32::from(b'{')));
    assert!(!first.mask().unwrap().allows(u32::from(b'{')));
}

#[test]
fn constraints_go_from_thread_to_thread() {
    fn sendable<T: Send>() {}
    sendable::<super::Constraint>();
    sendable::<Arc<Grammars>>();
}

#[test]
fn a_schema_that_cannot_be_enforced_is_refused_by_name() {
    let refused = |value: Value| grammars().constraint(&schema(value)).unwrap_err();
    let error = refused(json!({"properties": {"a": {"not": {}}}}));
    assert_eq!(
        (error.kind(), error.param()),
        (ErrorKind::Invalid, Some("response_format"))
    );
    assert!(error.message().contains("/properties/a/not"), "{error}");
    for value in [
        json!(false),
        json!({"type": "string", "pattern": "(a"}),
        json!({"type": "integer", "minimum": 3, "maximum": 1}),
        json!({"$ref": "#/nowhere"}),
        json!({"oneOf": [{"type": "string", "maxLength": 3}, {"type": "string", "minLength": 2}]}),
        json!({"type": "string", "pattern": "(?=a)b"}),
    ] {
        let error = refused(value.clone());
        assert_eq!(error.param(), Some("response_format"), "{value}");
        assert!(!error.message().contains('\n'), "{error}");
    }
}

#[test]
fn a_schema_that_would_need_too_much_is_refused_or_bounded() {
    let hungry = [
        json!({"type": "string", "pattern": "^((((a{1,99}){1,99}){1,99}){1,99}){1,99}$"}),
        json!({"type": "string", "pattern": format!("^({})*$", "(a|b|c)?".repeat(2000))}),
        json!({"allOf": (0..8).map(|n| json!({"type": "string", "pattern": format!("a.{{0,{n}}}b")})).collect::<Vec<_>>()}),
        json!({"type": "array", "minItems": 2000, "items": {"type": "array", "minItems": 2000, "items": {"type": "array", "minItems": 2000}}}),
        json!({"properties": (0..1900).map(|n| (format!("p{n}"), json!({"type": "string"}))).collect::<serde_json::Map<_, _>>()}),
    ];
    for value in hungry {
        // Either is right, as long as it comes back.
        match grammars().constraint(&schema(value)) {
            Ok(mut constraint) => assert!(constraint.mask().unwrap().count() > 0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Invalid),
        }
    }
}

/// The form of a call that must come, in a style.
fn call(style: &str, choice: &ToolChoice) -> Form {
    let tool = |name: &str| Tool {
        name: name.into(),
        description: None,
        parameters: json!({
            "type": "object",
            "properties": {"city": {"$ref": "#/$defs/city"}},
            "required": ["city"],
            "additionalProperties": false,
            "$defs": {"city": {"enum": ["Bern", name]}},
        }),
        strict: None,
        cache_point: None,
    };
    let tools = [tool("one"), tool("two")];
    ToolStyle::named(style)
        .unwrap()
        .form(&tools, choice)
        .unwrap()
        .unwrap()
}

#[test]
fn a_call_that_must_come_has_the_models_own_frame() {
    let form = call("hermes", &ToolChoice::Required);
    assert!(has(
        &form,
        "<tool_call>\n{\"name\": \"one\", \"arguments\": {\"city\": \"Bern\"}}\n</tool_call>"
    ));
    assert!(has(
        &form,
        "<tool_call>\n{\"name\": \"two\", \"arguments\": {\"city\": \"two\"}}\n</tool_call>"
    ));
    // References lead into the tool's own schema.
    assert!(!has(
        &form,
        "<tool_call>\n{\"name\": \"two\", \"arguments\": {\"city\": \"one\"}}\n</tool_call>"
    ));
    assert!(!has(&form, "Hello"));
    let form = call("llama3", &ToolChoice::Named("two".into()));
    assert!(has(
        &form,
        "{\"name\": \"two\", \"parameters\": {\"city\": \"two\"}}"
    ));
    assert!(!has(
        &form,
        "{\"name\": \"one\", \"parameters\": {\"city\": \"Bern\"}}"
    ));
}

#[test]
fn a_marker_that_is_a_control_token_is_that_token() {
    let form = call("mistral", &ToolChoice::Required);
    let mut constraint = grammars().constraint(&form).unwrap();
    assert_eq!(
        constraint.mask().unwrap().tokens().collect::<Vec<_>>(),
        [TOOL_CALLS]
    );
    constraint.accept(TOOL_CALLS).unwrap();
    for byte in b"[{\"name\": \"one\", \"arguments\": {\"city\": \"one\"}}]" {
        constraint.accept(u32::from(*byte)).unwrap();
    }
    assert!(constraint.mask().unwrap().allows(END));
}

#[test]
fn a_model_may_call_a_tool_though_its_answer_must_be_json() {
    let tool = Tool {
        name: "now".into(),
        description: None,
        parameters: json!({"type": "object", "properties": {}, "additionalProperties": false}),
        strict: None,
        cache_point: None,
    };
    let output = OutputFormat::JsonSchema(
        json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}),
    );
    for (style, call) in [
        (
            "hermes",
            "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>",
        ),
        ("llama3", "{\"name\": \"now\", \"parameters\": {}}"),
    ] {
        let style = ToolStyle::named(style).unwrap();
        let form = style.form_or_call(std::slice::from_ref(&tool), &output).unwrap();
        assert!(has(&form, "{\"a\": 1}"));
        assert!(has(&form, call));
        assert!(!has(&form, "{\"a\": \"1\"}"));
        assert!(!has(&form, "Hello"));
        assert_eq!(style.form_or_call(&[], &output), Form::of(&output));
        assert_eq!(
            style.form_or_call(std::slice::from_ref(&tool), &OutputFormat::Text),
            None
        );
    }
}

#[test]
fn a_tool_with_a_wrong_schema_is_told_as_a_tool() {
    let tool = Tool {
        name: "f".into(),
        description: None,
        parameters: json!({"properties": {"a": {"contains": {}}}}),
        strict: None,
        cache_point: None,
    };
    let form = ToolStyle::named("json")
        .unwrap()
        .form(&[tool], &ToolChoice::Required)
        .unwrap()
        .unwrap();
    let error = grammars().constraint(&form).unwrap_err();
    assert_eq!(error.param(), Some("tools"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the masks allow ends as JSON that the schema's reader accepts.
    #[test]
    fn every_way_through_the_masks_is_json(choices in proptest::collection::vec(any::<proptest::sample::Index>(), 200)) {
        let form = schema(json!({
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}, "b": {"type": "string", "maxLength": 4}},
            "required": ["a", "b"],
            "additionalProperties": false,
        }));
        let table = table();
        let mut constraint = grammars().constraint(&form).unwrap();
        let mut bytes = Vec::new();
        for choice in choices {
            if constraint.is_finished() {
                break;
            }
            let allowed: Vec<u32> = constraint.mask().unwrap().tokens().collect();
            prop_assert!(!allowed.is_empty());
            let token = allowed[choice.index(allowed.len())];
            constraint.accept(token).unwrap();
            if token != END {
                bytes.extend_from_slice(table.bytes(token));
            }
        }
        if constraint.is_finished() {
            let value: Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert!(value["a"].as_array().unwrap().len() <= 3);
            prop_assert!(value["b"].as_str().unwrap().chars().count() <= 4);
        }
    }
}
