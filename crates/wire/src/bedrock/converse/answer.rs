//! Answers: whole ones, and the events of streamed ones.

use busbar_core::{Done, FinishReason, Tokens, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::block::{Block, ToolUse, Turn};
use crate::Metrics;

/// A whole answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConverseAnswer {
    /// What was said.
    pub output: Output,
    /// Why it ended.
    pub stop_reason: String,
    /// What it used.
    pub usage: TokenUsage,
    /// How long it took.
    #[serde(default)]
    pub metrics: Latency,
    /// What only the model knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_model_response_fields: Option<Value>,
    /// What this answer tells about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busbar: Option<Metrics>,
}

/// What was said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Output {
    /// The turn.
    pub message: Turn,
}

/// How long it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Latency {
    /// Milliseconds.
    pub latency_ms: u64,
}

/// What an answer used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenUsage {
    /// Prompt tokens, those kept or found computed not among them.
    pub input_tokens: u32,
    /// Everything written.
    pub output_tokens: u32,
    /// All of them.
    pub total_tokens: u32,
    /// Prompt tokens that were found computed. Nova's own bodies have another name for it.
    #[serde(alias = "cacheReadInputTokenCount", skip_serializing_if = "Option::is_none")]
    pub cache_read_input_tokens: Option<u32>,
    /// Prompt tokens that were computed and kept. Nova's own bodies have another name for it.
    #[serde(alias = "cacheWriteInputTokenCount", skip_serializing_if = "Option::is_none")]
    pub cache_write_input_tokens: Option<u32>,
}

/// `messageStart`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MessageStart {
    /// `assistant`.
    pub role: String,
}

/// `contentBlockStart`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockStart {
    /// What begins.
    #[serde(default)]
    pub start: Start,
    /// Which block.
    #[serde(default)]
    pub content_block_index: u32,
}

/// What begins. Text and thoughts begin without being announced.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Start {
    /// A call of a tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_use: Option<ToolUseStart>,
}

/// A call of a tool begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolUseStart {
    /// Ties the result to the call.
    pub tool_use_id: String,
    /// Which tool.
    pub name: String,
    /// `server_tool_use` where the host itself answers it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// `contentBlockDelta`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockDelta {
    /// What is new.
    pub delta: Piece,
    /// Which block.
    #[serde(default)]
    pub content_block_index: u32,
}

/// What is new.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Piece {
    /// More text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// More of a tool's arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_use: Option<InputPiece>,
    /// More of a thought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<ReasoningPiece>,
}

/// More of a tool's arguments.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputPiece {
    /// JSON text.
    pub input: String,
}

/// More of a thought.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReasoningPiece {
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Proof that the model thought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// What only the model can read, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redacted_content: Option<String>,
}

/// `contentBlockStop`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockStop {
    /// Which block.
    #[serde(default)]
    pub content_block_index: u32,
}

/// `messageStop`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageStop {
    /// Why it ended.
    pub stop_reason: String,
    /// What only the model knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_model_response_fields: Option<Value>,
}

/// `metadata`, the last event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metadata {
    /// What it used.
    pub usage: TokenUsage,
    /// How long it took.
    #[serde(default)]
    pub metrics: Latency,
    /// What this answer tells about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busbar: Option<Metrics>,
}

impl TokenUsage {
    /// In classes of which none is counted in another. Hosts differ in whether the input has the cached
    /// tokens in it; their total says which.
    pub fn into_usage(self) -> Usage {
        let read = self.cache_read_input_tokens.unwrap_or_default();
        let write = self.cache_write_input_tokens.unwrap_or_default();
        let kept = read.saturating_add(write);
        let overlaps = self.input_tokens >= kept
            && u64::from(self.total_tokens) == u64::from(self.input_tokens) + u64::from(self.output_tokens);
        let input = if overlaps {
            self.input_tokens - kept
        } else {
            self.input_tokens
        };
        Usage {
            input: Tokens(input),
            cached_input: Tokens(read),
            cache_write: Tokens(write),
            output: Tokens(self.output_tokens),
            reasoning: Tokens::ZERO,
        }
    }
}

impl From<&Usage> for TokenUsage {
    fn from(usage: &Usage) -> Self {
        Self {
            input_tokens: usage.input.0,
            output_tokens: usage.written().0,
            total_tokens: usage.total().0,
            cache_read_input_tokens: Some(usage.cached_input.0),
            cache_write_input_tokens: Some(usage.cache_write.0),
        }
    }
}

/// What a stop reason means; `None` where the answer is spoilt.
pub(super) fn finish(reason: &str) -> Option<FinishReason> {
    Some(match reason {
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "guardrail_intervened" | "content_filtered" => FinishReason::Filtered,
        "malformed_model_output" | "malformed_tool_use" => return None,
        _ => FinishReason::Stop,
    })
}

/// The format's word for why an answer ended.
pub(super) fn stop_reason(done: &Done) -> &'static str {
    match done.finish {
        FinishReason::Stop if done.stop_text.is_some() => "stop_sequence",
        FinishReason::Stop => "end_turn",
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::Filtered => "content_filtered",
    }
}

/// The stop text stands among the model's own fields, where models put it.
pub(super) fn stop_text_field(done: &Done) -> Option<Value> {
    done.stop_text
        .as_ref()
        .map(|text| json!({ "stop_sequence": text }))
}

/// The stop text, where one is told.
pub(super) fn stop_text(reason: &str, fields: Option<&Value>) -> Option<String> {
    let text = fields?.get("stop_sequence")?.as_str()?;
    (reason == "stop_sequence").then(|| text.to_owned())
}

impl Block {
    /// A call of a tool.
    pub(super) fn tool_use(call: ToolUse) -> Self {
        Self {
            tool_use: Some(call),
            ..Self::default()
        }
    }
}
