//! Failures by the service's names for them, in both directions.
//!
//! Source: the service's API model (`bedrock-runtime`, 2023-09-30), and for names that every AWS
//! service uses, the "Common Errors" of its API reference.

use std::time::Duration;

use busbar_core::{Error, ErrorKind};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    Chunk,
    answer::json,
    upstream::{Incoming, Said},
};

/// The header that names the class of a failure.
pub const CLASS_HEADER: &str = "x-amzn-errortype";

/// Where the service does not say, another try is worth it after this.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Which operation's stream a failure stands in: each knows classes that the other does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamOf {
    /// `ConverseStream`.
    Converse,
    /// `InvokeModelWithResponseStream`.
    Invoke,
}

/// A failure's body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// For people.
    #[serde(alias = "Message")]
    pub message: Option<String>,
    /// Its class, where no header has room for it.
    #[serde(
        rename = "__type",
        alias = "code",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub class: Option<String>,
}

/// What a failure's header says.
pub fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid | ErrorKind::TooLarge | ErrorKind::Unsupported => "ValidationException",
        ErrorKind::NotFound => "ResourceNotFoundException",
        ErrorKind::Denied => "AccessDeniedException",
        ErrorKind::RateLimited { .. } => "ThrottlingException",
        ErrorKind::Overloaded { .. } | ErrorKind::Unavailable => "ServiceUnavailableException",
        ErrorKind::DeadlineExceeded => "ModelTimeoutException",
        ErrorKind::Cancelled | ErrorKind::BadUpstream => "ModelErrorException",
        ErrorKind::Internal => "InternalServerException",
    }
}

/// What a failure's body says.
pub fn error_body(error: &Error) -> Bytes {
    json(&ErrorBody {
        message: Some(error.message().to_owned()),
        class: None,
    })
}

/// What a failure is called within a stream.
pub fn exception(kind: ErrorKind, stream: StreamOf) -> &'static str {
    match kind {
        ErrorKind::Invalid
        | ErrorKind::TooLarge
        | ErrorKind::Unsupported
        | ErrorKind::NotFound
        | ErrorKind::Denied => "validationException",
        ErrorKind::RateLimited { .. } => "throttlingException",
        ErrorKind::Overloaded { .. } | ErrorKind::Unavailable => "serviceUnavailableException",
        ErrorKind::DeadlineExceeded if stream == StreamOf::Invoke => "modelTimeoutException",
        ErrorKind::DeadlineExceeded | ErrorKind::Cancelled | ErrorKind::BadUpstream => {
            "modelStreamErrorException"
        }
        ErrorKind::Internal => "internalServerException",
    }
}

/// The last chunk of a stream that failed.
pub fn failed(error: &Error, stream: StreamOf) -> Chunk {
    Chunk::named(exception(error.kind(), stream), error_body(error)).failed()
}

/// What kind of failure a class is: of a header, a body or a stream, however it is decorated
/// (`com.amazon.coral.service#ThrottlingException:http://…`).
pub fn kind(class: &str) -> Option<ErrorKind> {
    let class = class.rsplit('#').next().unwrap_or(class);
    let class = class.split(':').next().unwrap_or(class).trim();
    let retry_after = RETRY_AFTER;
    Some(match class.to_ascii_lowercase().as_str() {
        "validationexception" | "serializationexception" | "malformedqueryexception" => ErrorKind::Invalid,
        "resourcenotfoundexception" => ErrorKind::NotFound,
        "throttlingexception"
        | "throttling"
        | "throttledexception"
        | "toomanyrequestsexception"
        | "requestlimitexceeded"
        | "servicequotaexceededexception" => ErrorKind::RateLimited { retry_after },
        "serviceunavailableexception" | "serviceunavailable" | "modelnotreadyexception" => {
            ErrorKind::Unavailable
        }
        "modeltimeoutexception" => ErrorKind::DeadlineExceeded,
        // Our credentials failed, not the client's.
        "accessdeniedexception"
        | "accessdenied"
        | "unrecognizedclientexception"
        | "invalidsignatureexception"
        | "signaturedoesnotmatch"
        | "incompletesignatureexception"
        | "incompletesignature"
        | "expiredtokenexception"
        | "expiredtoken"
        | "missingauthenticationtokenexception"
        | "missingauthenticationtoken"
        | "invalidclienttokenid"
        | "notauthorized"
        | "optinrequired" => ErrorKind::BadUpstream,
        "internalserverexception"
        | "internalfailure"
        | "internalserviceexception"
        | "internalserviceerror"
        | "modelerrorexception"
        | "modelstreamerrorexception"
        | "conflictexception" => ErrorKind::BadUpstream,
        _ => return None,
    })
}

/// What a refusal says of itself. A body that is not JSON is for people, if it is for anybody.
pub fn said(body: &[u8]) -> Said {
    let read = serde_json::from_slice::<ErrorBody>(body).unwrap_or_default();
    Said {
        message: read.message.filter(|message| !message.is_empty()),
        class: read.class,
        ..Said::default()
    }
}

/// The failure that an event of a stream tells of.
pub(crate) fn of_stream(frame: &Incoming<'_>) -> Error {
    let said = said(frame.data);
    let class = said.class.as_deref().unwrap_or(frame.event);
    let kind = kind(frame.event)
        .or_else(|| kind(class))
        .unwrap_or(ErrorKind::BadUpstream);
    let plain = || std::str::from_utf8(frame.data).ok().filter(|text| is_plain(text));
    let message = said.message.or_else(|| plain().map(str::to_owned));
    let message =
        message.unwrap_or_else(|| format!("the stream ended in `{}`", frame.event.escape_default()));
    let error = Error::new(kind, message);
    match is_too_long(error.message()) && kind == ErrorKind::Invalid {
        true => error.with_code("context_length_exceeded"),
        false => error,
    }
}

/// Whether a refusal says that the prompt has more tokens than the model reads. There is no class for
/// it, only words.
pub fn is_too_long(message: &str) -> bool {
    [
        "Input is too long",
        "prompt is too long",
        "context window",
        "maximum context length",
        "too many input tokens",
    ]
    .iter()
    .any(|words| message.to_ascii_lowercase().contains(&words.to_ascii_lowercase()))
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() < 1024 && !text.starts_with(['{', '<'])
}
