//! Time, passed in.

use std::{
    fmt::Debug,
    time::{Instant, SystemTime},
};

/// Tells the time. Logic never reads a clock by itself, so tests need not sleep.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Monotonic time, for durations and deadlines.
    fn now(&self) -> Instant;

    /// Wall-clock time, for people and for records.
    fn wall(&self) -> SystemTime;
}
