//! The dialects in which text is asked for, as a table: how a body is read, how an answer is framed.

use busbar_core::{Context, Error, Format, Result};
use busbar_telemetry::Operation;
use busbar_wire::{
    Chunk, Framing,
    answer::json,
    openai::{
        STREAM_END,
        chat::{ChatBody, ChatWriter},
        completions::{CompletionBody, CompletionWriter},
        error::ErrorBody,
    },
};

use crate::{answer::Asked, error::Shape};

/// One dialect of one endpoint.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What its requests count as.
    pub(crate) operation: Operation,
    /// Its name for models that take it as it is.
    pub(crate) format: Option<Format>,
    /// What its answers' ids begin with.
    pub(crate) id_prefix: &'static str,
    /// How its streams are framed.
    pub(crate) framing: Framing,
    /// Reads a request.
    pub(crate) read: fn(Incoming<'_>, Context) -> Result<Asked>,
    /// A failure within a stream of which nothing else is known.
    pub(crate) fail: fn(&Error) -> Chunk,
}

/// A request as it came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Incoming<'a> {
    /// Its body.
    pub(crate) body: &'a [u8],
    /// The model, where the path names it.
    pub(crate) model: Option<&'a str>,
    /// Whether the path says that the answer comes in pieces.
    pub(crate) stream: bool,
}

const OPENAI_EVENTS: Framing = Framing::Sse {
    end: Some(STREAM_END),
};

/// OpenAI's chat completions; also what a WebSocket's `chat` frames carry.
pub(crate) static CHAT: Dialect = Dialect {
    operation: Operation::Chat,
    format: None,
    id_prefix: ChatWriter::ID_PREFIX,
    framing: OPENAI_EVENTS,
    read: |incoming, context| {
        let body = ChatBody::read(incoming.body)?;
        let (stream, include_usage) = (body.stream(), body.include_usage());
        Ok(Asked {
            request: body.into_request(context)?,
            stream,
            include_usage,
            writer: Box::new(|head| Box::new(ChatWriter::new(head))),
        })
    },
    fail: openai_failure,
};

/// OpenAI's plain completions.
pub(crate) static COMPLETIONS: Dialect = Dialect {
    operation: Operation::TextCompletion,
    format: None,
    id_prefix: CompletionWriter::ID_PREFIX,
    framing: OPENAI_EVENTS,
    read: |incoming, context| {
        let body = CompletionBody::read(incoming.body)?;
        let (stream, include_usage) = (body.stream(), body.include_usage());
        Ok(Asked {
            request: body.into_request(context)?,
            stream,
            include_usage,
            writer: Box::new(|head| Box::new(CompletionWriter::new(head))),
        })
    },
    fail: openai_failure,
};

fn openai_failure(error: &Error) -> Chunk {
    Chunk::plain(json(&ErrorBody::from(error))).failed()
}

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
