//! How many prompt tokens a pass computes, learnt from how long passes take.

use std::time::Duration;

/// The pace of prompts.
///
/// A prompt that is alone is computed in large pieces, which is quickest: whoever comes stops the
/// one under way. Beside others, who wait for their next token until the pass is done, a pass is
/// as long as they hardly notice.
#[derive(Debug)]
pub(super) struct Pace {
    largest: usize,
    /// Seconds for a token, once one pass was seen.
    per_token: Option<f64>,
}

/// How long a pass may take beside others: some fifteen tokens a second for those who write.
pub(super) const BESIDE_OTHERS: Duration = Duration::from_millis(60);
/// Smaller pieces would move too little for the time that a pass costs in any case.
const SMALLEST: usize = 4;
/// Until it is known how long passes take.
const AT_FIRST: usize = 16;
/// Passes of fewer tokens say little about prompts.
const TELLING: usize = 4;

impl Pace {
    /// Pieces of at most `largest` tokens.
    pub(super) fn new(largest: usize) -> Self {
        Self {
            largest: largest.max(1),
            per_token: None,
        }
    }

    /// The most prompt tokens of the next pass, where the prompt is alone or is not.
    pub(super) fn piece(&self, alone: bool) -> usize {
        if alone {
            return self.largest;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive number of tokens, bounded in the next line"
        )]
        let beside = self.per_token.map_or(AT_FIRST, |seconds| {
            (BESIDE_OTHERS.as_secs_f64() / seconds.max(1e-9)) as usize
        });
        beside.max(SMALLEST).min(self.largest)
    }

    /// Learns from a pass of so many tokens.
    pub(super) fn learn(&mut self, tokens: usize, took: Duration) {
        const WEIGHT_OF_THE_LAST: f64 = 0.25;
        if tokens < TELLING {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer tokens than that")]
        let now = took.as_secs_f64() / tokens as f64;
        let before = self.per_token.unwrap_or(now);
        self.per_token = Some(before + WEIGHT_OF_THE_LAST * (now - before));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_prompt_takes_the_largest_pieces() {
        assert_eq!(Pace::new(128).piece(true), 128);
        assert_eq!(Pace::new(128).piece(false), AT_FIRST);
        assert_eq!(Pace::new(8).piece(false), 8);
    }

    #[test]
    fn pieces_beside_others_follow_the_speed_of_the_machine() {
        let mut pace = Pace::new(128);
        pace.learn(100, Duration::from_secs(1));
        assert_eq!(pace.piece(false), 6);
        for _ in 0..40 {
            pace.learn(100, Duration::from_millis(1));
        }
        assert_eq!(pace.piece(false), 128);
        for _ in 0..40 {
            pace.learn(100, Duration::from_secs(100));
        }
        assert_eq!(pace.piece(false), SMALLEST);
    }

    #[test]
    fn passes_of_single_tokens_teach_nothing_about_prompts() {
        let mut pace = Pace::new(128);
        pace.learn(1, Duration::from_secs(9));
        assert_eq!(pace.piece(false), AT_FIRST);
    }
}
