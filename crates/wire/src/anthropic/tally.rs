//! Token counts and the reason of the end, as streams tell them: some at the beginning, the rest, and
//! corrections, at the end.

use busbar_core::{Done, FinishReason, Tokens, Usage};
use serde::{Deserialize, Serialize};

/// Token counts. The classes of the prompt are disjoint; thoughts are counted in `output_tokens` too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Counts {
    pub(super) input_tokens: Option<u32>,
    pub(super) cache_creation_input_tokens: Option<u32>,
    pub(super) cache_read_input_tokens: Option<u32>,
    pub(super) output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_tokens_details: Option<OutputDetails>,
}

/// What the output's tokens were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct OutputDetails {
    #[serde(default)]
    thinking_tokens: u32,
}

/// Why it ended, as far as it was told.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Stopped {
    pub(super) stop_reason: Option<String>,
    pub(super) stop_sequence: Option<String>,
}

/// What was told so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    counts: Counts,
    stopped: Stopped,
}

impl Tally {
    /// More counts. They are sums so far: what is told later replaces what was told before.
    pub(super) fn count(&mut self, new: &Counts) {
        let counts = &mut self.counts;
        counts.input_tokens = new.input_tokens.or(counts.input_tokens);
        counts.cache_creation_input_tokens = new
            .cache_creation_input_tokens
            .or(counts.cache_creation_input_tokens);
        counts.cache_read_input_tokens = new.cache_read_input_tokens.or(counts.cache_read_input_tokens);
        counts.output_tokens = new.output_tokens.or(counts.output_tokens);
        counts.output_tokens_details = new.output_tokens_details.or(counts.output_tokens_details);
    }

    /// Why it ends.
    pub(super) fn stop(&mut self, stopped: Stopped) {
        if stopped.stop_reason.is_some() {
            self.stopped = stopped;
        }
    }

    /// What was used so far.
    pub(super) fn usage(&self) -> Usage {
        self.counts.into()
    }

    /// The end.
    pub(super) fn done(&self) -> Done {
        Done {
            finish: self.stopped.finish(),
            usage: self.usage(),
            stop_text: self.stopped.stop_sequence.clone(),
        }
    }
}

impl Stopped {
    /// The reason in our words.
    pub(super) fn finish(&self) -> FinishReason {
        match self.stop_reason.as_deref() {
            Some("max_tokens" | "model_context_window_exceeded") => FinishReason::Length,
            Some("tool_use") => FinishReason::ToolCalls,
            Some("refusal") => FinishReason::Filtered,
            // `end_turn`, `stop_sequence`, `pause_turn`, and whatever will be.
            _ => FinishReason::Stop,
        }
    }
}

/// The format's word for why an answer ended.
pub(super) fn stop_reason(done: &Done) -> &'static str {
    match done.finish {
        FinishReason::Stop if done.stop_text.is_some() => "stop_sequence",
        FinishReason::Stop => "end_turn",
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::Filtered => "refusal",
    }
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        let tokens = |count: Option<u32>| Tokens(count.unwrap_or_default());
        let thought = counts.output_tokens_details.unwrap_or_default().thinking_tokens;
        Self {
            input: tokens(counts.input_tokens),
            cached_input: tokens(counts.cache_read_input_tokens),
            cache_write: tokens(counts.cache_creation_input_tokens),
            output: Tokens(counts.output_tokens.unwrap_or_default().saturating_sub(thought)),
            reasoning: Tokens(thought),
        }
    }
}

impl From<&Usage> for Counts {
    fn from(usage: &Usage) -> Self {
        Self {
            input_tokens: Some(usage.input.0),
            cache_creation_input_tokens: Some(usage.cache_write.0),
            cache_read_input_tokens: Some(usage.cached_input.0),
            output_tokens: Some(usage.written().0),
            output_tokens_details: (usage.reasoning.0 > 0).then_some(OutputDetails {
                thinking_tokens: usage.reasoning.0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_counts_replace_earlier_ones_and_thoughts_are_counted_once() {
        let mut tally = Tally::default();
        tally.count(
            &serde_json::from_str(r#"{"input_tokens":9,"cache_read_input_tokens":5,"output_tokens":1}"#)
                .unwrap(),
        );
        let end = r#"{"output_tokens":30,"cache_read_input_tokens":null,"output_tokens_details":{"thinking_tokens":20}}"#;
        tally.count(&serde_json::from_str(end).unwrap());
        let usage = tally.usage();
        assert_eq!((usage.input, usage.cached_input), (Tokens(9), Tokens(5)));
        assert_eq!((usage.output, usage.reasoning), (Tokens(10), Tokens(20)));
        assert_eq!(usage.total(), Tokens(44));
    }
}
