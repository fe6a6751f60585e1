//! What hosts of this format send, with room for what they leave out.

use busbar_core::{FinishReason, TokenLogprob, Tokens, Usage};
use serde::Deserialize;

use crate::openai::hosts::{Logprob, Reported};

/// An event of a streamed answer.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) output_index: u32,
    pub(super) summary_index: u32,
    pub(super) delta: Option<String>,
    pub(super) logprobs: Option<Vec<Logprob>>,
    pub(super) item: Option<Item>,
    pub(super) response: Option<Response>,
    pub(super) error: Option<Reported>,
}

/// A response, as far as it is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Response {
    pub(super) status: Option<String>,
    pub(super) error: Option<Reported>,
    pub(super) incomplete_details: Option<Incomplete>,
    pub(super) output: Option<Vec<Item>>,
    pub(super) usage: Option<Counts>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Incomplete {
    reason: Option<String>,
}

/// An item of an answer; of hosted tools, which nobody offers, nothing is read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) call_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) arguments: Option<String>,
    pub(super) content: Option<Vec<Part>>,
    pub(super) summary: Option<Vec<Part>>,
    pub(super) encrypted_content: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    text: Option<String>,
    refusal: Option<String>,
    logprobs: Option<Vec<Logprob>>,
}

/// Tokens, whose classes overlap.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Counts {
    input_tokens: u32,
    output_tokens: u32,
    input_tokens_details: Option<InputDetails>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Option<u32>,
    cache_write_tokens: Option<u32>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Option<u32>,
}

impl Counts {
    pub(super) fn into_usage(self) -> Usage {
        let details = self.input_tokens_details.unwrap_or_default();
        let cached = details.cached_tokens.unwrap_or_default();
        let kept = details.cache_write_tokens.unwrap_or_default();
        let reasoning = self
            .output_tokens_details
            .and_then(|details| details.reasoning_tokens)
            .unwrap_or_default();
        Usage {
            input: Tokens(self.input_tokens.saturating_sub(cached).saturating_sub(kept)),
            cached_input: Tokens(cached),
            cache_write: Tokens(kept),
            output: Tokens(self.output_tokens.saturating_sub(reasoning)),
            reasoning: Tokens(reasoning),
        }
    }
}

impl Item {
    /// What a message says.
    pub(super) fn said(&mut self) -> (String, Vec<TokenLogprob>) {
        let mut text = String::new();
        let mut logprobs = Vec::new();
        for part in self.content.iter_mut().flatten() {
            text.extend(part.text.take().or(part.refusal.take()));
            logprobs.extend(tokens(part.logprobs.take()));
        }
        (text, logprobs)
    }

    /// What a thought tells of itself: as it is, or in short; `None`: it is sealed.
    pub(super) fn thought(&mut self) -> Option<String> {
        let shown = [self.content.take(), self.summary.take()];
        let shown = shown.into_iter().flatten().find(|parts| !parts.is_empty())?;
        let texts: Vec<_> = shown.into_iter().filter_map(|part| part.text).collect();
        Some(texts.join("\n\n"))
    }
}

impl Response {
    /// Why it ended.
    pub(super) fn finish(&self, has_calls: bool) -> FinishReason {
        let details = self.incomplete_details.as_ref();
        match details.and_then(|details| details.reason.as_deref()) {
            Some("content_filter") => FinishReason::Filtered,
            Some(_) => FinishReason::Length,
            None if self.status.as_deref() == Some("incomplete") => FinishReason::Length,
            None if has_calls => FinishReason::ToolCalls,
            None => FinishReason::Stop,
        }
    }
}

/// Log-probabilities, in our words.
pub(super) fn tokens(told: Option<Vec<Logprob>>) -> Vec<TokenLogprob> {
    told.into_iter().flatten().map(Logprob::into_token).collect()
}
