//! What the engine has done, in counters that only grow, and what it does now.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counters that the worker writes and anybody reads.
#[derive(Debug, Default)]
pub struct Stats {
    /// Requests that hold a slot.
    pub(super) active: AtomicUsize,
    pub(super) prompt_tokens: AtomicU64,
    pub(super) reused_tokens: AtomicU64,
    pub(super) output_tokens: AtomicU64,
    pub(super) passes: AtomicU64,
    pub(super) finished: AtomicU64,
    pub(super) cancelled: AtomicU64,
    pub(super) expired: AtomicU64,
    pub(super) failed: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatsSnapshot {
    /// Requests that hold a slot now.
    pub active: usize,
    /// Requests that wait for one now.
    pub queued: usize,
    /// Prompt tokens computed.
    pub prompt_tokens: u64,
    /// Prompt tokens found in the KV cache instead.
    pub reused_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// Passes through the model.
    pub passes: u64,
    /// Answers that came to their end.
    pub finished: u64,
    /// Answers whose client went away.
    pub cancelled: u64,
    /// Answers whose deadline passed.
    pub expired: u64,
    /// Answers that failed.
    pub failed: u64,
}

impl Stats {
    /// The counters now, with the queue's length from elsewhere.
    pub fn snapshot(&self, queued: usize) -> StatsSnapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StatsSnapshot {
            active: self.active.load(Ordering::Relaxed),
            queued,
            prompt_tokens: read(&self.prompt_tokens),
            reused_tokens: read(&self.reused_tokens),
            output_tokens: read(&self.output_tokens),
            passes: read(&self.passes),
            finished: read(&self.finished),
            cancelled: read(&self.cancelled),
            expired: read(&self.expired),
            failed: read(&self.failed),
        }
    }

    pub(super) fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(n as u64, Ordering::Relaxed);
    }
}
