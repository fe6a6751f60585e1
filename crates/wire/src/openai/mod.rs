//! The OpenAI dialect.

mod cache;
pub mod chat;
pub mod completions;
pub mod embeddings;
pub mod error;
pub mod hosts;
pub mod images;
mod lenient;
pub mod logprobs;
mod media;
pub mod models;
pub mod responses;
mod sampling;
mod usage;

pub use cache::CacheControl;
pub use lenient::OneOrMany;
pub(crate) use lenient::seed;
pub(crate) use media::is_on_the_web;
pub use usage::{CompletionTokensDetails, PromptTokensDetails, TokenUsage};

use busbar_core::FinishReason;

/// The last event of a stream, after its last chunk.
pub const STREAM_END: &[u8] = b"[DONE]";

/// What a client may say about its stream.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize, utoipa::ToSchema,
)]
pub struct StreamOptions {
    /// Send the usage as a last chunk.
    pub include_usage: Option<bool>,
}

/// The dialect's name for why an answer ended.
pub fn finish_reason(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::Filtered => "content_filter",
    }
}

/// What this server cannot do, said of the field that asks for it.
fn unsupported(param: &str, message: impl Into<String>) -> busbar_core::Error {
    busbar_core::Error::new(busbar_core::ErrorKind::Unsupported, message)
        .with_param(param)
        .with_code("unsupported_parameter")
}
