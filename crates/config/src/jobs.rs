//! `[jobs]`: work that outlives a request, and how long it and what comes of it are kept.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{problem::Problems, span::Span};

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawJobs {
    workers: u32,
    expires_in: Span,
    keep: Span,
    tries: u32,
    lease: Span,
    sweep_every: Span,
}

/// Work that outlives a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Jobs that one process works on at once.
    pub workers: usize,
    /// How long after it was accepted a job is of no use unless it is done.
    pub expires_in: Duration,
    /// How long jobs and their files are kept once they are over.
    pub keep: Duration,
    /// How many starts may come to nothing before a job is given up.
    pub tries: u32,
    /// How long a job is a worker's without a word from it.
    pub lease: Duration,
    /// How often what nobody works on is looked through.
    pub sweep_every: Duration,
}

const SECOND: Span = Span(Duration::from_secs(1));
const MINUTE: Span = Span(Duration::from_secs(60));
const HOUR: Span = Span(Duration::from_secs(3600));

const fn days(count: u64) -> Span {
    Span(Duration::from_secs(count * 24 * 3600))
}

impl RawJobs {
    pub(crate) fn check(&self, problems: &mut Problems) -> Jobs {
        let mut span = |name, value: Span, range| problems.within(name, value, range).0;
        let expires_in = span("jobs.expires_in", self.expires_in, MINUTE..=days(14));
        let keep = span("jobs.keep", self.keep, MINUTE..=days(3650));
        let lease = span("jobs.lease", self.lease, SECOND..=HOUR);
        let sweep_every = span("jobs.sweep_every", self.sweep_every, SECOND..=HOUR);
        Jobs {
            workers: problems.within("jobs.workers", self.workers, 1..=64) as usize,
            expires_in,
            keep,
            tries: problems.within("jobs.tries", self.tries, 1..=20),
            lease,
            sweep_every,
        }
    }
}
