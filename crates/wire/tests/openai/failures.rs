//! Failures, which come as often inside of a stream as instead of one.

use std::time::Duration;

use busbar_core::{ErrorKind, FinishReason};
use busbar_wire::{
    openai::hosts::OPENAI,
    upstream::{ChatFormat as _, Incoming},
};

use crate::read;

#[track_caller]
fn fails(chunk: &str, kind: ErrorKind, says: &str) {
    let (events, result) = read(&[r#"{"choices":[{"delta":{"content":"Once"}}]}"#, chunk]);
    assert_eq!(events.len(), 1);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.message()), (kind, says));
    let whole = OPENAI.whole(chunk.as_bytes()).unwrap_err();
    assert_eq!(whole.kind(), kind, "a whole answer fails in the same way");
}

#[test]
fn a_failure_inside_an_answer_is_that_failure() {
    let second = Duration::from_secs(1);
    fails(
        r#"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#,
        ErrorKind::BadUpstream,
        "The server had an error",
    );
    fails(
        r#"{"error":{"message":"Slow down. Please try again in 2s.","type":"requests","code":"rate_limit_exceeded"}}"#,
        ErrorKind::RateLimited {
            retry_after: 2 * second,
        },
        "Slow down. Please try again in 2s.",
    );
    fails(
        r#"{"id":"gen-1","choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"code":429,"message":"Rate limited"}}"#,
        ErrorKind::RateLimited { retry_after: second },
        "Rate limited",
    );
    fails(
        r#"{"error":{"code":503,"message":"busy","type":"unavailable_error"}}"#,
        ErrorKind::BadUpstream,
        "busy",
    );
    fails(
        r#"{"error":{"code":"server_overloaded","message":"busy"}}"#,
        ErrorKind::Overloaded { retry_after: second },
        "busy",
    );
    fails(
        r#"{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}"#,
        ErrorKind::Invalid,
        "too long",
    );
    fails(
        r#"{"error":"out of memory"}"#,
        ErrorKind::BadUpstream,
        "out of memory",
    );
    fails(
        r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#,
        ErrorKind::BadUpstream,
        "the model's host broke the answer off",
    );
}

#[test]
fn a_prompt_that_is_too_long_has_its_code() {
    let said = r#"{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#;
    let (_, result) = read(&[said]);
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.param()),
        (
            ErrorKind::Invalid,
            Some("context_length_exceeded"),
            Some("messages")
        )
    );
}

#[test]
fn what_is_no_chunk_is_the_hosts_failure() {
    for chunk in [
        "<html>",
        "",
        "[]",
        "{\"choices\":7}",
        "null",
        "{\"choices\":[{\"delta\":[]}",
    ] {
        let (_, result) = read(&[chunk]);
        assert_eq!(result.unwrap_err().kind(), ErrorKind::BadUpstream, "{chunk}");
    }
    for body in ["{}", "{\"choices\":[]}", "<html>"] {
        let error = OPENAI.whole(body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadUpstream, "{body}");
    }
}

#[test]
fn an_event_that_is_called_a_failure_is_one() {
    let mut reader = OPENAI.reader();
    let mut out = Vec::new();
    let mut see = |event, data: &str| {
        let frame = Incoming {
            event,
            failure: false,
            data: data.as_bytes(),
        };
        reader.read(&frame, &mut out)
    };
    assert!(see("ping", "alive").is_ok(), "an unknown event is skipped");
    let error = see("error", r#"{"message":"gone","type":"overloaded"}"#).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Overloaded { .. }));
    assert_eq!(see("error", "?").unwrap_err().kind(), ErrorKind::BadUpstream);
}

#[test]
fn nothing_comes_after_the_end() {
    let stop = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    let (events, result) = read(&[stop, "[DONE]", stop, "[DONE]", "<html>"]);
    result.unwrap();
    assert_eq!(events.len(), 1);
    let (events, _) = read(&[stop]);
    assert_eq!(events, [], "without its mark a stream has not ended");
    let body = br#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#;
    let whole = OPENAI.whole(body).unwrap();
    assert_eq!((&*whole.text, whole.finish), ("hi", FinishReason::Stop));
}
