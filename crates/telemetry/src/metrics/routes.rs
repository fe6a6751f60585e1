//! What routes did and how their targets are.

use busbar_core::{BreakerState, Course, TargetStatus};

use super::{
    cells::Counter,
    family::Family,
    names::{self, Row},
    text::Text,
};

/// Counters of routes. Their labels come from the configuration, never from clients.
#[derive(Debug)]
pub(crate) struct Routes {
    /// Route, target, outcome.
    pub(crate) attempts: Family<Counter, 3>,
    /// Route, step.
    pub(crate) degraded: Family<Counter, 2>,
    /// Route, what the cache had.
    pub(crate) cache: Family<Counter, 2>,
    /// Route.
    pub(crate) resumed: Family<Counter, 1>,
}

/// One figure of a target, where it has it.
type Figure = fn(&TargetStatus) -> Option<f64>;

const TARGET: &[(Row, Figure)] = &[
    (names::TARGET_BREAKER, |target| {
        Some(match target.breaker {
            BreakerState::Closed => 0.0,
            BreakerState::HalfOpen => 1.0,
            BreakerState::Open => 2.0,
        })
    }),
    (names::TARGET_IN_FLIGHT, |target| Some(target.in_flight.into())),
    (names::TARGET_LIMIT, |target| target.limit.map(f64::from)),
    (names::TARGET_LATENCY, |target| {
        target.first_event.map(|time| time.as_secs_f64())
    }),
];

impl Routes {
    pub(crate) fn new() -> Self {
        Self {
            attempts: Family::new(Counter::default),
            degraded: Family::new(Counter::default),
            cache: Family::new(Counter::default),
            resumed: Family::new(Counter::default),
        }
    }

    /// A request that went by a route has ended.
    pub(crate) fn count(&self, course: &Course) {
        let Some(route) = course.route.as_deref() else {
            return;
        };
        for attempt in &course.attempts {
            self.attempts
                .with([route, &attempt.target, attempt.outcome])
                .add(1);
        }
        if let Some(step) = course.degraded {
            self.degraded.with([route, step.as_str()]).add(1);
        }
        if let Some(cache) = course.cache {
            self.cache.with([route, cache.as_str()]).add(1);
        }
        if course.resumed > 0 {
            self.resumed.with([route]).add(course.resumed.into());
        }
    }
}

/// Writes how targets are; one that several routes lead to is there once.
pub(crate) fn targets(text: &mut Text, targets: &[TargetStatus]) {
    for (row, figure) in TARGET {
        text.head(row);
        for (place, target) in targets.iter().enumerate() {
            let again = targets.iter().take(place).any(|other| other.name == target.name);
            if let Some(value) = figure(target).filter(|_| !again) {
                text.sample(row, &[("target", &*target.name)], value);
            }
        }
    }
}
