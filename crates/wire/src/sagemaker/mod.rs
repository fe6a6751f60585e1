//! Amazon SageMaker's runtime: endpoints, what the usual containers take and answer, streams of payload
//! parts, and work that is done later.
//!
//! Source: the service's API model (`runtime.sagemaker`, 2017-05-13). What stands in bodies is between
//! the client and the container, so each module names its own source.

mod asynchronous;
pub mod chat;
mod container;
mod endpoint;
pub mod error;
pub mod image;
pub mod label;
pub mod many;
mod parts;
pub mod text;

pub use asynchronous::{AsyncAsked, AsyncTaken};
pub use chat::{CHAT_FORMAT, SageMakerChat};
pub use container::Container;
pub use endpoint::{EndpointName, Operation};
pub use parts::{PAYLOAD_PART, PartsReader, PartsWriter};
pub use text::{TEXT_FORMAT, TextBody, TextGeneration};

use busbar_core::{ChatRequest, Context, Format, ModelId, Result};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    AnswerWriter, Framing, Head, body,
    openai::{
        STREAM_END,
        chat::{ChatBody, ChatWriter},
        completions::{CompletionBody, CompletionWriter},
    },
    reading::ReadingWatch,
    upstream::ChatFormat,
    watch::Watch,
};

/// How streams are framed: parts are raw bytes.
pub const FRAMING: Framing = Framing::EventStream {
    content_type: "application/octet-stream",
};

/// A body that asks for text, in the format of one of the usual containers.
#[derive(Debug)]
pub enum EndpointBody {
    /// `inputs` and `parameters`.
    Text(TextBody),
    /// `messages`, as newer containers and our own take it.
    Chat(Box<ChatBody>),
    /// `prompt`, as newer containers and our own take it.
    Completion(Box<CompletionBody>),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Marks {
    messages: Option<IgnoredAny>,
    prompt: Option<IgnoredAny>,
}

impl EndpointBody {
    /// Reads a body; its fields tell which container it was written for.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        match body::read(bytes)? {
            Marks {
                messages: Some(_), ..
            } => ChatBody::read(bytes).map(|body| Self::Chat(body.into())),
            Marks { prompt: Some(_), .. } => {
                CompletionBody::read(bytes).map(|body| Self::Completion(body.into()))
            }
            Marks { .. } => TextBody::read(bytes).map(Self::Text),
        }
    }

    /// The format, for passing it on.
    pub fn format(&self) -> Option<Format> {
        match self {
            Self::Text(_) => Some(text::FORMAT),
            Self::Chat(_) => Some(chat::FORMAT),
            Self::Completion(_) => None,
        }
    }

    /// The request that this body means. The endpoint is the model, whatever the body says.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, context: Context, model: ModelId, whole: bool) -> Result<ChatRequest> {
        let mut request = match self {
            Self::Text(body) => body.into_request(context)?,
            Self::Chat(body) => body.into_request(context)?,
            Self::Completion(body) => body.into_request(context)?,
        };
        request.model = model;
        request.whole = whole;
        Ok(request)
    }

    /// A writer of the answer, in the format of the container that the body was written for.
    pub fn writer(&self, head: Head) -> PartsWriter {
        let (own, end): (Box<dyn AnswerWriter>, _) = match self {
            Self::Text(body) => (Box::new(text::TextWriter::new(body)), None),
            Self::Chat(_) => (Box::new(ChatWriter::new(head)), Some(STREAM_END)),
            Self::Completion(_) => (Box::new(CompletionWriter::new(head)), Some(STREAM_END)),
        };
        PartsWriter::new(own, Framing::Sse { end })
    }
}

/// A watch for an answer that is passed on, in one of the formats here.
pub fn watch(name: Format) -> Option<Box<dyn Watch>> {
    let format: &'static dyn ChatFormat = match name {
        text::FORMAT => &TEXT_FORMAT,
        chat::FORMAT => &CHAT_FORMAT,
        _ => return None,
    };
    Some(Box::new(ReadingWatch::new(format)))
}
