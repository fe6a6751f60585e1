//! Log-probabilities of chosen tokens, as chat completions have them.

use busbar_core::TokenLogprob;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Log-probabilities of a piece of text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatLogprobs {
    /// One entry a token.
    pub content: Vec<ChatLogprob>,
}

/// A token, and what else was likely in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatLogprob {
    /// The token's text.
    pub token: String,
    /// Natural logarithm of its probability; −9999 stands for never.
    pub logprob: f32,
    /// Its bytes in UTF-8, which a character may share with the next token.
    pub bytes: Vec<u8>,
    /// The likeliest tokens, likeliest first.
    pub top_logprobs: Vec<TopLogprob>,
}

/// One of the likeliest tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopLogprob {
    /// The token's text.
    pub token: String,
    /// Natural logarithm of its probability; −9999 stands for never.
    pub logprob: f32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl ChatLogprobs {
    /// The entries, or nothing where no token was reported.
    pub(in crate::openai) fn of(tokens: &[TokenLogprob]) -> Option<Self> {
        let content: Vec<_> = tokens.iter().map(ChatLogprob::from).collect();
        (!content.is_empty()).then_some(Self { content })
    }
}

impl From<&TokenLogprob> for ChatLogprob {
    fn from(token: &TokenLogprob) -> Self {
        let top_logprobs = token.top.iter().map(TopLogprob::from).collect();
        Self {
            token: token.token.clone(),
            logprob: finite(token.logprob),
            bytes: token.bytes.clone(),
            top_logprobs,
        }
    }
}

impl From<&TokenLogprob> for TopLogprob {
    fn from(token: &TokenLogprob) -> Self {
        Self {
            token: token.token.clone(),
            logprob: finite(token.logprob),
            bytes: token.bytes.clone(),
        }
    }
}

/// JSON has no infinity; the dialect writes −9999 for a probability of 0.
pub(super) fn finite(logprob: f32) -> f32 {
    if logprob.is_finite() { logprob } else { -9999.0 }
}
