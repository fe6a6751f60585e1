//! The health of a target: its breaker, how quick it is, how much it may have at once, and whether it has
//! asked to be left alone. Everything is counted by atomics; whatever routes lead to it share it.

mod breaker;
mod latency;
mod limit;
mod window;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use busbar_core::{BreakerState, ErrorKind, Priority};

pub use breaker::BreakerRules;
use breaker::{Breaker, Pass};
use latency::Latency;
use limit::Limit;
pub use limit::LimitRules;
pub(crate) use window::{Call, Counts, Window};

use crate::moment::{Epoch, left};

/// The health of a target.
#[derive(Debug)]
pub(crate) struct Health {
    epoch: Epoch,
    slow_after: Option<Duration>,
    breaker: Breaker,
    latency: Latency,
    limit: Limit,
    /// Until when it has asked to be left alone, in milliseconds.
    rests_until: AtomicU64,
}

/// Why a target is not asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwell {
    /// Its breaker is open for so long, or a probe is under way.
    Open(Option<Duration>),
    /// It has asked to be left alone for so long.
    Resting(Duration),
    /// It has as much as it may have.
    Full,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was answered, or refused for a reason that lies in the request.
    Fine,
    /// The target has too much to do, and says for how long.
    TooMuch(Duration),
    /// The target failed.
    Failed,
}

impl Verdict {
    /// What a failure says about the target that it came from.
    pub(crate) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::RateLimited { retry_after } | ErrorKind::Overloaded { retry_after } => {
                Self::TooMuch(retry_after)
            }
            ErrorKind::Unavailable | ErrorKind::BadUpstream | ErrorKind::Internal => Self::Failed,
            ErrorKind::Invalid
            | ErrorKind::NotFound
            | ErrorKind::TooLarge
            | ErrorKind::Unsupported
            | ErrorKind::Denied
            | ErrorKind::DeadlineExceeded
            | ErrorKind::Cancelled => Self::Fine,
        }
    }
}

/// A target that asks for more than this is asked again nevertheless.
const LONGEST_REST: Duration = Duration::from_secs(60);

impl Health {
    pub(crate) fn new(start: Instant, breaker: BreakerRules, limit: Option<LimitRules>) -> Self {
        Self {
            epoch: Epoch(start),
            slow_after: breaker.slow_after,
            breaker: Breaker::new(breaker),
            latency: Latency::default(),
            limit: Limit::new(limit),
            rests_until: AtomicU64::new(0),
        }
    }

    /// Whether it may be asked.
    pub(crate) fn look(&self, now: Instant, priority: Priority) -> Result<(), Unwell> {
        let now = self.epoch.ms(now);
        if let Some(rest) = left(self.rests_until.load(Relaxed), now) {
            return Err(Unwell::Resting(rest));
        }
        self.breaker.look(now).map_err(Unwell::Open)?;
        match self.limit.has_room(priority) {
            true => Ok(()),
            false => Err(Unwell::Full),
        }
    }

    /// Takes a place. What it gives is held for as long as the request is under way.
    pub(crate) fn enter(self: &Arc<Self>, now: Instant, priority: Priority) -> Option<Permit> {
        self.look(now, priority).ok()?;
        if !self.limit.enter(priority) {
            return None;
        }
        let Some(pass) = self.breaker.enter(self.epoch.ms(now)) else {
            self.limit.leave();
            return None;
        };
        Some(Permit {
            health: Arc::clone(self),
            pass,
            began: now,
            first: None,
            settled: false,
        })
    }

    /// What asking it costs in time: how long it takes, for all who ask. Nothing where nothing is known.
    pub(crate) fn load(&self, now: Instant) -> f64 {
        self.latency.seconds(self.epoch.ms(now)) * f64::from(self.limit.in_flight().saturating_add(1))
    }

    pub(crate) fn breaker(&self, now: Instant) -> (BreakerState, Option<Duration>) {
        self.breaker.state(self.epoch.ms(now))
    }

    pub(crate) fn counts(&self, now: Instant) -> Counts {
        self.breaker.counts(self.epoch.ms(now))
    }

