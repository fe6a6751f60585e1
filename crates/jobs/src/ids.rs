//! New names, and the chance in a pause: the one place that asks the system for randomness.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use busbar_core::{Clock, Error, Result};
use uuid::{Uuid, timestamp::context::ContextV7};

use crate::{ArtifactName, JobId, MediaType, Timestamp};

/// Gives names to jobs and artifacts.
pub struct Ids {
    clock: Arc<dyn Clock>,
    /// Counts within a millisecond, so that jobs of one process sort in the order they came.
    sequence: Mutex<ContextV7>,
}

impl Ids {
    /// Names that carry this clock's time.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            sequence: Mutex::new(ContextV7::new()),
        }
    }

    /// A new job's id: a UUID of version 7, which sorts by time.
    pub fn job(&self) -> JobId {
        let now = Timestamp::from(self.clock.wall());
        let nanos = u32::try_from(now.millis() % 1000 * 1_000_000).unwrap_or_default();
        let time = uuid::Timestamp::from_unix(&self.sequence, now.seconds(), nanos);
        JobId::from_uuid(Uuid::new_v7(time))
    }

    /// A new artifact's name: random, so that no name can be guessed from another.
    pub fn artifact(&self, job: JobId, media: MediaType) -> ArtifactName {
        ArtifactName::new(job, Uuid::new_v4(), media)
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ids").finish_non_exhaustive()
    }
}

/// A number from 0 up to 1, for the jitter of a pause.
pub(crate) fn chance() -> f64 {
    // Without randomness a pause merely has no jitter.
    let bits = getrandom::u32().unwrap_or(u32::MAX / 2);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// Reads a UUID that a client sent.
pub(crate) fn parse(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text)
        .map_err(|source| Error::invalid("id", format!("`{text}` is no UUID")).with_source(source))
}

#[cfg(test)]
mod tests {
    use busbar_testkit::TestClock;

    use super::*;

    #[test]
    fn ids_of_one_millisecond_sort_in_the_order_they_were_given() {
        let ids = Ids::new(Arc::new(TestClock::new()));
        let given: Vec<JobId> = (0..1000).map(|_| ids.job()).collect();
        assert!(given.is_sorted());
    }

    #[test]
    fn chance_is_below_one() {
        assert!((0..1000).all(|_| (0.0..1.0).contains(&chance())));
    }
}
