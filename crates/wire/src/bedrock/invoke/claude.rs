//! Anthropic's format in this framing.

use busbar_core::{ChatRequest, Format, Result, Transcript};
use bytes::Bytes;

use super::InvokeReader;
use crate::{
    anthropic::{BEDROCK_MESSAGES_FORMAT, MessagesBody},
    bedrock::{converse::Asked, error},
    upstream::{AnswerReader, ChatFormat, Said},
};

/// The format, for hosts elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claude;

impl ChatFormat for Claude {
    fn name(&self) -> Format {
        BEDROCK_MESSAGES_FORMAT.name()
    }

    fn write(&self, request: &ChatRequest, model: &str) -> Result<Bytes> {
        BEDROCK_MESSAGES_FORMAT.write(request, model)
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::new(InvokeReader::new(BEDROCK_MESSAGES_FORMAT.reader()))
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        BEDROCK_MESSAGES_FORMAT.whole(body)
    }

    fn said(&self, body: &[u8]) -> Said {
        // Refusals are the service's, not the vendor's.
        error::said(body)
    }
}

/// The request that a body means, as what stands in its path says.
pub(super) fn into_request(body: MessagesBody, asked: Asked) -> Result<ChatRequest> {
    let request = body.into_request(asked.context)?;
    Ok(super::asked(request, asked.model, asked.whole))
}
