//! Which tokens were seen, for the penalties.

use std::collections::{HashMap, VecDeque};

/// The last tokens of prompt and answer, counted.
#[derive(Clone, Debug, Default)]
pub struct History {
    recent: VecDeque<u32>,
    counts: HashMap<u32, u32>,
}

impl History {
    /// How many tokens back penalties look.
    const REACH: usize = 256;

    /// Adds a token; the oldest one beyond the reach is forgotten.
    pub fn push(&mut self, token: u32) {
        self.recent.push_back(token);
        *self.counts.entry(token).or_default() += 1;
        if self.recent.len() <= Self::REACH {
            return;
        }
        let Some(oldest) = self.recent.pop_front() else {
            return;
        };
        if let Some(count) = self.counts.get_mut(&oldest) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&oldest);
            }
        }
    }

    /// Each token seen with how often.
    pub fn counts(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.counts.iter().map(|(&token, &count)| (token, count))
    }
}

impl Extend<u32> for History {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, tokens: I) {
        tokens.into_iter().for_each(|token| self.push(token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_back_is_forgotten() {
        let mut history = History::default();
        history.extend([1, 1, 2]);
        assert_eq!(history.counts().find(|(token, _)| *token == 1), Some((1, 2)));
        history.extend(std::iter::repeat_n(3, History::REACH));
        assert_eq!(history.counts().collect::<Vec<_>>(), [(3, 256)]);
    }
}