    pub(crate) fn rests_for(&self, now: Instant) -> Option<Duration> {
        left(self.rests_until.load(Relaxed), self.epoch.ms(now))
    }

    pub(crate) fn first_event(&self, now: Instant) -> Option<Duration> {
        self.latency.last(self.epoch.ms(now))
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.limit.in_flight()
    }

    pub(crate) fn limit(&self) -> Option<u32> {
        self.limit.limit()
    }
}

/// A place at a target. Dropped before it was told how the call ended, it says nothing about the target,
/// unless the wait alone does.
#[derive(Debug)]
pub(crate) struct Permit {
    health: Arc<Health>,
    pass: Pass,
    began: Instant,
    first: Option<Duration>,
    settled: bool,
}

impl Permit {
    /// The first event is there.
    pub(crate) fn first_event(&mut self, now: Instant) {
        let took = now.saturating_duration_since(self.began);
        self.first = Some(took);
        self.health.latency.note(self.health.epoch.ms(now), took);
    }

    /// How the call ended.
    pub(crate) fn settle(mut self, now: Instant, verdict: Verdict) {
        self.settled = true;
        let health = &self.health;
        let now_ms = health.epoch.ms(now);
        let took = self
            .first
            .unwrap_or_else(|| now.saturating_duration_since(self.began));
        let slow = self.is_slow(took);
        let failed = match verdict {
            Verdict::Fine => {
                health.limit.went_well();
                false
            }
            Verdict::TooMuch(rest) => {
                health.limit.too_many(now_ms);
                let until = now_ms + rest.min(LONGEST_REST).as_millis() as u64;
                health.rests_until.fetch_max(until, Relaxed);
                // It is up and says so: leaving it alone is the answer, not a breaker.
                false
            }
            Verdict::Failed => true,
        };
        match verdict {
            Verdict::TooMuch(_) => health.breaker.forget(self.pass),
            _ => health.breaker.settle(now_ms, self.pass, Call { failed, slow }),
        }
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn give_up(mut self, now: Instant) {
        self.settled = true;
        let waited = now.saturating_duration_since(self.began);
        let now_ms = self.health.epoch.ms(now);
        // Clients that do not wait as long as we would are the only ones to notice a target that hangs.
        if self.first.is_none() && self.is_slow(waited) {
            let call = Call {
                failed: false,
                slow: true,
            };
            self.health.breaker.settle(now_ms, self.pass, call);
        } else {
            self.health.breaker.forget(self.pass);
        }
    }

    fn is_slow(&self, took: Duration) -> bool {
        self.health.slow_after.is_some_and(|slow| took >= slow)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.health.limit.leave();
        if !self.settled {
            self.health.breaker.forget(self.pass);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_asks_to_be_left_alone_is() {
        let start = Instant::now();
        let health = Arc::new(Health::new(start, BreakerRules::default(), None));
        let permit = health.enter(start, Priority::Interactive).unwrap();
        permit.settle(start, Verdict::TooMuch(Duration::from_secs(2)));
        let soon = start + Duration::from_secs(1);
        let rest = Unwell::Resting(Duration::from_secs(1));
        assert_eq!(health.look(soon, Priority::Interactive), Err(rest));
        assert!(
            health
                .enter(start + Duration::from_secs(2), Priority::Interactive)
                .is_some()
        );
        assert_eq!(
            health.in_flight(),
            0,
            "a permit that is dropped gives its place back"
        );
        assert_eq!(health.counts(start).failed, 0);
    }

    #[test]
    fn a_client_that_leaves_after_a_long_wait_tells_of_a_slow_target() {
        let start = Instant::now();
        let rules = BreakerRules {
            slow_after: Some(Duration::from_secs(1)),
            ..BreakerRules::default()
        };
        let health = Arc::new(Health::new(start, rules, None));
        for (waited, slow) in [(0, 0), (2, 1)] {
            let permit = health.enter(start, Priority::Interactive).unwrap();
            permit.give_up(start + Duration::from_secs(waited));
            assert_eq!(health.counts(start + Duration::from_secs(2)).slow, slow);
        }
    }
}
