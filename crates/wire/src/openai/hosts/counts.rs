//! Token counts as hosts of this format send them, made disjoint.

use busbar_core::{Tokens, Usage};
use serde::Deserialize;

/// Token counts as hosts send them: the prompt's with those that were cached, and nearly always the
/// answer's with those of thought.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Counts {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
    total_tokens: Option<u32>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's place for it.
    prompt_cache_hit_tokens: Option<u32>,
    /// Moonshot's place for it.
    cached_tokens: Option<u32>,
    /// Where gateways put Anthropic's counts.
    cache_read_input_tokens: Option<u32>,
    /// The same.
    cache_creation_input_tokens: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u32>,
    cache_write_tokens: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u32>,
}

impl Counts {
    pub(crate) fn into_usage(self) -> Usage {
        let details = self.prompt_tokens_details.unwrap_or_default();
        let cached = details
            .cached_tokens
            .or(self.prompt_cache_hit_tokens)
            .or(self.cached_tokens)
            .or(self.cache_read_input_tokens)
            .unwrap_or_default();
        let kept = details
            .cache_write_tokens
            .or(self.cache_creation_input_tokens)
            .unwrap_or_default();
        let prompt = self.prompt_tokens.unwrap_or_default();
        let reasoning = self
            .completion_tokens_details
            .and_then(|details| details.reasoning_tokens)
            .unwrap_or_default();
        Usage {
            input: Tokens(prompt.saturating_sub(cached).saturating_sub(kept)),
            cached_input: Tokens(cached),
            cache_write: Tokens(kept),
            output: Tokens(self.output(prompt, reasoning)),
            reasoning: Tokens(reasoning),
        }
    }

    /// The answer's tokens without those of thought. xAI counts these beside the answer's, which its
    /// total gives away.
    fn output(&self, prompt: u32, reasoning: u32) -> u32 {
        let written = self.completion_tokens.unwrap_or_default();
        let apart = u64::from(prompt) + u64::from(written) + u64::from(reasoning);
        let beside = reasoning > 0 && self.total_tokens.is_some_and(|total| u64::from(total) == apart);
        if beside {
            written
        } else {
            written.saturating_sub(reasoning)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(counts: &str, [input, cached, kept, output, reasoning]: [u32; 5]) {
        let counts: Counts = serde_json::from_str(counts).unwrap();
        let expected = Usage {
            input: Tokens(input),
            cached_input: Tokens(cached),
            cache_write: Tokens(kept),
            output: Tokens(output),
            reasoning: Tokens(reasoning),
        };
        assert_eq!(counts.into_usage(), expected);
    }

    #[test]
    fn no_token_is_counted_in_two_classes() {
        check(
            r#"{"prompt_tokens":100,"completion_tokens":30,"total_tokens":130,
                "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":15,"audio_tokens":0},
                "completion_tokens_details":{"reasoning_tokens":20}}"#,
            [25, 60, 15, 10, 20],
        );
        check(
            r#"{"prompt_tokens":9,"completion_tokens":4,"prompt_cache_hit_tokens":5,"prompt_cache_miss_tokens":4}"#,
            [4, 5, 0, 4, 0],
        );
    }

    #[test]
    fn thoughts_that_stand_beside_the_answer_are_not_taken_from_it() {
        check(
            r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,
                "completion_tokens_details":{"reasoning_tokens":100}}"#,
            [10, 0, 0, 5, 100],
        );
    }

    #[test]
    fn nonsense_does_not_go_below_nothing() {
        check(
            r#"{"prompt_tokens":1,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":9},
                "completion_tokens_details":{"reasoning_tokens":9}}"#,
            [0, 9, 0, 0, 9],
        );
        check(r#"{"prompt_tokens":null,"prompt_tokens_details":null}"#, [0; 5]);
    }
}
