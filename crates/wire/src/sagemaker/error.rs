//! Failures by the service's names for them, in both directions.

use std::time::Duration;

use busbar_core::{Error, ErrorKind};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use crate::bedrock::error::CLASS_HEADER;
use crate::{
    Chunk,
    answer::json,
    bedrock,
    upstream::{Incoming, Said},
};

/// A failure's body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ErrorBody {
    /// For people.
    #[serde(alias = "message")]
    pub message: Option<String>,
    /// Its class, where no header has room for it.
    #[serde(rename = "__type", alias = "code", skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The status with which the container answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_status_code: Option<u16>,
    /// What the container said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_message: Option<String>,
    /// For programs; within streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

/// What a failure's header says.
pub fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid | ErrorKind::TooLarge | ErrorKind::Unsupported | ErrorKind::NotFound => {
            "ValidationError"
        }
        ErrorKind::Denied => "AccessDeniedException",
        ErrorKind::RateLimited { .. } => "ThrottlingException",
        ErrorKind::Overloaded { .. } | ErrorKind::Unavailable => "ServiceUnavailable",
        ErrorKind::DeadlineExceeded | ErrorKind::Cancelled | ErrorKind::BadUpstream => "ModelError",
        ErrorKind::Internal => "InternalFailure",
    }
}

/// What a failure's body says. `original` is the status that a container would have answered with;
/// clients look at it where the class is `ModelError`.
pub fn error_body(error: &Error, original: Option<u16>) -> Bytes {
    let is_models = class(error.kind()) == "ModelError";
    json(&ErrorBody {
        message: Some(error.message().to_owned()),
        original_status_code: original.filter(|_| is_models),
        original_message: is_models.then(|| error.message().to_owned()),
        ..ErrorBody::default()
    })
}

/// The last chunk of a stream that failed.
pub fn failed(error: &Error) -> Chunk {
    let message = Some(error.message().to_owned());
    if error.kind() == ErrorKind::Internal {
        let body = ErrorBody {
            message,
            ..ErrorBody::default()
        };
        return Chunk::named("InternalStreamFailure", json(&body)).failed();
    }
    let body = ErrorBody {
        message,
        error_code: Some(class(error.kind()).to_owned()),
        ..ErrorBody::default()
    };
    Chunk::named("ModelStreamError", json(&body)).failed()
}

/// What kind of failure a class is. What a container answered is `ModelError`; its own status is
/// [`original_status`].
pub fn kind(class: &str) -> Option<ErrorKind> {
    let name = class.rsplit('#').next().unwrap_or(class);
    let name = name.split(':').next().unwrap_or(name).trim();
    Some(match name {
        "ValidationError" => ErrorKind::Invalid,
        "ServiceUnavailable" => ErrorKind::Unavailable,
        "ModelError" | "ModelStreamError" | "InternalStreamFailure" | "InternalDependencyException" => {
            ErrorKind::BadUpstream
        }
        // The container's own words for a deadline (within streams).
        "ModelInvocationTimeExceeded" => ErrorKind::DeadlineExceeded,
        "StreamBroken" => ErrorKind::BadUpstream,
        _ => return bedrock::error::kind(class),
    })
}

/// The status with which a container answered, where the service says it.
pub fn original_status(body: &[u8]) -> Option<u16> {
    read(body).original_status_code
}

/// What a refusal says of itself.
pub fn said(body: &[u8]) -> Said {
    let read = read(body);
    Said {
        message: read
            .original_message
            .or(read.message)
            .filter(|message| !message.is_empty()),
        class: read.class,
        ..Said::default()
    }
}

fn read(body: &[u8]) -> ErrorBody {
    serde_json::from_slice(body).unwrap_or_default()
}

/// The failure that an event of a stream tells of.
pub(super) fn of_stream(frame: &Incoming<'_>) -> Error {
    let body = read(frame.data);
    let by_code = body.error_code.as_deref().and_then(kind);
    let kind = by_code
        .or_else(|| kind(frame.event))
        .unwrap_or(ErrorKind::BadUpstream);
    let kind = match kind {
        ErrorKind::RateLimited { .. } => ErrorKind::RateLimited {
            retry_after: Duration::from_secs(1),
        },
        kind => kind,
    };
    let name = || format!("the stream ended in `{}`", frame.event.escape_default());
    Error::new(kind, body.message.unwrap_or_else(name))
}
