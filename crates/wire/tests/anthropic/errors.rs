//! Failures, as the format's clients know them.

use std::time::Duration;

use busbar_core::{Error, ErrorKind};
use busbar_wire::{
    AnswerWriter as _, Framing,
    anthropic::{MESSAGES_FORMAT, MessagesWriter, Variant, class, kind},
    upstream::ChatFormat as _,
};
use serde_json::{Value, json};

use crate::support::events::head;

#[test]
fn every_kind_has_the_class_of_an_exception() {
    let wait = Duration::from_secs(3);
    let classes = [
        (ErrorKind::Invalid, "invalid_request_error"),
        (ErrorKind::Unsupported, "invalid_request_error"),
        (ErrorKind::Denied, "authentication_error"),
        (ErrorKind::NotFound, "not_found_error"),
        (ErrorKind::TooLarge, "request_too_large"),
        (ErrorKind::RateLimited { retry_after: wait }, "rate_limit_error"),
        (ErrorKind::Overloaded { retry_after: wait }, "overloaded_error"),
        (ErrorKind::Unavailable, "overloaded_error"),
        (ErrorKind::DeadlineExceeded, "timeout_error"),
        (ErrorKind::Cancelled, "api_error"),
        (ErrorKind::BadUpstream, "api_error"),
        (ErrorKind::Internal, "api_error"),
    ];
    for (of, expected) in classes {
        assert_eq!(class(of), expected, "{of:?}");
    }
}

#[test]
fn a_hosts_trouble_with_us_is_not_the_clients() {
    for ours in [
        "authentication_error",
        "permission_error",
        "billing_error",
        "timeout_error",
        "api_error",
        "new_error",
    ] {
        assert_eq!(kind(ours), ErrorKind::BadUpstream, "{ours}");
    }
}

#[test]
fn a_stream_that_fails_ends_with_an_error_event() {
    let error = Error::new(
        ErrorKind::Overloaded {
            retry_after: Duration::from_secs(1),
        },
        "no room",
    );
    let chunk = MessagesWriter::new(head(), Variant::Direct).fail(&error);
    assert!(chunk.failure);
    let framed = Framing::Sse { end: None }.encode(None, &chunk);
    assert!(framed.starts_with(b"event: error\ndata: {"), "{framed:?}");
    let body: Value = serde_json::from_slice(&chunk.data).unwrap();
    assert_eq!(
        body,
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "no room"}})
    );
}

#[test]
fn what_we_say_of_a_failure_is_read_as_it_was_said() {
    let error = Error::invalid("messages", "`messages` is missing");
    let chunk = MessagesWriter::new(head(), Variant::Direct).fail(&error);
    let said = MESSAGES_FORMAT.said(&chunk.data);
    assert_eq!(said.message.as_deref(), Some("`messages` is missing"));
    assert_eq!(said.class.as_deref(), Some("invalid_request_error"));
}
