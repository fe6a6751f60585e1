//! What goes wrong again and again is said once a minute, with how often it was: a disk that is full fails
//! several times a second, and its log may be on that disk. Reads no clock.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// So long nothing more is said of it.
const QUIET: Duration = Duration::from_secs(60);

/// One thing that may go wrong again and again.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<Option<Said>>);

#[derive(Debug)]
struct Said {
    at: Instant,
    /// How often it went wrong since then, unsaid.
    unsaid: u64,
}

impl Seldom {
    /// It went wrong. Gives how often it did since it was last said, this time included, where it is to be
    /// said now.
    pub(crate) fn times(&self, now: Instant) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = last.as_mut().filter(|said| now < said.at + QUIET) {
            said.unsaid += 1;
            return None;
        }
        let before = last.replace(Said { at: now, unsaid: 0 });
        Some(1 + before.map_or(0, |said| said.unsaid))
    }
}

/// What goes wrong for a runner when the disk, or whatever keeps its jobs, does.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    pub(crate) queue: Seldom,
    pub(crate) delivery: Seldom,
    pub(crate) progress: Seldom,
    pub(crate) preview: Seldom,
    pub(crate) end: Seldom,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_a_second_are_one_line_a_minute_with_their_number() {
        let seldom = Seldom::default();
        let start = Instant::now();
        let said: Vec<u64> = (0..900)
            .filter_map(|n| seldom.times(start + n * Duration::from_millis(200)))
            .collect();
        assert_eq!(said, [1, 300, 300]);
    }

    #[test]
    fn what_goes_wrong_after_a_long_while_is_said_at_once() {
        let seldom = Seldom::default();
        let start = Instant::now();
        assert_eq!(seldom.times(start), Some(1));
        assert_eq!(seldom.times(start + 10 * QUIET), Some(1));
        assert_eq!(seldom.times(start + 11 * QUIET - Duration::from_millis(1)), None);
    }
}
