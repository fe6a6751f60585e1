//! What one pass computes.

/// What a slot wants of the next pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// Nothing: it is free.
    Nothing,
    /// The next token of an answer under way.
    Token,
    /// The rest of a prompt.
    Prompt {
        /// Tokens not computed yet; at least one.
        left: usize,
        /// When its request came, as a number that grows.
        since: u64,
    },
}

impl Want {
    /// Tokens of a prompt that are not computed yet.
    pub(super) fn left(self) -> usize {
        match self {
            Self::Prompt { left, .. } => left,
            Self::Nothing | Self::Token => 0,
        }
    }
}

/// How many tokens of each slot the pass computes.
///
/// Answers under way come first, a token each. Prompts share `budget`: shortest first, so that a
/// short question need not wait for a long document; but the one that waits longest gets a quarter
/// in any case, so that it is never starved.
pub(super) fn plan(wants: &[Want], budget: usize) -> Vec<usize> {
    let mut takes: Vec<usize> = wants
        .iter()
        .map(|want| usize::from(matches!(want, Want::Token)))
        .collect();
    let mut prompts: Vec<(usize, usize, u64)> = (0..)
        .zip(wants)
        .filter_map(|(slot, want)| match *want {
            Want::Prompt { left, since } => Some((slot, left, since)),
            Want::Nothing | Want::Token => None,
        })
        .collect();
    let mut budget = budget.max(1);
    if let Some(&(oldest, left, _)) = prompts.iter().min_by_key(|(_, _, since)| since) {
        let share = left.min((budget / 4).max(1));
        takes[oldest] = share;
        budget -= share.min(budget);
    }
    prompts.sort_unstable_by_key(|&(_, left, since)| (left, since));
    for (slot, left, _) in prompts {
        let more = (left - takes[slot]).min(budget);
        takes[slot] += more;
        budget -= more;
    }
    takes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prompt(left: usize, since: u64) -> Want {
        Want::Prompt { left, since }
    }

    #[test]
    fn answers_under_way_get_a_token_each_whatever_waits() {
        let takes = plan(&[Want::Token, prompt(1000, 1), Want::Token, Want::Nothing], 64);
        assert_eq!(takes, [1, 64, 1, 0]);
    }

    #[test]
    fn a_short_prompt_does_not_wait_for_a_long_one() {
        assert_eq!(plan(&[prompt(1500, 1), prompt(20, 2)], 64), [44, 20]);
        assert_eq!(plan(&[prompt(1500, 1), prompt(60, 2)], 64), [16, 48]);
    }

    #[test]
    fn a_stream_of_short_prompts_does_not_starve_a_long_one() {
        let takes = plan(&[prompt(1500, 1), prompt(64, 2), prompt(64, 3)], 64);
        assert_eq!(takes[0], 16);
    }

    fn any_want() -> impl Strategy<Value = Want> {
        prop_oneof![
            Just(Want::Nothing),
            Just(Want::Token),
            (1_usize..3000, 0_u64..100).prop_map(|(left, since)| prompt(left, since)),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_planned_that_is_not_wanted_and_something_always_moves(
            wants in prop::collection::vec(any_want(), 1..9),
            budget in 1_usize..512,
        ) {
            let takes = plan(&wants, budget);
            let mut prompts = 0;
            for (take, want) in takes.iter().zip(&wants) {
                match want {
                    Want::Nothing => prop_assert_eq!(*take, 0),
                    Want::Token => prop_assert_eq!(*take, 1),
                    Want::Prompt { left, .. } => {
                        prop_assert!(take <= left);
                        prompts += take;
                    }
                }
            }
            prop_assert!(prompts <= budget);
            let wanted = wants.iter().any(|want| *want != Want::Nothing);
            prop_assert_eq!(wanted, takes.iter().sum::<usize>() > 0);
        }
    }
}
