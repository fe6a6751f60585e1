//! A clock that stands still until a test moves it.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use busbar_core::Clock;

/// A clock that stands still until a test moves it. Wall time starts at 2026-01-01T00:00:00Z.
#[derive(Debug)]
pub struct TestClock {
    start: Instant,
    passed: Mutex<Duration>,
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
            passed: Mutex::new(Duration::ZERO),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    fn passed(&self) -> Duration {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        self.start + self.passed()
    }

    fn wall(&self) -> SystemTime {
        const YEAR_2026: Duration = Duration::from_secs(1_767_225_600);
        UNIX_EPOCH + YEAR_2026 + self.passed()
    }
}
