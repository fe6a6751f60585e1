//! An answer as clients read it: whole, or as the events of a stream.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::tally::Counts;
use crate::{Metrics, resumed::ResumedNote};

/// A whole answer, or at the beginning of a stream one that says nothing yet.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) role: &'static str,
    pub(super) model: &'a str,
    pub(super) content: Vec<Block<'a>>,
    pub(super) stop_reason: Option<&'static str>,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) usage: Counts,
    /// What this answer tells about itself; absent at the beginning of a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) busbar: Option<Metrics>,
}

/// A block of what is said.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: &'a str,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Cow<'a, RawValue>,
    },
}

/// An event of a stream.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum StreamEvent<'a> {
    MessageStart {
        message: Answer<'a>,
    },
    Ping {
        /// The model was lost, and another one goes on: said by the way, since clients skip pings.
        #[serde(skip_serializing_if = "Option::is_none")]
        busbar_resumed: Option<ResumedNote>,
    },
    ContentBlockStart {
        index: u32,
        content_block: Block<'a>,
    },
    ContentBlockDelta {
        index: u32,
        delta: BlockDelta<'a>,
    },
    ContentBlockStop {
        index: u32,
    },
    MessageDelta {
        delta: End<'a>,
        usage: Counts,
        busbar: Metrics,
    },
    MessageStop {
        /// What InvokeModel adds.
        #[serde(
            rename = "amazon-bedrock-invocationMetrics",
            skip_serializing_if = "Option::is_none"
        )]
        invocation: Option<Invocation>,
    },
}

/// More of a block.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub(super) enum BlockDelta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
}

/// Why it ended.
#[derive(Debug, Serialize)]
pub(super) struct End<'a> {
    pub(super) stop_reason: &'static str,
    pub(super) stop_sequence: Option<&'a str>,
}

/// What InvokeModel tells at the end of a stream.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub(super) input_token_count: u32,
    pub(super) output_token_count: u32,
    /// Milliseconds.
    pub(super) invocation_latency: u64,
    /// Milliseconds.
    pub(super) first_byte_latency: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) cache_read_input_token_count: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) cache_write_input_token_count: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl StreamEvent<'_> {
    /// Its name, which the framing repeats.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::Ping { .. } => "ping",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop { .. } => "message_stop",
        }
    }
}
