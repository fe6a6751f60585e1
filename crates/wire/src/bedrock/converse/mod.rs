//! Converse: one format for all models of the service, in both directions.

mod answer;
mod block;
mod body;
mod calls;
mod media;
mod read;
mod reader;
mod sealed;
mod tools;
mod turns;
mod turns_out;
mod watch;
mod write;
mod writer;

pub use answer::{
    BlockDelta, BlockStart, BlockStop, ConverseAnswer, InputPiece, Latency, MessageStart, MessageStop,
    Metadata, Output, Piece, ReasoningPiece, Start, TokenUsage, ToolUseStart,
};
pub use block::{
    Block, CachePointBlock, Citations, DocumentText, GuardContent, GuardText, MediaBlock, MediaPlace,
    ReasoningContent, ReasoningText, S3Location, ToolResult, ToolUse, Turn, Untaken,
};
pub use body::{
    Choice, ChosenTool, ConverseBody, HINTS, InferenceConfig, InputSchema, JsonSchema, OutputConfig,
    Structure, TextFormat, ToolBlock, ToolConfig, ToolSpec,
};
pub use read::Asked;
pub use reader::ConverseReader;
pub use watch::ConverseWatch;
pub use writer::ConverseWriter;

use busbar_core::{ChatRequest, Format, Result, Transcript};
use bytes::Bytes;

use super::{error, invoke};
use crate::{
    answer::json,
    upstream::{AnswerReader, ChatFormat, Said},
};

/// The format's name.
pub const FORMAT: Format = Format("bedrock-converse");

/// What stands where the service wants to see a tool though none may be called.
pub const PLACEHOLDER_TOOL: &str = "no_tool_may_be_called";

/// Which of two formats with nearly the same fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bedrock) enum Schema {
    /// Converse.
    Converse,
    /// What Nova models take by themselves.
    Nova,
}

impl Schema {
    fn format(self) -> Format {
        match self {
            Self::Converse => FORMAT,
            Self::Nova => invoke::nova::FORMAT,
        }
    }
}

/// The format, for hosts elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Converse;

/// The format, for hosts elsewhere.
pub static CONVERSE_FORMAT: Converse = Converse;

impl ChatFormat for Converse {
    fn name(&self) -> Format {
        FORMAT
    }

    fn write(&self, request: &ChatRequest, model: &str) -> Result<Bytes> {
        write_as(Schema::Converse, request, model)
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::new(ConverseReader::default())
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        reader::whole(body)
    }

    fn said(&self, body: &[u8]) -> Said {
        error::said(body)
    }
}

/// A request's body.
pub(in crate::bedrock) fn write_as(schema: Schema, request: &ChatRequest, model: &str) -> Result<Bytes> {
    write::body(request, model, schema).map(|body| json(&body))
}
