//! One answer's way through its form.

use std::fmt;

use busbar_core::{Error, Result};
use llguidance::{Matcher, api::StopReason, toktrie::SimpleVob};

/// Knows which tokens may come next, and is told which one came.
pub struct Constraint {
    matcher: Matcher,
    /// The field of the request that the form comes from.
    param: &'static str,
}

impl Constraint {
    pub(super) fn new(matcher: Matcher, param: &'static str) -> Self {
        Self { matcher, param }
    }

    /// The tokens that may come next; those that end an answer are among them where the answer may
    /// end here. Once [`Constraint::is_finished`], they are the only ones.
    ///
    /// # Errors
    /// `Invalid` where the form turns out to need more than the bounds allow.
    pub fn mask(&mut self) -> Result<TokenMask> {
        let allowed = self.matcher.compute_mask_or_eos();
        allowed.map(TokenMask).map_err(|_| self.failure())
    }

    /// Goes on past a token that the last mask allowed.
    ///
    /// # Errors
    /// `Internal` where the mask did not allow it; `Invalid` as [`Constraint::mask`].
    pub fn accept(&mut self, token: u32) -> Result<()> {
        self.matcher.consume_token(token).map_err(|_| self.failure())
    }

    /// Whether the answer is whole and nothing may follow.
    pub fn is_finished(&self) -> bool {
        self.matcher.is_stopped()
    }

    /// Whether the answer would be whole if it ended here.
    ///
    /// # Errors
    /// As [`Constraint::mask`].
    pub fn may_end(&mut self) -> Result<bool> {
        self.matcher.is_accepting().map_err(|_| self.failure())
    }

    /// Why there is no going on. The parser's own message quotes the answer, so it stays here.
    fn failure(&self) -> Error {
        match self.matcher.stop_reason() {
            StopReason::LexerTooComplex | StopReason::ParserTooComplex => Error::invalid(
                self.param,
                "the form asked for is too complex: this answer cannot be held to it within bounds",
            )
            .with_code("schema_too_complex"),
            reason => Error::internal(format!("the grammar cannot go on: {reason}")),
        }
    }
}

impl fmt::Debug for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Constraint")
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}

/// The tokens that may come next, one bit each.
pub struct TokenMask(SimpleVob);

impl TokenMask {
    /// Whether this token may come.
    pub fn allows(&self, token: u32) -> bool {
        (token as usize) < self.0.len() && self.0.is_allowed(token)
    }

    /// How many tokens may come.
    pub fn count(&self) -> usize {
        self.0.num_set()
    }

    /// The tokens that may come, in order.
    pub fn tokens(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter()
    }

    /// Makes every other token impossible; `logits` are in the order of the tokens' numbers.
    pub fn apply(&self, logits: &mut [f32]) {
        let words = self.0.as_slice();
        for (index, chunk) in logits.chunks_mut(32).enumerate() {
            match words.get(index).copied().unwrap_or(0) {
                0 => chunk.fill(f32::NEG_INFINITY),
                u32::MAX => {}
                word => forbid(word, chunk),
            }
        }
    }
}

/// Makes the tokens impossible whose bits are not set.
fn forbid(word: u32, logits: &mut [f32]) {
    for (bit, logit) in logits.iter_mut().enumerate() {
        if word >> bit & 1 == 0 {
            *logit = f32::NEG_INFINITY;
        }
    }
}

impl fmt::Debug for TokenMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenMask({} of {})", self.count(), self.0.len())
    }
}
