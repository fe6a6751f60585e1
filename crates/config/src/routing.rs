//! `[routing]`: what holds for all routes.

use std::time::Duration;

use busbar_routing::{BreakerRules, LimitRules, Rules, Timeouts};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{problem::Problems, size::Size, span::Span};

/// As written; a duration of 0 is none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRouting {
    first_event_timeout: Span,
    between_events_timeout: Span,
    retries: u32,
    retry_percent: u32,
    retry_reserve: u32,
    backoff: Span,
    backoff_most: Span,
    breaker_window: Span,
    breaker_calls: u32,
    breaker_failed: u32,
    breaker_slow: u32,
    breaker_slow_after: Span,
    breaker_open: Span,
    breaker_open_most: Span,
    breaker_probes: u32,
    in_flight_first: u32,
    in_flight_most: u32,
    alarm: u32,
    cache: Size,
    nearest: bool,
}

/// What holds for all routes.
#[derive(Clone, Debug, PartialEq)]
pub struct Routing {
    /// Breakers, budgets, limits.
    pub rules: Rules,
    /// How long to wait, where a route does not say.
    pub timeouts: Timeouts,
    /// How often all targets are gone through again, where a route does not say.
    pub rounds: u32,
}

const SECOND: Duration = Duration::from_secs(1);

impl RawRouting {
    pub(crate) fn check(&self, problems: &mut Problems) -> Routing {
        let mut percent = |name: &str, value: u32| {
            problems.within(&format!("routing.{name}"), value, 0..=100);
            value.min(100) as u8
        };
        let (failed, slow) = (
            percent("breaker_failed", self.breaker_failed),
            percent("breaker_slow", self.breaker_slow),
        );
        let alarm = percent("alarm", self.alarm);
        problems.within("routing.retries", self.retries, 0..=5);
        problems.within("routing.retry_percent", self.retry_percent, 0..=100);
        problems.within("routing.breaker_calls", self.breaker_calls, 1..=10_000);
        problems.within("routing.breaker_probes", self.breaker_probes, 1..=10);
        let window = problems.within(
            "routing.breaker_window",
            self.breaker_window,
            Span(SECOND)..=Span(3600 * SECOND),
        );
        if self.breaker_open_most < self.breaker_open {
            problems.field("routing.breaker_open_most", "is less than `routing.breaker_open`");
        }
        if self.in_flight_most > 0 && self.in_flight_first > self.in_flight_most {
            problems.field("routing.in_flight_first", "is more than `routing.in_flight_most`");
        }
        let breaker = BreakerRules {
            window: window.0,
            calls: self.breaker_calls,
            failed,
            slow,
            slow_after: some(self.breaker_slow_after),
            open: self.breaker_open.0,
            open_most: self.breaker_open_most.0,
            probes: self.breaker_probes.min(10) as u8,
        };
        let limit = LimitRules {
            first: self.in_flight_first.max(1),
            least: 1,
            most: self.in_flight_most,
        };
        Routing {
            rules: Rules {
                breaker,
                limit: (self.in_flight_most > 0).then_some(limit),
                retry_percent: self.retry_percent,
                retry_reserve: self.retry_reserve,
                backoff: self.backoff.0,
                backoff_most: self.backoff_most.0,
                alarm,
                cache_bytes: self.cache.bytes(),
                nearest: self.nearest,
            },
            timeouts: Timeouts {
                first_event: some(self.first_event_timeout),
                between_events: some(self.between_events_timeout),
                ..Timeouts::default()
            },
            rounds: self.retries,
        }
    }
}

/// A duration, where it is one.
fn some(span: Span) -> Option<Duration> {
    (!span.0.is_zero()).then_some(span.0)
}
