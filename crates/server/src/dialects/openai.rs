//! OpenAI's: chat completions and plain completions.

use busbar_core::{ChatRequest, Error};
use busbar_telemetry::Operation;
use busbar_wire::{
    Chunk, Framing,
    answer::json,
    openai::{
        STREAM_END,
        chat::{self, ChatBody, ChatWriter},
        completions::{CompletionBody, CompletionWriter},
        error::ErrorBody,
        responses::{self, ResponsesBody, ResponsesWriter},
    },
};

use super::Dialect;
use crate::answer::Asked;

const OPENAI_EVENTS: Framing = Framing::Sse {
    end: Some(STREAM_END),
};

/// OpenAI's chat completions; also what a WebSocket's `chat` frames carry.
pub(crate) static CHAT: Dialect = Dialect {
    operation: Operation::Chat,
    format: Some(chat::FORMAT),
    heads: &[],
    id_prefix: ChatWriter::ID_PREFIX,
    framing: OPENAI_EVENTS,
    read: |incoming, context| {
        let mut body = ChatBody::read(incoming.body)?;
        let (stream, include_usage) = (body.stream(), body.include_usage());
        let choices = body.take_choices()?;
        Ok(Asked {
            request: named(body.into_request(context)?, incoming.model),
            stream,
            include_usage,
            choices,
            writer: Box::new(move |head| Box::new(ChatWriter::new(head).with_choices(choices))),
        })
    },
    fail: openai_failure,
};

/// OpenAI's plain completions.
pub(crate) static COMPLETIONS: Dialect = Dialect {
    operation: Operation::TextCompletion,
    format: None,
    heads: &[],
    id_prefix: CompletionWriter::ID_PREFIX,
    framing: OPENAI_EVENTS,
    read: |incoming, context| {
        let body = CompletionBody::read(incoming.body)?;
        let (stream, include_usage) = (body.stream(), body.include_usage());
        Ok(Asked {
            request: named(body.into_request(context)?, incoming.model),
            stream,
            include_usage,
            choices: 1,
            writer: Box::new(|head| Box::new(CompletionWriter::new(head))),
        })
    },
    fail: openai_failure,
};

/// OpenAI's responses.
pub(crate) static RESPONSES: Dialect = Dialect {
    operation: Operation::Chat,
    format: Some(responses::FORMAT),
    heads: &[],
    id_prefix: ResponsesWriter::ID_PREFIX,
    framing: responses::FRAMING,
    read: |incoming, context| {
        let body = ResponsesBody::read(incoming.body)?;
        let (stream, echo) = (body.stream(), body.echo());
        Ok(Asked {
            request: body.into_request(context)?,
            stream,
            include_usage: true,
            choices: 1,
            writer: Box::new(|head| Box::new(ResponsesWriter::new(head, echo))),
        })
    },
    fail: |error| Chunk::named("error", json(&ErrorBody::from(error))).failed(),
};

/// Where the request's address says which model is meant, what its body says does not count.
fn named(request: ChatRequest, model: Option<&str>) -> ChatRequest {
    match model {
        Some(model) => ChatRequest {
            model: model.into(),
            ..request
        },
        None => request,
    }
}

fn openai_failure(error: &Error) -> Chunk {
    Chunk::plain(json(&ErrorBody::from(error))).failed()
}
