//! Answers: those of hosts elsewhere, and ours.

use busbar_core::{Done, ErrorKind, Event, FinishReason, Thought, ThoughtDelta, Tokens, Transcript, Usage};
use busbar_wire::{
    AnswerWriter as _,
    anthropic::{BEDROCK_MESSAGES_FORMAT, MESSAGES_FORMAT, MessagesWatch, MessagesWriter, Variant},
    sse::Parser,
    upstream::{ChatFormat as _, Incoming},
    watch::Watch as _,
};
use serde_json::{Value, json};

use crate::support::events::{head, metrics, without_usage, written};

type Read = (Vec<Event>, Option<ErrorKind>);

fn read(frames: &[(String, String)]) -> (Read, MessagesWatch) {
    let mut reader = MESSAGES_FORMAT.reader();
    let mut watch = MessagesWatch::default();
    let mut events = Vec::new();
    for (event, data) in frames {
        let frame = Incoming {
            event,
            failure: false,
            data: data.as_bytes(),
        };
        watch.see(&frame);
        if let Err(error) = reader.read(&frame, &mut events) {
            return ((without_usage(events), Some(error.kind())), watch);
        }
    }
    ((without_usage(events), None), watch)
}

fn read_sse(bytes: &[u8]) -> (Read, MessagesWatch) {
    let events = Parser::new(1 << 20).push(bytes).unwrap();
    let frames: Vec<_> = events
        .into_iter()
        .map(|event| (event.event, event.data))
        .collect();
    read(&frames)
}

fn one(data: &str) -> Result<Vec<Event>, ErrorKind> {
    let ((events, failure), _) = read(&[("message".to_owned(), data.to_owned())]);
    failure.map_or(Ok(events), Err)
}

fn call(index: u32, id: &str, name: &str) -> Event {
    Event::ToolCallStart {
        index,
        id: id.into(),
        name: name.into(),
    }
}

fn piece(index: u32, arguments: &str) -> Event {
    Event::ToolCallDelta {
        index,
        arguments: arguments.into(),
    }
}

fn usage(input: u32, cached: u32, output: u32, reasoning: u32) -> Usage {
    Usage {
        input: Tokens(input),
        cached_input: Tokens(cached),
        output: Tokens(output),
        reasoning: Tokens(reasoning),
        ..Usage::default()
    }
}

#[track_caller]
fn check(stream: &[u8], mut expected: Vec<Event>, done: Done) {
    let ((events, failure), watch) = read_sse(stream);
    assert_eq!(failure, None);
    assert_eq!(watch.done().as_ref(), Some(&done));
    expected.push(Event::Done(done));
    assert_eq!(events, expected);
}

#[test]
fn text_is_read_and_what_is_not_known_is_skipped() {
    check(
        include_bytes!("../golden/anthropic/stream_text.sse"),
        vec![Event::text("Hello"), Event::text("!")],
        Done::new(FinishReason::Stop, usage(25, 7, 15, 0)),
    );
}

