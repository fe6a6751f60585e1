//! A point in time, read once: whatever is decided together is decided at the same time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use busbar_core::Clock;

/// A point in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// For durations.
    pub(crate) now: Instant,
    /// For calendars.
    pub(crate) wall: SystemTime,
}

impl Moment {
    pub(crate) fn of(clock: &(impl Clock + ?Sized)) -> Self {
        Self {
            now: clock.now(),
            wall: clock.wall(),
        }
    }

    /// Minutes since midnight, universal time.
    pub(crate) fn minute_of_day(&self) -> u16 {
        let since = self.wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        ((since.as_secs() / 60) % (24 * 60)) as u16
    }
}

/// Times as whole milliseconds since some start, so that they fit into atomics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch(pub(crate) Instant);

impl Epoch {
    pub(crate) fn ms(self, at: Instant) -> u64 {
        at.saturating_duration_since(self.0).as_millis() as u64
    }
}

/// How long it is until then; nothing where it has passed.
pub(crate) fn left(until_ms: u64, now_ms: u64) -> Option<Duration> {
    let left = until_ms.checked_sub(now_ms).filter(|left| *left > 0)?;
    Some(Duration::from_millis(left))
}
