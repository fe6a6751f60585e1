//! How long a target takes to its first event, as of late: an average that jumps up to a peak at once and
//! sinks slowly (peak EWMA, as Finagle's balancer has it).

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// After so long without a new value, about a third of the old one is left.
const MEMORY_MS: f64 = 10_000.0;

/// The average. Two that write at once may lose one value of the two, which is no harm.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    /// Seconds, as bits.
    value: AtomicU64,
    at: AtomicU64,
}

impl Latency {
    pub(crate) fn note(&self, now_ms: u64, took: Duration) {
        let took = took.as_secs_f64();
        let before = f64::from_bits(self.value.load(Relaxed));
        let next = if took >= before {
            took
        } else {
            let kept = self.kept(now_ms);
            before * kept + took * (1.0 - kept)
        };
        self.value.store(next.to_bits(), Relaxed);
        self.at.store(now_ms, Relaxed);
    }

    /// Seconds; less and less as nothing is heard, so that a target that was slow is tried again.
    pub(crate) fn seconds(&self, now_ms: u64) -> f64 {
        f64::from_bits(self.value.load(Relaxed)) * self.kept(now_ms)
    }

    /// The last value as it was; `None` where there was none for a long time.
    pub(crate) fn last(&self, now_ms: u64) -> Option<Duration> {
        const LONG_MS: u64 = 300_000;
        let value = f64::from_bits(self.value.load(Relaxed));
        let recent = now_ms.saturating_sub(self.at.load(Relaxed)) < LONG_MS;
        (value > 0.0 && recent).then(|| Duration::from_secs_f64(value))
    }

    fn kept(&self, now_ms: u64) -> f64 {
        let passed = now_ms.saturating_sub(self.at.load(Relaxed));
        (-(passed as f64) / MEMORY_MS).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_counts_at_once_and_is_forgotten_slowly() {
        let latency = Latency::default();
        assert_eq!(latency.last(0), None);
        latency.note(0, Duration::from_millis(100));
        latency.note(10, Duration::from_secs(2));
        assert_eq!(latency.last(10), Some(Duration::from_secs(2)));
        latency.note(20, Duration::from_millis(100));
        assert!(latency.seconds(20) > 1.9);
        latency.note(10_020, Duration::from_millis(100));
        assert!((0.5..1.0).contains(&latency.seconds(10_020)));
        assert!(latency.seconds(60_000) < 0.1, "silence is a chance");
    }
}
