//! The dialects in which text is asked for, as a table: how a body is read, how an answer is written.

use busbar_core::{Context, Result};
use busbar_telemetry::Operation;
use busbar_wire::{
    AnswerWriter, Head,
    openai::{
        chat::{ChatBody, ChatWriter},
        completions::{CompletionBody, CompletionWriter},
    },
};

use crate::{answer::Asked, error::Shape};

/// One dialect of one endpoint.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What its requests count as.
    pub(crate) operation: Operation,
    /// What its answers' ids begin with.
    pub(crate) id_prefix: &'static str,
    /// Reads a body.
    pub(crate) read: fn(&[u8], Context) -> Result<Asked>,
    /// Makes the writer of an answer.
    pub(crate) writer: fn(Head) -> Box<dyn AnswerWriter>,
}

/// OpenAI's chat completions; also what a WebSocket's `chat` frames carry.
pub(crate) static CHAT: Dialect = Dialect {
    operation: Operation::Chat,
    id_prefix: ChatWriter::ID_PREFIX,
    read: |bytes, context| {
        let body = ChatBody::read(bytes)?;
        let (stream, include_usage) = (body.stream(), body.include_usage());
        Ok(Asked {
            request: body.into_request(context)?,
            stream,
            include_usage,
        })
    },
    writer: |head| Box::new(ChatWriter::new(head)),
};

/// OpenAI's plain completions.
pub(crate) static COMPLETIONS: Dialect = Dialect {
    operation: Operation::TextCompletion,
    id_prefix: CompletionWriter::ID_PREFIX,
    read: |bytes, context| {
        let body = CompletionBody::read(bytes)?;
        let (stream, include_usage) = (body.stream(), body.include_usage());
        Ok(Asked {
            request: body.into_request(context)?,
            stream,
            include_usage,
        })
    },
    writer: |head| Box::new(CompletionWriter::new(head)),
};

/// The paths under `/v1/` that are ours; the others are OpenAI's, known or not.
const OURS: &[&str] = &["/v1/summaries", "/v1/streams", "/v1/ws"];

/// How errors are written at a path.
pub(crate) fn shape(path: &str) -> Shape {
    let ours = OURS.iter().any(|ours| {
        path.strip_prefix(ours)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if path.starts_with("/v1/") && !ours {
        Shape::OpenAi
    } else {
        Shape::Problem
    }
}
