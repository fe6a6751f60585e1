//! Chat completions as newer containers (and our own) take and stream them.
//!
//! Source: the Deep Java Library's "Chat Completions API schema" for large model inference containers,
//! and OpenAI's API reference, which it follows.

use busbar_core::{ChatRequest, Format, Result, Transcript};
use bytes::Bytes;

use super::{PartsReader, error};
use crate::{
    openai::hosts::COMPATIBLE,
    upstream::{AnswerReader, ChatFormat, Said},
};

/// The format's name.
pub const FORMAT: Format = Format("sagemaker-chat");

/// The format, for endpoints.
#[derive(Clone, Copy, Debug, Default)]
pub struct SageMakerChat;

/// The format, for endpoints.
pub static CHAT_FORMAT: SageMakerChat = SageMakerChat;

impl ChatFormat for SageMakerChat {
    fn name(&self) -> Format {
        FORMAT
    }

    fn write(&self, request: &ChatRequest, model: &str) -> Result<Bytes> {
        COMPATIBLE.write(request, model)
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::new(PartsReader::new(COMPATIBLE.reader()))
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        COMPATIBLE.whole(body)
    }

    fn said(&self, body: &[u8]) -> Said {
        let said = error::said(body);
        // What the container itself says of what was wrong.
        let own = said
            .message
            .as_deref()
            .map(|message| COMPATIBLE.said(message.as_bytes()));
        match own {
            Some(own) if own.message.is_some() => Said {
                class: said.class,
                ..own
            },
            _ => said,
        }
    }
}
