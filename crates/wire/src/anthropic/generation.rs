//! What Claude's generations take. The format has grown with them: older models refuse what newer ones
//! want, and the request says nothing of it but the model's name.

use busbar_core::Tokens;

/// The first that thinks when told how many tokens it may take.
const FIRST_THINKING: Generation = Generation { major: 3, minor: 7 };
/// The first that is told how much effort to make, and decides for itself how much to think.
const FIRST_ADAPTIVE: Generation = Generation { major: 4, minor: 6 };

/// The most that the models of a generation write, from the first on. `max_tokens` is required, so it is
/// said for clients that do not say it.
const LONGEST_ANSWERS: &[(Generation, u32)] = &[
    (Generation { major: 4, minor: 0 }, 32_000),
    (Generation { major: 3, minor: 5 }, 8_192),
    (Generation { major: 0, minor: 0 }, 4_096),
];

/// A generation of Claude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Generation {
    major: u8,
    minor: u8,
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinks {
    /// It cannot be.
    Never,
    /// By a number of tokens.
    ByBudget,
    /// By a word for the effort.
    ByEffort,
}

impl Generation {
    /// The newest there is. Names that tell nothing (a profile, a host of its own) are taken for it.
    const NEWEST: Self = Self {
        major: u8::MAX,
        minor: 0,
    };

    /// The generation that a name tells: `claude-3-5-haiku-20241022`, `us.anthropic.claude-opus-4-6-v1`,
    /// `claude-v2:1`.
    pub(super) fn of(model: &str) -> Self {
        let Some((_, name)) = model.split_once("claude") else {
            return Self::NEWEST;
        };
        let mut words = name.split(['-', '.', ':', '@', '_']);
        let Some(major) = words.find_map(|word| number(word.trim_start_matches('v'))) else {
            return Self::NEWEST;
        };
        let minor = words.next().and_then(number).unwrap_or_default();
        Self { major, minor }
    }

    /// How its models are told to think.
    pub(super) fn thinks(self) -> Thinks {
        if self >= FIRST_ADAPTIVE {
            Thinks::ByEffort
        } else if self >= FIRST_THINKING {
            Thinks::ByBudget
        } else {
            Thinks::Never
        }
    }

    /// The most that its models write.
    pub(super) fn longest_answer(self) -> Tokens {
        let row = LONGEST_ANSWERS.iter().find(|(first, _)| self >= *first);
        row.map_or(Tokens::ZERO, |(_, most)| Tokens(*most))
    }
}

/// A part of a version. Longer numbers are dates.
fn number(word: &str) -> Option<u8> {
    (word.len() <= 2).then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &str, thinks: Thinks, longest: u32) {
        let generation = Generation::of(model);
        assert_eq!(
            (generation.thinks(), generation.longest_answer()),
            (thinks, Tokens(longest)),
            "{model}: {generation:?}"
        );
    }

    #[test]
    fn a_name_tells_the_generation() {
        check("anthropic.claude-v2:1", Thinks::Never, 4_096);
        check("claude-instant-v1", Thinks::Never, 4_096);
        check("anthropic.claude-3-haiku-20240307-v1:0", Thinks::Never, 4_096);
        check("claude-3-5-sonnet-20241022", Thinks::Never, 8_192);
        check("claude-3-7-sonnet-latest", Thinks::ByBudget, 8_192);
        check(
            "us.anthropic.claude-sonnet-4-20250514-v1:0",
            Thinks::ByBudget,
            32_000,
        );
        check("claude-haiku-4-5@20251001", Thinks::ByBudget, 32_000);
        check("global.anthropic.claude-opus-4-6-v1:0", Thinks::ByEffort, 32_000);
        check("claude-sonnet-5", Thinks::ByEffort, 32_000);
    }

    #[test]
    fn a_name_that_tells_nothing_is_taken_for_the_newest() {
        check(
            "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x",
            Thinks::ByEffort,
            32_000,
        );
        check("claude", Thinks::ByEffort, 32_000);
    }
}
