//! A clock that stands still until a test moves it.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use busbar_core::{BoxFuture, Clock, Timer};

/// A clock that stands still until a test moves it. Wall time starts at 2026-01-01T00:00:00Z. Clones are
/// the same clock.
#[derive(Clone, Debug)]
pub struct TestClock {
    start: Instant,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    passed: Duration,
    waiting: BTreeMap<(Instant, u64), Waker>,
    sleepers: u64,
}

impl TestClock {
    /// A clock at its start.
    #[expect(
        clippy::new_without_default,
        reason = "a default that reads the time would surprise"
    )]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            state: Arc::default(),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        state.passed += by;
        let now = self.start + state.passed;
        let later = state.waiting.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut state.waiting, later);
        drop(state);
        due.into_values().for_each(Waker::wake);
    }

    /// When the next one that waits is due; `None` where nobody waits.
    pub fn next_due(&self) -> Option<Instant> {
        let state = self.state();
        state.waiting.keys().next().map(|(at, _)| *at)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        self.start + self.state().passed
    }

    fn wall(&self) -> SystemTime {
        const YEAR_2026: Duration = Duration::from_secs(1_767_225_600);
        UNIX_EPOCH + YEAR_2026 + self.state().passed
    }
}

impl Timer for TestClock {
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        let mut state = self.state();
        state.sleepers += 1;
        let place = (at, state.sleepers);
        Box::pin(Sleep {
            clock: self.clone(),
            place,
        })
    }
}

/// Resolves when the clock was moved that far.
struct Sleep {
    clock: TestClock,
    place: (Instant, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if self.clock.start + state.passed >= self.place.0 {
            return Poll::Ready(());
        }
        state.waiting.insert(self.place, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.state().waiting.remove(&self.place);
    }
}
