//! Anthropic's Messages, and the same bodies as Amazon Bedrock's InvokeModel takes them for Claude.
//!
//! `ask` reads what clients send, `writer` and `error` answer them; `send` asks hosts elsewhere, `reader`
//! understands them. The shapes are those of <https://platform.claude.com/docs/en/api/messages>.

mod answer;
mod arguments;
mod ask;
mod cache;
mod count;
mod error;
mod generation;
pub mod models;
mod reader;
mod send;
mod tally;
mod thinking;
mod watch;
mod writer;

use busbar_core::{ChatRequest, Error, ErrorKind, Format};
use serde_json::Value;

pub use ask::MessagesBody;
pub use count::{TokenCount, read_count, write_count};
pub use error::{class, error_body, kind};
pub use send::{BEDROCK_MESSAGES_FORMAT, MESSAGES_FORMAT, MessagesFormat};
pub(crate) use thinking::thinking_and_effort;
pub use watch::MessagesWatch;
pub use writer::MessagesWriter;

/// The format's name, for passing requests through and for the fields that only it knows.
pub const FORMAT: Format = Format("anthropic");

/// The name of its bodies within InvokeModel, for passing requests through. The fields that only the
/// format knows go by [`FORMAT`] in either.
pub const BEDROCK_FORMAT: Format = Format("anthropic-bedrock");

/// What the header `anthropic-version` says where the host is Anthropic.
pub const VERSION: &str = "2023-06-01";

/// What `anthropic_version` says in a body for InvokeModel.
pub const BEDROCK_VERSION: &str = "bedrock-2023-05-31";

/// Fields that change nothing in what is said: how the request is billed, traced and queued, and which
/// new fields it may have (those are judged by themselves). Hosts that know the format get them; nobody
/// else misses them.
pub const HINTS: &[&str] = &[
    BETAS,
    "diagnostics",
    "metadata",
    "service_tier",
    "speed",
    "user_profile_id",
    "workspace_id",
];

/// The header that clients of this format send with everything: which of its versions they speak.
pub const VERSION_HEADER: &str = "anthropic-version";

/// The header by which clients ask for new features where the host is Anthropic.
pub const BETAS_HEADER: &str = "anthropic-beta";

/// The same as a field within InvokeModel.
const BETAS: &str = "anthropic_beta";

/// Where the bodies go. They differ in how the model, the version and the streaming are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// `POST /v1/messages`.
    Direct,
    /// InvokeModel: the model and whether to stream are said by the path.
    Bedrock,
}

/// The new features that a request asks for by name. Anthropic itself wants them in the header
/// `anthropic-beta`, where whoever sends the request puts them.
pub fn betas(request: &ChatRequest) -> Vec<&str> {
    let hints = request.hints.of(FORMAT).ok();
    let betas = hints.and_then(|hints| hints.get(BETAS)).and_then(Value::as_array);
    betas.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What cannot be done here, said of the field that asks for it.
fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
        .with_param(param)
        .with_code("unsupported_parameter")
}

/// A field that is not there.
fn missing(param: impl Into<String>) -> Error {
    let param = param.into();
    let message = format!("`{param}` is missing");
    Error::invalid(param, message)
}
