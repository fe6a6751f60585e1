//! The answer: whole, or in chunks of the same shape.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Metrics,
    openai::{TokenUsage, chat::answer::present},
    resumed::ResumedNote,
};

/// An answer, or a piece of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Completion)]
pub struct CompletionAnswer {
    /// The answer's id.
    pub id: String,
    /// `text_completion`.
    pub object: String,
    /// When it began, seconds since 1970.
    pub created: u64,
    /// The model that served.
    pub model: String,
    /// One choice; none on the chunk that carries usage.
    pub choices: Vec<CompletionChoice>,
    /// Tokens read and written. In a stream only with `stream_options.include_usage`: null, and on
    /// the last chunk the usage.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    #[schema(value_type = Option<TokenUsage>)]
    pub usage: Option<Option<TokenUsage>>,
    /// What this answer tells about itself; in a stream on the chunk that has `finish_reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busbar: Option<Metrics>,
    /// On a chunk that says nothing else: the model was lost, and another one goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busbar_resumed: Option<ResumedNote>,
}

/// An answer among one, or a piece of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CompletionChoice {
    /// 0.
    pub index: u32,
    /// The text, or more of it.
    pub text: String,
    /// Log-probabilities, where they were asked for.
    pub logprobs: Option<CompletionLogprobs>,
    /// `stop` or `length`; null until the end.
    pub finish_reason: Option<String>,
}

/// Log-probabilities, one entry a token in each list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CompletionLogprobs {
    /// The tokens' texts.
    pub tokens: Vec<String>,
    /// Natural logarithms of their probabilities.
    pub token_logprobs: Vec<f32>,
    /// The likeliest tokens in each place.
    pub top_logprobs: Vec<BTreeMap<String, f32>>,
    /// Where each token begins in the answer, in characters.
    pub text_offset: Vec<usize>,
}
