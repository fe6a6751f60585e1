//! Whole answers in every style, in every way of splitting them.

use proptest::prelude::*;

use super::{CallIds, Piece, ToolParser, ToolStyle};

/// What becomes of an answer that comes in these pieces, as text: calls as `<name arguments>`.
fn read(style: &str, pieces: &[&str]) -> String {
    let names = ["get_weather".to_owned(), "now".to_owned()];
    let style = ToolStyle::named(style).unwrap();
    let mut parser = ToolParser::new(style, names.to_vec(), CallIds::new(1));
    let mut found = Vec::new();
    for piece in pieces {
        parser.push(piece, &mut found);
    }
    parser.finish(&mut found);
    shown(&found)
}

/// Pieces as one text, with a check that calls are numbered and places are right.
fn shown(found: &[Piece]) -> String {
    let mut out = String::new();
    let mut calls = 0;
    let mut place = 0;
    for piece in found {
        match piece {
            Piece::Text { at, text } => {
                assert!(*at >= place, "text goes backwards");
                place = at + text.len();
                out.push_str(text);
            }
            Piece::Start { index, name, .. } => {
                assert_eq!(*index, calls);
                calls += 1;
                out.push_str(&format!("<{name}>"));
            }
            Piece::Arguments { index, arguments } => {
                assert_eq!(index + 1, calls);
                out.push_str(arguments);
            }
        }
    }
    out
}

/// The same whole and character by character.
fn check(style: &str, answer: &str, expected: &str) {
    assert_eq!(read(style, &[answer]), expected, "whole");
    let characters: Vec<String> = answer.chars().map(String::from).collect();
    let characters: Vec<&str> = characters.iter().map(String::as_str).collect();
    assert_eq!(read(style, &characters), expected, "by characters");
}

#[test]
fn hermes_calls_stand_between_tags() {
    check(
        "hermes",
        "<tool_call>\n{\"name\": \"now\", \"arguments\": {\"a\": \"</tool_call> {\"}}\n</tool_call>",
        "<now>{\"a\": \"</tool_call> {\"}",
    );
    check(
        "hermes",
        "Let me see.\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>\n<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zürich\"}}</tool_call>\n",
        "Let me see.\n<now>{}<get_weather>{\"city\": \"Zürich\"}",
    );
}

#[test]
fn a_brace_too_many_and_a_tag_too_few_are_forgiven() {
    check(
        "hermes",
        "<tool_call>{\"name\":\"now\",\"arguments\":{}}}</tool_call>",
        "<now>{}",
    );
    check(
        "hermes",
        "<tool_call>{\"name\":\"now\",\"arguments\":{}}",
        "<now>{}",
    );
    check(
        "hermes",
        "<tool_call>{\"name\":\"now\",\"arguments\":{}}<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>",
        "<now>{}<now>{}",
    );
}

#[test]
fn what_only_looks_like_a_call_is_text() {
    for answer in [
        "a < b and <tool and <tool_call",
        "<tool_call> is a tag.",
        "<tool_call>\n<function=now>\n</function>\n</tool_call>",
        "<tool_call>{\"tool\": 1}</tool_call>",
        "{\"name\": \"now\", \"arguments\": {}}",
        " \n",
        "",
    ] {
        check("hermes", answer, answer);
    }
}

#[test]
fn mistral_calls_are_an_array_behind_a_marker() {
    check(
        "mistral",
        "[TOOL_CALLS] [{\"name\": \"now\", \"arguments\": {}}, {\"name\": \"get_weather\", \"arguments\": {\"city\": \"Bern\"}}]",
        "<now>{}<get_weather>{\"city\": \"Bern\"}",
    );
    check(
        "mistral",
        "[TOOL_CALLS]now[ARGS]{\"a\":1}[TOOL_CALLS]now[ARGS]{}",
        "<now>{\"a\":1}<now>{}",
    );
    check("mistral", "[TOOL_CALLS][]", "");
    check("mistral", "[1] and [TOOL", "[1] and [TOOL");
}

