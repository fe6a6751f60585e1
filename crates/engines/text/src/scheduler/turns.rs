//! Whose turn it is among answers with a seed, and in what shape it is computed.
//!
//! llama.cpp chooses kernels by the shape of a pass, and each sums in another order. So that a
//! seeded answer depends on itself alone, every pass of it has the shape that it would have if
//! nobody else were there: one sequence; of its answer one token; of its prompt the tokens up to
//! the next border, and borders lie at fixed places.

use std::time::Duration;

use super::plan::Want;

/// Tokens between two borders of a prompt. Half as many cost up to a tenth of the speed; twice as
/// many gain next to nothing, others with a seed wait longer, and less of a prompt is found again.
pub(crate) const PIECE: usize = 128;

/// How many tokens of a prompt of `length` are computed in one pass, from the border `from` on.
pub(super) fn piece(from: usize, length: usize) -> usize {
    border(from + PIECE).min(length).saturating_sub(from)
}

/// The last border that is not behind `place`. What is computed up to there was computed in whole
/// pieces, as it would be for any prompt that begins alike.
pub(super) fn border(place: usize) -> usize {
    place / PIECE * PIECE
}

/// What is known of a slot when the next turn is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) slot: usize,
    pub(super) want: Want,
    /// The pass in which it was last computed; smaller is longer ago.
    pub(super) last_used: u64,
}

/// Gives turns: answers under way and prompts get as much time as each other, where there are both.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Time that answers under way are to get before the next piece of a prompt.
    owed: Duration,
    /// How often in a row another prompt went before the oldest.
    passed_over: u32,
}

impl Turns {
    /// The slot that is computed next: among answers the one that waits longest for its token,
    /// among prompts the shortest, but the oldest once three went before it, so that none is starved.
    pub(super) fn next(&mut self, waiting: &[Waiting]) -> Option<usize> {
        let answer = waiting
            .iter()
            .filter(|waiting| waiting.want == Want::Token)
            .min_by_key(|waiting| waiting.last_used);
        let prompts = || {
            waiting.iter().filter_map(|waiting| match waiting.want {
                Want::Prompt { left, since } => Some((waiting.slot, left, since)),
                Want::Nothing | Want::Token => None,
            })
        };
        let Some((oldest, ..)) = prompts().min_by_key(|&(_, _, since)| since) else {
            return answer.map(|answer| answer.slot);
        };
        if let Some(answer) = answer.filter(|_| !self.owed.is_zero()) {
            return Some(answer.slot);
        }
        let shortest = prompts().min_by_key(|&(_, left, since)| (left, since))?.0;
        if shortest == oldest || self.passed_over >= 3 {
            self.passed_over = 0;
            return Some(oldest);
        }
        self.passed_over += 1;
        Some(shortest)
    }

    /// Notes how long a turn took.
    pub(super) fn took(&mut self, want: Want, time: Duration) {
        match want {
            Want::Prompt { .. } => self.owed = time,
            Want::Nothing | Want::Token => self.owed = self.owed.saturating_sub(time),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn waiting(wants: &[Want]) -> Vec<Waiting> {
        let waiting = |(slot, &want)| Waiting {
            slot,
            want,
            last_used: slot as u64,
        };
        wants.iter().enumerate().map(waiting).collect()
    }

    fn prompt(left: usize, since: u64) -> Want {
        Want::Prompt { left, since }
    }

    proptest! {
        #[test]
        fn a_prompt_is_cut_at_the_same_places_wherever_its_cached_beginning_ends(
            length in 1_usize..2000,
            cached in 0_usize..2000,
        ) {
            let mut from = border(cached.min(length - 1));
            while from < length {
                prop_assert_eq!(from % PIECE, 0);
                let count = piece(from, length);
                prop_assert!(count == PIECE || from + count == length);
                prop_assert!(count > 0 && count <= PIECE);
                from += count;
            }
            prop_assert_eq!(from, length);
        }
    }

    #[test]
    fn answers_take_turns() {
        let mut all = waiting(&[Want::Token, Want::Nothing, Want::Token]);
        assert_eq!(Turns::default().next(&all), Some(0));
        all[0].last_used = 9;
        assert_eq!(Turns::default().next(&all), Some(2));
        assert_eq!(Turns::default().next(&waiting(&[Want::Nothing])), None);
    }

    #[test]
    fn after_a_piece_of_a_prompt_answers_get_as_much_time() {
        let mut turns = Turns::default();
        let all = waiting(&[prompt(500, 1), Want::Token]);
        assert_eq!(turns.next(&all), Some(0));
        turns.took(all[0].want, Duration::from_millis(300));
        for _ in 0..3 {
            assert_eq!(turns.next(&all), Some(1));
            turns.took(Want::Token, Duration::from_millis(100));
        }
        assert_eq!(turns.next(&all), Some(0));
        assert_eq!(turns.next(&all[..1]), Some(0), "nobody writes: nothing is owed");
    }

    #[test]
    fn a_short_prompt_goes_before_a_long_one_which_is_not_starved() {
        let mut turns = Turns::default();
        let all = waiting(&[prompt(1500, 1), prompt(20, 2)]);
        let mut given = Vec::new();
        for _ in 0..8 {
            given.extend(turns.next(&all));
            turns.took(all[0].want, Duration::ZERO);
        }
        assert_eq!(given, [1, 1, 1, 0, 1, 1, 1, 0]);
    }
}
