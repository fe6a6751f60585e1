//! What an answer costs.

use std::{fmt, iter::Sum, ops::Add, sync::Arc};

use crate::{Tokens, Usage};

/// An amount in US dollars, exact to a millionth of a millionth of one: a token may cost less than a
/// hundred-millionth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

/// Picodollars in a dollar.
const DOLLAR: u64 = 1_000_000_000_000;

impl Money {
    /// Nothing. What has no price is not this: it has no `Money`.
    pub const ZERO: Self = Self(0);

    /// So many picodollars.
    pub const fn picodollars(amount: u64) -> Self {
        Self(amount)
    }

    /// The amount in picodollars.
    pub fn as_picodollars(self) -> u64 {
        self.0
    }

    /// The amount in dollars, for people and for JSON.
    pub fn as_dollars(self) -> f64 {
        self.0 as f64 / DOLLAR as f64
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    /// Dollars as a decimal, without trailing zeros: `0.00012`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / DOLLAR, self.0 % DOLLAR);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{rest:012}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}

/// What a model's tokens cost, each class by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// A computed prompt token.
    pub input: Money,
    /// A prompt token found already computed.
    pub cached_input: Money,
    /// A prompt token that is computed and kept for later.
    pub cache_write: Money,
    /// A token of the answer.
    pub output: Money,
    /// A token of thought.
    pub reasoning: Money,
    /// Since when, as `2026-11-01`.
    pub since: Arc<str>,
}

impl Price {
    /// What these tokens cost.
    pub fn of(&self, usage: &Usage) -> Money {
        let one = |price: Money, tokens: Tokens| Money(price.0.saturating_mul(tokens.0.into()));
        [
            one(self.input, usage.input),
            one(self.cached_input, usage.cached_input),
            one(self.cache_write, usage.cache_write),
            one(self.output, usage.output),
            one(self.reasoning, usage.reasoning),
        ]
        .into_iter()
        .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_own_price_and_none_is_counted_twice() {
        let price = Price {
            input: Money::picodollars(1),
            cached_input: Money::picodollars(10),
            cache_write: Money::picodollars(100),
            output: Money::picodollars(1_000),
            reasoning: Money::picodollars(10_000),
            since: "2026-11-01".into(),
        };
        let usage = Usage {
            input: Tokens(1),
            cached_input: Tokens(2),
            cache_write: Tokens(3),
            output: Tokens(4),
            reasoning: Tokens(5),
        };
        assert_eq!(price.of(&usage), Money::picodollars(54_321));
    }

    #[test]
    fn dollars_are_written_as_a_plain_decimal() {
        assert_eq!(Money::picodollars(35_000).to_string(), "0.000000035");
        assert_eq!(Money::picodollars(3 * DOLLAR).to_string(), "3");
        assert_eq!(Money::picodollars(DOLLAR / 2).to_string(), "0.5");
    }
}
