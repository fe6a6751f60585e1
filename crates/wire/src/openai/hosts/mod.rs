//! The other side of the dialect: requests to hosts that speak it, and what they answer.
//!
//! Reads leniently, as hosts differ in what they leave out; writes by [`Quirks`], so that a compatible
//! vendor is a row and not a file.

mod calls;
mod chunk;
pub(crate) mod counts;
mod embeddings;
pub mod quirks;
mod reader;
mod rehearsal;
mod reported;
mod request;
mod turns;
mod watch;

use busbar_core::{ChatRequest, Format, Prompt, Result, Sampling, Transcript};
use bytes::Bytes;
use serde_json::{Map, Value};

pub(crate) use chunk::Logprob;
pub use embeddings::{read_embeddings, write_embeddings, write_own_embeddings};
pub use quirks::Quirks;
pub use reader::ChatReader;
pub(crate) use reader::finish_reason;
pub use rehearsal::Rehearsal;
pub(crate) use reported::Reported;
pub(crate) use request::{decimal, keeps_to_strictness, word};
pub use watch::{ChatWatch, asks_for_usage, is_only_usage, with_usage};

use super::chat;
use crate::{
    answer::json,
    upstream::{AnswerReader, ChatFormat, Said},
};

/// Chat completions of a host with these quirks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenAiChat {
    quirks: Quirks,
}

/// The vendor itself.
pub static OPENAI: OpenAiChat = OpenAiChat::new(Quirks::OPENAI);
/// Most compatible hosts.
pub static COMPATIBLE: OpenAiChat = OpenAiChat::new(Quirks::COMPATIBLE);
/// Engines that people run themselves.
pub static ENGINE: OpenAiChat = OpenAiChat::new(Quirks::ENGINE);
/// Ourselves.
pub static BUSBAR: OpenAiChat = OpenAiChat::new(Quirks::BUSBAR);

impl OpenAiChat {
    /// The format as a host with these quirks has it.
    pub const fn new(quirks: Quirks) -> Self {
        Self { quirks }
    }

    /// The body of a request whose answer comes in pieces, or whole, whatever the request says.
    ///
    /// # Errors
    /// As [`ChatFormat::write`].
    pub fn body(&self, request: &ChatRequest, model: &str, stream: bool) -> Result<Bytes> {
        request::body(request, model, self.quirks, stream).map(|body| json(&body))
    }

    /// The fields for these ways to choose tokens.
    ///
    /// # Errors
    /// `Unsupported`, naming the field that such a host does not know.
    pub(crate) fn sampling(&self, sampling: &Sampling, body: &mut Map<String, Value>) -> Result<()> {
        request::sampling(sampling, self.quirks, body)
    }
}

/// Where a prompt of this kind is sent, under the host's base address.
pub fn endpoint(prompt: &Prompt) -> &'static str {
    match prompt {
        Prompt::Messages(_) => "chat/completions",
        Prompt::Text(_) => "completions",
    }
}

impl ChatFormat for OpenAiChat {
    fn name(&self) -> Format {
        chat::FORMAT
    }

    fn write(&self, request: &ChatRequest, model: &str) -> Result<Bytes> {
        self.body(request, model, !request.whole)
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::<ChatReader>::default()
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        reader::whole(body)
    }

    fn said(&self, body: &[u8]) -> Said {
        reported::said(body)
    }
}
