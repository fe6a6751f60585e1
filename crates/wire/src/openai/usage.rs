//! Token counts, as the dialect has them.

use busbar_core::Usage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Tokens read and written. Unlike ours, the dialect's classes overlap: `prompt_tokens` has the
/// cached ones in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Usage)]
pub struct TokenUsage {
    /// Tokens of the whole prompt.
    pub prompt_tokens: u32,
    /// Tokens of the answer.
    pub completion_tokens: u32,
    /// Both.
    pub total_tokens: u32,
    /// What the prompt's tokens were.
    pub prompt_tokens_details: PromptTokensDetails,
    /// What the answer's tokens were, where any were thoughts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_tokens_details: Option<CompletionTokensDetails>,
}

/// What the answer's tokens were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompletionTokensDetails {
    /// Tokens of thought.
    pub reasoning_tokens: u32,
}

/// What the prompt's tokens were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptTokensDetails {
    /// Tokens found already computed.
    pub cached_tokens: u32,
    /// Tokens computed and kept for later, where there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u32>,
}

impl From<&Usage> for TokenUsage {
    fn from(usage: &Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt().0,
            completion_tokens: usage.written().0,
            total_tokens: usage.total().0,
            prompt_tokens_details: PromptTokensDetails {
                cached_tokens: usage.cached_input.0,
                cache_write_tokens: (usage.cache_write.0 > 0).then_some(usage.cache_write.0),
            },
            completion_tokens_details: (usage.reasoning.0 > 0).then_some(CompletionTokensDetails {
                reasoning_tokens: usage.reasoning.0,
            }),
        }
    }
}
