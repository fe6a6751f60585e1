//! The format's errors: the body, and the classes that its clients make exceptions of.

use std::time::Duration;

use busbar_core::{Error, ErrorKind};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{answer::json, upstream::Said};

/// Where a host does not say how long to wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Object<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Object<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

#[derive(Debug, Serialize)]
struct Details<'a> {
    error_code: &'a str,
}

/// The body of an error.
pub fn error_body(error: &Error, request_id: Option<&str>) -> Bytes {
    json(&Body {
        kind: "error",
        error: Object {
            kind: class(error.kind()),
            message: error.message(),
            details: error.code().map(|error_code| Details { error_code }),
        },
        request_id,
    })
}

/// The class of a kind.
pub fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid | ErrorKind::Unsupported => "invalid_request_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::Denied => "authentication_error",
        ErrorKind::RateLimited { .. } => "rate_limit_error",
        ErrorKind::Overloaded { .. } | ErrorKind::Unavailable => "overloaded_error",
        ErrorKind::DeadlineExceeded => "timeout_error",
        ErrorKind::Cancelled | ErrorKind::BadUpstream | ErrorKind::Internal => "api_error",
    }
}

/// The kind of a class, as a host's failure is to us.
pub fn kind(class: &str) -> ErrorKind {
    match class {
        "invalid_request_error" => ErrorKind::Invalid,
        "not_found_error" => ErrorKind::NotFound,
        "request_too_large" => ErrorKind::TooLarge,
        "rate_limit_error" => ErrorKind::RateLimited {
            retry_after: RETRY_AFTER,
        },
        "overloaded_error" => ErrorKind::Overloaded {
            retry_after: RETRY_AFTER,
        },
        // `authentication_error`, `permission_error` and `billing_error` are about our account there, not
        // about the client; `timeout_error` is about the host's patience, not the client's.
        _ => ErrorKind::BadUpstream,
    }
}

/// What a host says of a failure: in the format's own shape, or in that of AWS.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Told {
    error: Option<Failure>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// A failure, or what a proxy on the way says in its place.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Failure {
    Reported(Reported),
    Text(String),
}

/// A failure.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Reported {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
}

impl Reported {
    /// The error that it is, within an answer that began well.
    pub(super) fn into_error(self) -> Error {
        let class = self.kind.unwrap_or_default();
        let message = self.message.filter(|message| !message.is_empty());
        let message = message.unwrap_or_else(|| "the model's host failed and did not say why".to_owned());
        Error::new(kind(&class), message)
    }
}

/// What a refusal says.
pub(super) fn said(body: &[u8]) -> Said {
    let told: Told = serde_json::from_slice(body).unwrap_or_default();
    let (class, message) = match told.error {
        Some(Failure::Reported(error)) => (error.kind, error.message),
        Some(Failure::Text(text)) => (None, Some(text)),
        None => (None, None),
    };
    Said {
        message: message.or(told.message),
        class,
        ..Said::default()
    }
}

/// What the framing calls a failure, whatever it says.
pub(super) fn framed(data: &[u8]) -> Error {
    let said = said(data);
    let reported = Reported {
        kind: said.class,
        message: said.message,
    };
    reported.into_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_that_of_the_format() {
        let error = Error::invalid("messages", "`messages` is missing").with_code("malformed_json");
        let body: serde_json::Value = serde_json::from_slice(&error_body(&error, Some("req_1"))).unwrap();
        let expected = serde_json::json!({
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "`messages` is missing",
                "details": {"error_code": "malformed_json"},
            },
            "request_id": "req_1",
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn refusals_are_read_whatever_they_are() {
        let ours = said(br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}"#);
        assert_eq!(
            (ours.class.as_deref(), ours.message.as_deref()),
            (Some("overloaded_error"), Some("Overloaded"))
        );
        assert_eq!(
            said(br#"{"message":"Too many tokens"}"#).message.as_deref(),
            Some("Too many tokens")
        );
        assert_eq!(
            said(br#"{"error":"no upstream"}"#).message.as_deref(),
            Some("no upstream")
        );
        assert_eq!(said(b"<html>"), Said::default());
        assert_eq!(said(b""), Said::default());
    }

    #[test]
    fn a_class_of_ours_is_read_back_where_it_is_about_the_request() {
        let wait = Duration::from_secs(1);
        for kind_of_ours in [
            ErrorKind::Invalid,
            ErrorKind::NotFound,
            ErrorKind::TooLarge,
            ErrorKind::RateLimited { retry_after: wait },
            ErrorKind::Overloaded { retry_after: wait },
            ErrorKind::BadUpstream,
        ] {
            assert_eq!(kind(class(kind_of_ours)), kind_of_ours);
        }
        assert_eq!(kind("authentication_error"), ErrorKind::BadUpstream);
    }
}
