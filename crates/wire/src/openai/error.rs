//! The dialect's error object.

use busbar_core::{Error, ErrorKind};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::json;

/// An error as the dialect's clients expect it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorObject,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorObject {
    /// For people.
    pub message: String,
    /// A coarse class, such as `invalid_request_error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field of the request that is wrong, where one is.
    pub param: Option<String>,
    /// For programs, where there is one finer than the class.
    pub code: Option<String>,
}

impl From<&Error> for ErrorBody {
    fn from(error: &Error) -> Self {
        Self {
            error: ErrorObject {
                message: error.message().to_owned(),
                kind: class(error.kind()).to_owned(),
                param: error.param().map(str::to_owned),
                code: error.code().or_else(|| code(error.kind())).map(str::to_owned),
            },
        }
    }
}

/// The class that clients of the dialect know for a kind.
pub fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::TooLarge | ErrorKind::Unsupported => {
            "invalid_request_error"
        }
        ErrorKind::Denied => "authentication_error",
        ErrorKind::RateLimited { .. } => "rate_limit_error",
        ErrorKind::DeadlineExceeded => "timeout_error",
        ErrorKind::Overloaded { .. } | ErrorKind::Unavailable => "overloaded_error",
        ErrorKind::Cancelled => "cancelled_error",
        ErrorKind::BadUpstream | ErrorKind::Internal => "server_error",
    }
}

/// An error as a body.
pub fn error_body(error: &Error) -> Bytes {
    json(&ErrorBody::from(error))
}

/// Errors whose kind says all still get a code, so that programs need not look at messages.
fn code(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Unsupported | ErrorKind::Internal => None,
        ErrorKind::Denied => Some("invalid_api_key"),
        ErrorKind::RateLimited { .. } => Some("rate_limit_exceeded"),
        ErrorKind::BadUpstream => Some("bad_upstream"),
        ErrorKind::TooLarge => Some("request_too_large"),
        ErrorKind::Overloaded { .. } => Some("overloaded"),
        ErrorKind::DeadlineExceeded => Some("deadline_exceeded"),
        ErrorKind::Cancelled => Some("cancelled"),
        ErrorKind::Unavailable => Some("unavailable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_and_code_are_null_where_there_are_none() {
        let json = serde_json::to_value(ErrorBody::from(&Error::internal("broken"))).unwrap();
        let expected = serde_json::json!({
            "error": {"message": "broken", "type": "server_error", "param": null, "code": null},
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn the_finer_code_wins() {
        let late = Error::new(ErrorKind::DeadlineExceeded, "too late");
        assert_eq!(
            ErrorBody::from(&late).error.code.as_deref(),
            Some("deadline_exceeded")
        );
        let coded = late.with_code("queue_timeout");
        assert_eq!(
            ErrorBody::from(&coded).error.code.as_deref(),
            Some("queue_timeout")
        );
    }
}
