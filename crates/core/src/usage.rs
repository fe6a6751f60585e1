//! How much was read and written.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign},
};

/// A number of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tokens(pub u32);

impl Tokens {
    /// None at all.
    pub const ZERO: Self = Self(0);

    /// A count that came as `usize`; what does not fit is the largest there is.
    pub fn from_len(len: usize) -> Self {
        Self(u32::try_from(len).unwrap_or(u32::MAX))
    }
}

impl Add for Tokens {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Tokens {
    fn sum<I: Iterator<Item = Self>>(tokens: I) -> Self {
        tokens.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Token counts of one answer. The classes are disjoint: none is counted in another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Prompt tokens that were computed.
    pub input: Tokens,
    /// Prompt tokens that were found already computed.
    pub cached_input: Tokens,
    /// Prompt tokens that were computed and kept for later requests.
    pub cache_write: Tokens,
    /// Tokens of the answer, thoughts not counted.
    pub output: Tokens,
    /// Tokens of thought.
    pub reasoning: Tokens,
}

impl Usage {
    /// The whole prompt, computed or found.
    pub fn prompt(&self) -> Tokens {
        self.input + self.cached_input + self.cache_write
    }

    /// Everything written: the answer and what was thought for it.
    pub fn written(&self) -> Tokens {
        self.output + self.reasoning
    }

    /// Prompt and answer.
    pub fn total(&self) -> Tokens {
        self.prompt() + self.written()
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            input: self.input + other.input,
            cached_input: self.cached_input + other.cached_input,
            cache_write: self.cache_write + other.cache_write,
            output: self.output + other.output,
            reasoning: self.reasoning + other.reasoning,
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
