//! Answers that are passed on, watched in passing.

use busbar_core::{ErrorKind, FinishReason, Tokens, Usage};
use busbar_wire::{
    openai::hosts::{ChatWatch, asks_for_usage, is_only_usage, with_usage},
    upstream::Incoming,
    watch::Watch as _,
};

fn watch(chunks: &[&str]) -> ChatWatch {
    let mut watch = ChatWatch::default();
    for chunk in chunks {
        watch.see(&Incoming {
            event: "",
            failure: false,
            data: chunk.as_bytes(),
        });
    }
    watch
}

const PIECE: &str =
    r#"{"choices":[{"delta":{"content":"\"finish_reason\":\"length\""},"finish_reason":null}],"usage":null}"#;
const STOP: &str = r#"{"choices":[{"delta":{},"finish_reason": "length"}],"usage":null}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#;

#[test]
fn an_answer_is_whole_once_its_mark_has_gone_by() {
    let seen = watch(&[PIECE, STOP, USAGE]);
    assert_eq!(seen.done(), None);
    assert_eq!(seen.usage().input, Tokens(9));
    let done = watch(&[PIECE, STOP, USAGE, "[DONE]"]).done().unwrap();
    assert_eq!(
        (done.finish, done.usage.output),
        (FinishReason::Length, Tokens(4))
    );
    // Who tells nothing is counted by pieces, once the answer is whole.
    assert_eq!(watch(&[PIECE, PIECE]).usage(), Usage::default());
    let done = watch(&[PIECE, PIECE, "[DONE]"]).done().unwrap();
    assert_eq!(done.usage.output, Tokens(2));
}

#[test]
fn a_failure_in_passing_is_told() {
    let failed = watch(&[
        PIECE,
        r#"{"error":{"message":"slow","type":"rate_limit_error"}}"#,
        "[DONE]",
    ]);
    assert_eq!(failed.done(), None);
    assert!(matches!(
        failed.failure().unwrap().kind(),
        ErrorKind::RateLimited { .. }
    ));
    assert!(watch(&["<html>", "{"]).failure().is_none());
}

#[test]
fn only_a_chunk_of_usage_alone_may_be_kept_back() {
    assert!(is_only_usage(USAGE.as_bytes()));
    for other in [
        PIECE,
        STOP,
        "[DONE]",
        r#"{"choices":[]}"#,
        r#"{"choices":[],"usage":null}"#,
    ] {
        assert!(!is_only_usage(other.as_bytes()), "{other}");
    }
}

#[test]
fn usage_is_asked_for_without_touching_the_rest() {
    let check = |body: &str, expected: Option<&str>| {
        let asked = with_usage(body.as_bytes());
        assert_eq!(asked.as_deref(), expected.map(str::as_bytes), "{body}");
        if let Some(asked) = asked {
            assert!(asks_for_usage(&asked) && !asks_for_usage(body.as_bytes()));
        }
    };
    check(
        r#" { "model":"m", "x":1.50}"#,
        Some(r#" {"stream_options":{"include_usage":true}, "model":"m", "x":1.50}"#),
    );
    check("{}", Some(r#"{"stream_options":{"include_usage":true}}"#));
    check(r#"{"stream_options":{"include_usage":true}}"#, None);
    check(r#"{"stream_options":null}"#, None);
    check("[]", None);
    assert!(asks_for_usage(br#"{"stream_options":{"include_usage":true}}"#));
    assert!(!asks_for_usage(br#"{"stream_options":{"include_usage":false}}"#));
}

#[test]
fn a_whole_answer_is_looked_at_once() {
    let body = br#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
    let done = ChatWatch::default().whole(body).unwrap();
    assert_eq!((done.finish, done.usage.input), (FinishReason::Stop, Tokens(3)));
    assert_eq!(ChatWatch::default().whole(br#"{"error":{"message":"x"}}"#), None);
    assert_eq!(ChatWatch::default().whole(b"<html>"), None);
}
