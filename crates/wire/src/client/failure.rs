//! What a server's refusal says, in either of the shapes that servers write.

use std::time::Duration;

use busbar_core::{Error, ErrorKind};
use serde::Deserialize;
use serde_json::Value;

/// Where the server does not say, a client comes back after this.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The codes on which a client acts.
const CODES: &[&str] = &["context_length_exceeded"];

/// The error that a status and a body mean.
pub fn failure(status: u16, body: &[u8]) -> Error {
    let (said, code) = match serde_json::from_slice(body) {
        Ok(Body {
            error: Some(error), ..
        }) => error.into_said_and_code(),
        Ok(Body {
            detail, title, code, ..
        }) => (detail.or(title), code),
        Err(_) => (None, None),
    };
    let message = said.unwrap_or_else(|| format!("the server answered with status {status} and no reason"));
    let error = Error::new(kind(status), message);
    match CODES.iter().find(|known| code.as_deref() == Some(known)) {
        Some(known) => error.with_code(known),
        None => error,
    }
}

fn kind(status: u16) -> ErrorKind {
    match status {
        404 => ErrorKind::NotFound,
        413 => ErrorKind::TooLarge,
        408 | 504 => ErrorKind::DeadlineExceeded,
        429 => ErrorKind::Overloaded {
            retry_after: RETRY_AFTER,
        },
        503 => ErrorKind::Unavailable,
        400..=499 => ErrorKind::Invalid,
        _ => ErrorKind::Internal,
    }
}

/// The dialect's error, or our own problem.
#[derive(Deserialize)]
struct Body {
    error: Option<Reported>,
    detail: Option<String>,
    title: Option<String>,
    code: Option<String>,
}

/// An error within an answer: an object, or with some servers a bare text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reported {
    Object {
        message: String,
        #[serde(default)]
        code: Option<Value>,
    },
    Text(String),
}

impl Reported {
    fn into_said_and_code(self) -> (Option<String>, Option<String>) {
        match self {
            // With some servers the code is a number, which means nothing to us.
            Self::Object { message, code } => (
                Some(message),
                code.and_then(|code| Some(code.as_str()?.to_owned())),
            ),
            Self::Text(message) => (Some(message), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_on_which_clients_act_is_kept() {
        let full = failure(
            400,
            br#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#,
        );
        assert_eq!(full.code(), Some("context_length_exceeded"));
        let number = failure(400, br#"{"error":{"message":"too long","code":400}}"#);
        assert_eq!((number.message(), number.code()), ("too long", None));
    }

    #[test]
    fn both_shapes_are_read_and_neither_is_needed() {
        let error = failure(
            404,
            br#"{"error":{"message":"no model `x`","type":"t","param":null,"code":null}}"#,
        );
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::NotFound, "no model `x`")
        );
        let problem = failure(
            503,
            br#"{"type":"about:blank","title":"Unavailable","status":503,"detail":"loading"}"#,
        );
        assert_eq!(
            (problem.kind(), problem.message()),
            (ErrorKind::Unavailable, "loading")
        );
        let text = failure(500, br#"{"error":"out of memory"}"#);
        assert_eq!(
            (text.kind(), text.message()),
            (ErrorKind::Internal, "out of memory")
        );
        let page = failure(502, b"<html>");
        assert_eq!(
            page.message(),
            "the server answered with status 502 and no reason"
        );
    }
}
