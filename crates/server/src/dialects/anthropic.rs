//! Anthropic's Messages.

use busbar_telemetry::Operation;
use busbar_wire::{
    Chunk, Framing,
    anthropic::{BETAS_HEADER, FORMAT, MessagesBody, MessagesWriter, Variant, error_body},
};

use super::Dialect;
use crate::answer::Asked;

/// `POST /v1/messages`.
pub(crate) static MESSAGES: Dialect = Dialect {
    operation: Operation::Chat,
    format: Some(FORMAT),
    heads: &[BETAS_HEADER],
    id_prefix: MessagesWriter::ID_PREFIX,
    framing: Framing::Sse { end: None },
    read: |incoming, context| {
        let body = MessagesBody::read(incoming.body, Variant::Direct)?;
        let body = match incoming.head(BETAS_HEADER) {
            Some(betas) => body.with_betas(betas),
            None => body,
        };
        Ok(Asked {
            stream: body.stream(),
            include_usage: false,
            choices: 1,
            request: body.into_request(context)?,
            writer: Box::new(|head| Box::new(MessagesWriter::new(head, Variant::Direct))),
        })
    },
    fail: |error| Chunk::named("error", error_body(error, None)).failed(),
};