#[test]
fn llama_calls_are_a_bare_object_with_or_without_a_tag() {
    let call = "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Bern\"}}";
    let expected = "<get_weather>{\"city\": \"Bern\"}";
    check("llama3", call, expected);
    check("llama3", &format!("\n<|python_tag|>{call}"), expected);
    check(
        "llama3",
        &format!("{call}; {call}"),
        &format!("{expected}{expected}"),
    );
    // JSON that is the answer itself, and code for the tag's other use.
    for answer in [
        "{\"name\": \"Bern\", \"parameters\": {}}",
        "{\"name\": \"now\", \"age\": 3}",
        "{}",
        "[1, 2]",
        "<|python_tag|>print(1)",
    ] {
        check("llama3", answer, answer);
    }
    let later = format!("Here: {call}");
    check("llama3", &later, &later);
}

#[test]
fn plain_json_may_stand_in_a_fence() {
    let call = "{\"name\": \"now\", \"arguments\": {}}";
    check("json", call, "<now>{}");
    check("json", &format!("```json\n{call}\n```"), "<now>{}");
    check("json", &format!("[{call}]"), "<now>{}");
    let code = "```json\n{\"a\": 1}\n```\nThat is all.";
    check("json", code, code);
}

#[test]
fn phi_calls_are_an_array_between_tags() {
    check(
        "phi",
        "<|tool_call|>[{\"name\": \"now\", \"arguments\": {}}]<|/tool_call|>",
        "<now>{}",
    );
}

#[test]
fn arguments_come_as_they_are_written() {
    let mut parser = ToolParser::new(ToolStyle::named("hermes").unwrap(), Vec::new(), CallIds::new(1));
    let mut found = Vec::new();
    parser.push(
        "<tool_call>{\"name\": \"now\", \"arguments\": {\"city\": \"Be",
        &mut found,
    );
    assert_eq!(shown(&found), "<now>{\"city\": \"Be");
    assert_eq!(parser.calls(), 1);
}

#[test]
fn a_call_that_is_cut_off_stays_a_call() {
    check(
        "hermes",
        "<tool_call>{\"name\": \"now\", \"arguments\": {\"a\": 1",
        "<now>{\"a\": 1",
    );
    // Before it has a name it is none.
    check(
        "hermes",
        "<tool_call>{\"name\": \"no",
        "<tool_call>{\"name\": \"no",
    );
}

/// Pieces of answers that meet the markers in all ways.
fn answer() -> impl Strategy<Value = Vec<String>> {
    let parts = prop_oneof![
        Just("<tool_call>".to_owned()),
        Just("</tool_call>".to_owned()),
        Just("[TOOL_CALLS]".to_owned()),
        Just("<|python_tag|>".to_owned()),
        Just("```json\n".to_owned()),
        Just("{\"name\": \"now\", \"arguments\": {\"x\": [1, \"}\"]}}".to_owned()),
        Just("[{\"name\": \"now\", \"parameters\": {}}]".to_owned()),
        "[<{\\[\\]}\" \nanlm_:,é]{0,6}",
    ];
    proptest::collection::vec(parts, 0..8)
}

proptest! {
    /// The way in which an answer is cut into tokens changes nothing.
    #[test]
    fn any_split_is_read_as_the_whole(parts in answer(), cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..10)) {
        let whole = parts.concat();
        let mut borders: Vec<usize> = cuts.iter().map(|cut| cut.index(whole.len() + 1)).collect();
        borders.retain(|&at| whole.is_char_boundary(at));
        borders.sort_unstable();
        borders.push(whole.len());
        for style in ["hermes", "mistral", "llama3", "phi", "json"] {
            let mut from = 0;
            let pieces: Vec<&str> = borders.iter().map(|&to| { let piece = &whole[from..to]; from = to; piece }).collect();
            prop_assert_eq!(read(style, &pieces), read(style, &[&whole]), "{}", style);
        }
    }

    /// Without a call nothing is lost or added.
    #[test]
    fn text_without_calls_stays_as_it_is(text in "[a-z <>_{}\\[\\]\"\n]{0,60}") {
        for style in ["hermes", "mistral", "llama3", "phi", "json"] {
            prop_assert_eq!(read(style, &[&text]), text.clone());
        }
    }
}
