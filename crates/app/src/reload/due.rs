//! When a configuration that is kept elsewhere is looked at by a program that stands still between two
//! calls, as functions do: no timer runs there, so each call looks at the clock, and the first that comes
//! late enough makes somebody look while it is answered. Nobody waits for that.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use busbar_core::Clock;
use tokio::sync::Notify;

/// Who says that it is time to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// Timers.
    Timed,
    /// Calls.
    Called,
}

/// When the next look is due, by the wall clock: other clocks may stand still too.
#[derive(Debug)]
pub(crate) struct Due {
    clock: Arc<dyn Clock>,
    /// Milliseconds since 1970.
    at: AtomicU64,
    /// Where nobody says otherwise.
    interval: Duration,
    wanted: Notify,
}

/// Hears of every call that is answered.
#[derive(Clone)]
pub struct Calls(Arc<[Arc<Due>]>);

impl Due {
    /// It was looked at just now.
    pub(super) fn new(clock: Arc<dyn Clock>, interval: Duration) -> Arc<Self> {
        let due = Self {
            clock,
            at: AtomicU64::new(0),
            interval,
            wanted: Notify::new(),
        };
        due.after(interval);
        Arc::new(due)
    }

    /// The next look is due after this time.
    pub(super) fn after(&self, wait: Duration) {
        self.at.store(self.now() + millis(wait), Ordering::Relaxed);
    }

    /// Waits until it is time for a look.
    pub(super) async fn time(&self) {
        self.wanted.notified().await;
    }

    fn called(&self) {
        let (now, at) = (self.now(), self.at.load(Ordering::Relaxed));
        if now < at {
            return;
        }
        let next = now + millis(self.interval);
        // Of calls that come together, one makes somebody look. If the look fails, this is when the next comes.
        let first = self
            .at
            .compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed);
        if first.is_ok() {
            self.wanted.notify_one();
        }
    }

    fn now(&self) -> u64 {
        let since = self.clock.wall().duration_since(UNIX_EPOCH);
        since.map_or(0, millis)
    }
}

impl Calls {
    /// Those of a program that has to look at these, elsewhere.
    pub(crate) fn of(due: impl IntoIterator<Item = Arc<Due>>) -> Self {
        Self(due.into_iter().collect())
    }

    /// A call has come. Returns at once.
    pub fn note(&self) {
        self.0.iter().for_each(|due| due.called());
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use busbar_testkit::TestClock;
    use futures_util::FutureExt as _;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn due() -> (TestClock, Calls, Arc<Due>) {
        let clock = TestClock::new();
        let due = Due::new(Arc::new(clock.clone()), MINUTE);
        (clock, Calls::of([due.clone()]), due)
    }

    /// Whether it is time for a look; it has been seen then.
    fn is_time(due: &Due) -> bool {
        due.time().now_or_never().is_some()
    }

    #[test]
    fn the_first_call_after_the_time_makes_somebody_look_and_the_others_do_not() {
        let (clock, calls, due) = due();
        calls.note();
        clock.advance(MINUTE - Duration::from_secs(1));
        calls.note();
        assert!(!is_time(&due));
        clock.advance(Duration::from_secs(1));
        for _ in 0..3 {
            calls.note();
        }
        assert!(is_time(&due));
        calls.note();
        assert!(!is_time(&due));
        clock.advance(MINUTE);
        calls.note();
        assert!(is_time(&due));
    }

    #[test]
    fn whoever_keeps_it_may_say_when_to_come_back() {
        let (clock, calls, due) = due();
        due.after(5 * MINUTE);
        clock.advance(4 * MINUTE);
        calls.note();
        assert!(!is_time(&due));
        clock.advance(MINUTE);
        calls.note();
        assert!(is_time(&due));
    }

    #[test]
    fn where_nothing_is_kept_elsewhere_calls_mean_nothing() {
        Calls::of([]).note();
    }
}
