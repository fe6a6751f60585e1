//! What an answer is made of.

use busbar_core::Usage;
use serde::Serialize;

use crate::openai::logprobs::ChatLogprob;

/// An item of an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Item {
    /// What is said.
    Message {
        /// Its id.
        id: String,
        /// `in_progress`, `completed` or `incomplete`.
        status: &'static str,
        /// `assistant`.
        role: &'static str,
        /// One text, once there is any.
        content: Vec<OutputPart>,
    },
    /// What was thought.
    Reasoning {
        /// Its id.
        id: String,
        /// In short, where that was asked for.
        summary: Vec<OutputPart>,
        /// As it is, where no summary was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Vec<OutputPart>>,
        /// What must go back to the model unchanged.
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
        /// `in_progress`, `completed` or `incomplete`.
        status: &'static str,
    },
    /// A call of a tool.
    FunctionCall {
        /// Its id.
        id: String,
        /// What the tool's result must name.
        call_id: String,
        /// Which tool.
        name: String,
        /// Its arguments: JSON as text, as the model wrote it.
        arguments: String,
        /// `in_progress`, `completed` or `incomplete`.
        status: &'static str,
    },
}

/// A part of an item.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OutputPart {
    /// Text that is said.
    OutputText {
        /// The text.
        text: String,
        /// Always empty: nothing is cited here.
        annotations: [(); 0],
        /// Log-probabilities, where they were asked for.
        logprobs: Vec<ChatLogprob>,
    },
    /// Text of a thought in short.
    SummaryText {
        /// The text.
        text: String,
    },
    /// Text of a thought.
    ReasoningText {
        /// The text.
        text: String,
    },
}

/// Tokens read and written. The classes overlap, as the dialect has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ResponseUsage {
    input_tokens: u32,
    input_tokens_details: InputDetails,
    output_tokens: u32,
    output_tokens_details: OutputDetails,
    total_tokens: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct InputDetails {
    cached_tokens: u32,
    cache_write_tokens: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct OutputDetails {
    reasoning_tokens: u32,
}

impl From<&Usage> for ResponseUsage {
    fn from(usage: &Usage) -> Self {
        Self {
            input_tokens: usage.prompt().0,
            input_tokens_details: InputDetails {
                cached_tokens: usage.cached_input.0,
                cache_write_tokens: usage.cache_write.0,
            },
            output_tokens: usage.written().0,
            output_tokens_details: OutputDetails {
                reasoning_tokens: usage.reasoning.0,
            },
            total_tokens: usage.total().0,
        }
    }
}

impl Item {
    /// Its id.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Message { id, .. } | Self::Reasoning { id, .. } | Self::FunctionCall { id, .. } => id,
        }
    }

    /// The text that grows in it: what is said, thought, or given to a tool.
    pub(super) fn text(&mut self) -> Option<&mut String> {
        match self {
            Self::Message { content, .. } => content.last_mut().map(OutputPart::text),
            Self::Reasoning { summary, content, .. } => {
                let parts = content
                    .as_mut()
                    .filter(|parts| !parts.is_empty())
                    .unwrap_or(summary);
                parts.last_mut().map(OutputPart::text)
            }
            Self::FunctionCall { arguments, .. } => Some(arguments),
        }
    }

    /// Its one part, where it has parts.
    pub(super) fn part(&self) -> Option<&OutputPart> {
        match self {
            Self::Message { content, .. } => content.last(),
            Self::Reasoning { summary, content, .. } => {
                content.as_ref().and_then(|parts| parts.last()).or(summary.last())
            }
            Self::FunctionCall { .. } => None,
        }
    }

    /// How far it is.
    pub(super) fn set_status(&mut self, now: &'static str) {
        match self {
            Self::Message { status, .. }
            | Self::Reasoning { status, .. }
            | Self::FunctionCall { status, .. } => {
                *status = now;
            }
        }
    }
}

impl OutputPart {
    fn text(&mut self) -> &mut String {
        match self {
            Self::OutputText { text, .. } | Self::SummaryText { text } | Self::ReasoningText { text } => text,
        }
    }
}
