//! The answer: whole, or in chunks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ThinkingBlock;
use crate::{
    Metrics,
    openai::{TokenUsage, logprobs::ChatLogprobs},
    resumed::ResumedNote,
};

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChatCompletion)]
pub struct ChatAnswer {
    /// The answer's id.
    pub id: String,
    /// `chat.completion`.
    pub object: String,
    /// When it began, seconds since 1970.
    pub created: u64,
    /// The model that served.
    pub model: String,
    /// As many as were asked for.
    pub choices: Vec<ChatChoice>,
    /// Tokens read and written.
    pub usage: TokenUsage,
    /// What this answer tells about itself.
    pub busbar: Metrics,
}

/// One of the answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatChoice {
    /// Which, from 0.
    pub index: u32,
    /// What was said.
    pub message: AnswerMessage,
    /// Log-probabilities, where they were asked for.
    pub logprobs: Option<ChatLogprobs>,
    /// `stop`, `length` or `tool_calls`.
    pub finish_reason: String,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerMessage {
    /// `assistant`.
    pub role: String,
    /// The text; null where there are only tool calls.
    pub content: Option<String>,
    /// Always null: a model here has no channel of its own for refusals.
    pub refusal: Option<String>,
    /// What the model thought before, where it may be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// The same, where it must go back to the model unchanged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thinking_blocks: Vec<ThinkingBlock>,
    /// The tools that it calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<AnswerToolCall>,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerToolCall {
    /// What the tool's result must name.
    pub id: String,
    /// `function`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is called.
    pub function: CalledFunction,
}

/// A function that is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalledFunction {
    /// Its name.
    pub name: String,
    /// Its arguments: JSON as text, as the model wrote it.
    pub arguments: String,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChatCompletionChunk)]
pub struct ChatChunk {
    /// The answer's id.
    pub id: String,
    /// `chat.completion.chunk`.
    pub object: String,
    /// When the answer began, seconds since 1970.
    pub created: u64,
    /// The model that serves.
    pub model: String,
    /// More of one choice; none on the chunk that carries usage.
    pub choices: Vec<ChunkChoice>,
    /// With `stream_options.include_usage`: null, and on the last chunk the usage.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    #[schema(value_type = Option<TokenUsage>)]
    pub usage: Option<Option<TokenUsage>>,
    /// On the chunk that has `finish_reason`: what this answer tells about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busbar: Option<Metrics>,
    /// On a chunk that says nothing else: the model was lost, and another one goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busbar_resumed: Option<ResumedNote>,
}

/// A piece of one of the answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChunkChoice {
    /// Which, from 0.
    pub index: u32,
    /// What is new.
    pub delta: ChunkDelta,
    /// Log-probabilities of the piece, where they were asked for.
    pub logprobs: Option<ChatLogprobs>,
    /// Why it ended; null until then.
    pub finish_reason: Option<String>,
}

/// What is new.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChunkDelta {
    /// `assistant`, on the first chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// More text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// More of what the model thinks before it speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
    /// Signatures of what was thought, and thoughts that only the model can read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thinking_blocks: Vec<ThinkingBlock>,
    /// More of a tool call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ChunkToolCall>,
}

/// More of a tool call. `id`, `type` and the name come once, at its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChunkToolCall {
    /// Which call of this answer.
    pub index: u32,
    /// What the tool's result must name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `function`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What is called.
    pub function: ChunkFunction,
}

/// More of a function that is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChunkFunction {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// More of its arguments.
    pub arguments: String,
}

/// A field that may be absent, null or there: serde by itself reads null as absent.
pub(crate) mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(
        clippy::ref_option,
        clippy::option_option,
        reason = "serde's `with` wants this form"
    )]
    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    #[expect(clippy::option_option, reason = "serde's `with` wants this form")]
    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::<T>::deserialize(deserializer).map(Some)
    }
}
