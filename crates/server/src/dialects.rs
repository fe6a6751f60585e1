//! The dialects in which text is asked for, a file each: how a body is read, how an answer is framed.
//!
//! A dialect is a row; what serves it (streaming, deadlines, resuming, measuring) knows none of them.

mod anthropic;
mod bedrock;
mod openai;
mod sagemaker;

use axum::http::HeaderMap;
use busbar_core::{Context, Error, Format, Result};
use busbar_telemetry::Operation;
use busbar_wire::{Chunk, Framing};

pub(crate) use anthropic::MESSAGES;
pub(crate) use bedrock::{CONVERSE, INVOKE};
pub(crate) use openai::{CHAT, COMPLETIONS, RESPONSES};
pub(crate) use sagemaker::{CONTAINER, ENDPOINT};

use crate::{answer::Asked, shapes::Shape};

/// One dialect of one endpoint.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What its requests count as.
    pub(crate) operation: Operation,
    /// Its name for models that take it as it is.
    pub(crate) format: Option<Format>,
    /// The headers that belong to it; the others are between the client and this server.
    pub(crate) heads: &'static [&'static str],
    /// What its answers' ids begin with.
    pub(crate) id_prefix: &'static str,
    /// How its streams are framed.
    pub(crate) framing: Framing,
    /// Reads a request.
    pub(crate) read: fn(Incoming<'_>, Context) -> Result<Asked>,
    /// A failure within a stream of which nothing else is known.
    pub(crate) fail: fn(&Error) -> Chunk,
}

impl Dialect {
    /// What a request's head says, of what belongs to the dialect. A header that comes several times is
    /// one list.
    ///
    /// # Errors
    /// `Invalid`, naming the header, where it is not text.
    pub(crate) fn heads(&self, headers: &HeaderMap) -> Result<Vec<Head>> {
        let mut heads = Vec::new();
        for &name in self.heads {
            let values = headers.get_all(name).iter().map(|value| value.to_str());
            let values: Vec<_> = values
                .collect::<Result<_, _>>()
                .map_err(|_| Error::invalid(name, format!("the header `{name}` must be plain text")))?;
            if !values.is_empty() {
                heads.push((name, values.join(",")));
            }
        }
        Ok(heads)
    }
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
    /// Its format's name, where the path says it and not the dialect alone.
    pub(crate) format: Option<Format>,
    /// What its head says, of what belongs to the dialect.
    pub(crate) heads: &'a [Head],
}

/// A header: its name in lower case, and what it says.
pub(crate) type Head = (&'static str, String);

impl Incoming<'_> {
    /// What a header says, of those that belong to the dialect.
    pub(crate) fn head(&self, name: &str) -> Option<&str> {
        let mut heads = self.heads.iter();
        heads
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The paths under `/v1/` that are ours; the others are OpenAI's, known or not.
const OURS: &[&str] = &[
    "/v1/config",
    "/v1/images/files",
    "/v1/images/jobs",
    "/v1/routes",
    "/v1/streams",
    "/v1/registry",
    "/v1/summaries",
    "/v1/ws",
];

/// Paths of other dialects, the longer ones first.
const SHAPES: &[(&str, Shape)] = &[
    ("/v1/messages", Shape::Anthropic),
    ("/model", Shape::Bedrock),
    ("/guardrail", Shape::Bedrock),
    ("/endpoints", Shape::SageMaker),
    ("/invocations", Shape::SageMaker),
    ("/v1", Shape::OpenAi),
];

/// How errors are written at a path.
pub(crate) fn shape(path: &str) -> Shape {
    let under = |beginning: &str| {
        path.strip_prefix(beginning)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if OURS.iter().any(|ours| under(ours)) {
        return Shape::Problem;
    }
    let shape = SHAPES.iter().find(|(beginning, _)| under(beginning));
    shape.map_or(Shape::Problem, |(_, shape)| *shape)
}
