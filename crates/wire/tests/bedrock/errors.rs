//! Failures: the service's names for them, in answers and within streams that had begun well.

use std::time::Duration;

use busbar_core::{Error, ErrorKind};
use busbar_wire::{
    AnswerWriter as _,
    bedrock::{
        converse::{Converse, ConverseWriter},
        error::{StreamOf, class, error_body, exception, kind, said},
    },
    upstream::{ChatFormat as _, Incoming},
};
use serde_json::{Value, json};

use super::support::events::head;

const SECOND: Duration = Duration::from_secs(1);

const KINDS: [ErrorKind; 12] = [
    ErrorKind::Invalid,
    ErrorKind::NotFound,
    ErrorKind::TooLarge,
    ErrorKind::Unsupported,
    ErrorKind::Denied,
    ErrorKind::RateLimited { retry_after: SECOND },
    ErrorKind::Overloaded { retry_after: SECOND },
    ErrorKind::DeadlineExceeded,
    ErrorKind::Cancelled,
    ErrorKind::Unavailable,
    ErrorKind::BadUpstream,
    ErrorKind::Internal,
];

fn in_stream(event: &str, data: &[u8]) -> Error {
    let frame = Incoming {
        event,
        failure: true,
        data,
    };
    Converse.reader().read(&frame, &mut Vec::new()).unwrap_err()
}

#[test]
fn a_failure_within_a_stream_is_that_failure_though_the_status_was_200() {
    let limited = ErrorKind::RateLimited { retry_after: SECOND };
    for (event, kind) in [
        ("throttlingException", limited),
        ("serviceUnavailableException", ErrorKind::Unavailable),
        ("internalServerException", ErrorKind::BadUpstream),
        ("modelStreamErrorException", ErrorKind::BadUpstream),
        ("modelTimeoutException", ErrorKind::DeadlineExceeded),
        ("validationException", ErrorKind::Invalid),
        ("somethingNewException", ErrorKind::BadUpstream),
    ] {
        let error = in_stream(event, br#"{"message":"said so"}"#);
        assert_eq!((error.kind(), error.message()), (kind, "said so"), "{event}");
    }
}

#[test]
fn a_failure_needs_no_body_and_no_json() {
    assert_eq!(in_stream("InternalError", b"broken").message(), "broken");
    assert_eq!(
        in_stream("InternalError", b"").message(),
        "the stream ended in `InternalError`"
    );
    assert_eq!(in_stream("InternalError", b"\xff").kind(), ErrorKind::BadUpstream);
    // The class may be in the body alone.
    let named = in_stream(
        "",
        br#"{"message":"m","__type":"com.amazonaws#ThrottlingException"}"#,
    );
    assert_eq!(named.kind(), ErrorKind::RateLimited { retry_after: SECOND });
}

#[test]
fn a_prompt_that_is_too_long_is_told_apart() {
    let error = in_stream(
        "validationException",
        br#"{"message":"Input is too long for requested model."}"#,
    );
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Invalid, Some("context_length_exceeded"))
    );
}

#[test]
fn classes_are_known_however_they_are_decorated() {
    for text in [
        "ThrottlingException",
        "throttlingException",
        "com.amazon.coral.service#ThrottlingException",
        "ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.service/",
    ] {
        assert_eq!(
            kind(text),
            Some(ErrorKind::RateLimited { retry_after: SECOND }),
            "{text}"
        );
    }
    assert_eq!(kind("serviceUnavailableException"), Some(ErrorKind::Unavailable));
    assert_eq!(kind("ModelNotReadyException"), Some(ErrorKind::Unavailable));
    assert_eq!(kind("ResourceNotFoundException"), Some(ErrorKind::NotFound));
    // Our credentials failed, not the client's.
    for ours in [
        "AccessDeniedException",
        "ExpiredTokenException",
        "UnrecognizedClientException",
    ] {
        assert_eq!(kind(ours), Some(ErrorKind::BadUpstream));
    }
    assert_eq!(kind("Whatever"), None);
    assert_eq!(kind(""), None);
}

#[test]
fn every_kind_has_a_class_that_the_service_knows() {
    let known = [
        "ValidationException",
        "ResourceNotFoundException",
        "AccessDeniedException",
        "ThrottlingException",
        "ServiceUnavailableException",
        "ModelTimeoutException",
        "ModelErrorException",
        "InternalServerException",
    ];
    let converse = [
        "internalServerException",
        "modelStreamErrorException",
        "validationException",
        "throttlingException",
        "serviceUnavailableException",
    ];
    for kind in KINDS {
        assert!(known.contains(&class(kind)), "{kind:?}");
        assert!(
            converse.contains(&exception(kind, StreamOf::Converse)),
            "{kind:?}"
        );
        let invoke = exception(kind, StreamOf::Invoke);
        assert!(
            converse.contains(&invoke) || invoke == "modelTimeoutException",
            "{kind:?}"
        );
    }
}

#[test]
fn what_a_caller_acts_on_survives_the_way_through_another_gateway() {
    for kind in [
        ErrorKind::Invalid,
        ErrorKind::NotFound,
        ErrorKind::RateLimited { retry_after: SECOND },
        ErrorKind::Unavailable,
        ErrorKind::DeadlineExceeded,
        ErrorKind::BadUpstream,
    ] {
        assert_eq!(super::errors::kind(class(kind)), Some(kind));
    }
}

#[test]
fn a_refusal_is_read_whatever_it_is() {
    let error = Error::invalid("messages", "`messages` is empty");
    let body = error_body(&error);
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap(),
        json!({"message": "`messages` is empty"})
    );
    assert_eq!(said(&body).message.as_deref(), Some("`messages` is empty"));
    let upper = said(br#"{"Message":"User is not authorized","__type":"AccessDeniedException"}"#);
    assert_eq!(upper.message.as_deref(), Some("User is not authorized"));
    assert_eq!(upper.class.as_deref(), Some("AccessDeniedException"));
    assert_eq!(said(b"<html>"), said(b""));
}

#[test]
fn a_failed_stream_ends_in_an_exception() {
    let chunk = ConverseWriter::new(&head()).fail(&Error::internal("broken"));
    assert!(chunk.failure);
    assert_eq!(chunk.event, Some("internalServerException"));
    assert_eq!(chunk.data, br#"{"message":"broken"}"#.as_slice());
}
