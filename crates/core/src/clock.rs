//! Time, passed in.

use std::{
    fmt::Debug,
    time::{Instant, SystemTime},
};

use crate::BoxFuture;

/// Tells the time. Logic never reads a clock by itself, so tests need not sleep.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Monotonic time, for durations and deadlines.
    fn now(&self) -> Instant;

    /// Wall-clock time, for people and for records.
    fn wall(&self) -> SystemTime;
}

/// Tells the time, and wakes whoever waits for one. What owns a runtime makes it; tests move it by hand.
pub trait Timer: Clock {
    /// Resolves once this time has come; at once where it has passed.
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()>;
}