#[test]
fn calls_are_read_and_those_without_arguments_have_an_object() {
    check(
        include_bytes!("../golden/anthropic/stream_tools.sse"),
        vec![
            Event::text("Okay"),
            call(0, "toolu_01", "get_weather"),
            piece(0, r#"{"location":"#),
            piece(0, r#" "Paris"}"#),
            call(1, "toolu_02", "now"),
            piece(1, "{}"),
        ],
        Done::new(FinishReason::ToolCalls, usage(480, 0, 89, 0)),
    );
}

#[test]
fn thoughts_are_read_with_their_proof_and_counted_apart() {
    let thought = |delta| Event::Thought(delta);
    check(
        include_bytes!("../golden/anthropic/stream_thinking.sse"),
        vec![
            thought(ThoughtDelta::Text("27 * 453 is".into())),
            thought(ThoughtDelta::Text(" 12231".into())),
            thought(ThoughtDelta::Signature("EqQBCgIYAhIM".into())),
            thought(ThoughtDelta::Sealed("EmwKAhgB".into())),
            Event::text("12231"),
        ],
        Done::new(FinishReason::Length, usage(10, 0, 6, 44)),
    );
}

#[test]
fn a_failure_within_a_stream_is_one_though_the_status_was_good() {
    let ((events, failure), watch) = read_sse(include_bytes!("../golden/anthropic/stream_error.sse"));
    assert_eq!(events, [Event::text("Hel")]);
    assert!(
        matches!(failure, Some(ErrorKind::Overloaded { .. })),
        "{failure:?}"
    );
    assert_eq!(watch.done(), None);
    assert_eq!(watch.failure().unwrap().message(), "Overloaded");
    // What is known of the prompt is known though it ended badly.
    assert_eq!(watch.usage().input, Tokens(25));
}

#[test]
fn the_chunks_of_invoke_model_carry_the_same_events() {
    let lines = include_str!("../golden/anthropic/stream_bedrock.jsonl").lines();
    let frames: Vec<_> = lines.map(|line| ("chunk".to_owned(), line.to_owned())).collect();
    let ((events, failure), watch) = read(&frames);
    let done = Done::new(FinishReason::Stop, usage(11, 0, 4, 0));
    assert_eq!(
        (events, failure),
        (vec![Event::text("Hi"), Event::Done(done.clone())], None)
    );
    assert_eq!(watch.done(), Some(done));
}

#[test]
fn whole_answers_are_read() {
    let text = MESSAGES_FORMAT
        .whole(include_bytes!("../golden/anthropic/answer_text.json"))
        .unwrap();
    assert_eq!(
        (text.text.as_str(), text.stop_text.as_deref()),
        ("One, two, thr", Some("ee"))
    );
    assert_eq!(
        (text.finish, text.usage.cache_write, text.usage.cached_input),
        (FinishReason::Stop, Tokens(100), Tokens(300))
    );
    let tools = BEDROCK_MESSAGES_FORMAT
        .whole(include_bytes!("../golden/anthropic/answer_tools.json"))
        .unwrap();
    assert_eq!(tools.finish, FinishReason::ToolCalls);
    assert_eq!(
        tools.tool_calls[0].arguments,
        r#"{"unit": "c", "location":  "Paris", "at": 1.50}"#
    );
    assert!(matches!(
        &tools.thoughts[..],
        [
            Thought::Open {
                signature: Some(_),
                ..
            },
            Thought::Sealed(_)
        ]
    ));
    assert_eq!(
        (tools.usage.output, tools.usage.reasoning),
        (Tokens(35), Tokens(60))
    );
}

#[test]
fn nonsense_is_the_hosts_fault() {
    assert_eq!(one("<html>"), Err(ErrorKind::BadUpstream));
    assert_eq!(one("{}"), Err(ErrorKind::BadUpstream));
    assert_eq!(
        one(r#"{"type":"content_block_delta"}"#),
        Err(ErrorKind::BadUpstream)
    );
    let unbegun = r#"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"x"}}"#;
    assert_eq!(one(unbegun), Err(ErrorKind::BadUpstream));
    assert_eq!(
        one(r#"{"type":"content_block_start","index":"x"}"#),
        Err(ErrorKind::BadUpstream)
    );
    assert_eq!(one(r#"{"type":"ping"}"#), Ok(Vec::new()));
    let whole = |body: &[u8]| MESSAGES_FORMAT.whole(body).unwrap_err().kind();
    assert_eq!(whole(b"[]"), ErrorKind::BadUpstream);
    assert_eq!(whole(b"{}"), ErrorKind::BadUpstream);
    let error = br#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#;
    assert!(matches!(whole(error), ErrorKind::RateLimited { .. }));
    assert_eq!(MessagesWatch::default().whole(error), None);
}

#[test]
fn what_the_framing_calls_a_failure_is_one_whatever_it_says() {
    let mut events = Vec::new();
    let mut kind = |data: &str| {
        let frame = Incoming {
            event: "error",
            failure: true,
            data: data.as_bytes(),
        };
        let mut watch = MessagesWatch::default();
        watch.see(&frame);
        let failure = MESSAGES_FORMAT.reader().read(&frame, &mut events).unwrap_err();
        assert_eq!(watch.failure().unwrap().kind(), failure.kind());
        failure.kind()
    };
    assert_eq!(kind("<html>"), ErrorKind::BadUpstream);
    let slow = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#;
    assert!(matches!(kind(slow), ErrorKind::RateLimited { .. }));
}

#[test]
fn a_call_that_comes_at_once_is_read() {
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"n","input":{"x":1}}}"#;
    assert_eq!(one(start), Ok(vec![call(0, "a", "n"), piece(0, r#"{"x":1}"#)]));
}

fn said() -> Vec<Event> {
    vec![
        Event::Thought(ThoughtDelta::Text("Hm".into())),
        Event::Thought(ThoughtDelta::Signature("sig".into())),
        Event::text(""),
        Event::text("Let me "),
        Event::text("look."),
        call(0, "call_a", "look"),
        piece(0, r#"{"for":"#),
        piece(0, r#""ants"}"#),
        call(1, "call_b", "look"),
        piece(1, "{}"),
    ]
}

fn done() -> Done {
    let usage = Usage {
        cache_write: Tokens(3),
        ..usage(10, 32, 5, 2)
    };
    Done::new(FinishReason::ToolCalls, usage)
}

#[track_caller]
fn written_as(variant: Variant, golden: &str) {
    let chunks = written(&mut MessagesWriter::new(head(), variant), &said(), &done());
    let lines: Vec<Value> = chunks
        .iter()
        .map(|chunk| json!([chunk.event, serde_json::from_slice::<Value>(&chunk.data).unwrap()]))
        .collect();
    let expected: Vec<Value> = golden
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (line, expected) in lines.iter().zip(&expected) {
        assert_eq!(line, expected);
    }
    assert_eq!(lines.len(), expected.len());
}

#[test]
fn a_stream_is_written_block_by_block() {
    written_as(
        Variant::Direct,
        include_str!("../golden/anthropic/written_stream.jsonl"),
    );
    written_as(
        Variant::Bedrock,
        include_str!("../golden/anthropic/written_stream_bedrock.jsonl"),
    );
}

#[test]
fn a_whole_answer_is_written() {
    let mut transcript = Transcript::empty();
    for event in said() {
        transcript.push(event);
    }
    transcript.end(done());
    let body = MessagesWriter::new(head(), Variant::Direct).whole(&transcript, &metrics(done().usage));
    let body: Value = serde_json::from_slice(&body).unwrap();
    let expected: Value =
        serde_json::from_slice(include_bytes!("../golden/anthropic/written_answer.json")).unwrap();
    assert_eq!(body, expected, "{body:#}");
}

#[test]
fn the_reason_of_the_end_has_its_word() {
    let check = |finish, stop_text: Option<&str>, reason: &str, sequence: Value| {
        let done = Done {
            stop_text: stop_text.map(str::to_owned),
            ..Done::new(finish, Usage::default())
        };
        let chunks = written(&mut MessagesWriter::new(head(), Variant::Direct), &[], &done);
        let end: Value = serde_json::from_slice(&chunks[2].data).unwrap();
        assert_eq!(
            end["delta"],
            json!({"stop_reason": reason, "stop_sequence": sequence})
        );
    };
    check(FinishReason::Stop, None, "end_turn", Value::Null);
    check(FinishReason::Stop, Some("END"), "stop_sequence", json!("END"));
    check(FinishReason::Length, None, "max_tokens", Value::Null);
    check(FinishReason::Filtered, None, "refusal", Value::Null);
    check(FinishReason::ToolCalls, Some("x"), "tool_use", Value::Null);
}
