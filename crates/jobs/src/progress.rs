//! How far a running job has come, and how long the rest will take by what was measured.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{ArtifactName, Timestamp};

/// How far a running job has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps finished.
    pub step: u32,
    /// Steps in all; 0 while that is not known.
    pub of: u32,
    /// Measured seconds a step, once one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_per_step: Option<f64>,
    /// A first sight of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<ArtifactName>,
    /// When this was true.
    pub at: Timestamp,
    /// The number of the event that told it.
    pub seq: u64,
}

impl Progress {
    /// Finished steps of a hundred, rounded down: 100 means done.
    pub fn percent(&self) -> u8 {
        let percent = u64::from(self.step) * 100 / u64::from(self.of.max(1));
        u8::try_from(percent.min(100)).unwrap_or(100)
    }

    /// How long the rest will take, seen from `now`; `None` until a step was measured.
    pub fn eta(&self, now: Timestamp) -> Option<Duration> {
        let rest = f64::from(self.of.saturating_sub(self.step)) * self.seconds_per_step?;
        let rest = Duration::try_from_secs_f64(rest).ok()?;
        Some(rest.saturating_sub(now.since(self.at)))
    }
}

/// Measures seconds a step. Recent steps weigh more; the first one, which warms caches up and
/// loads weights, weighs nothing once there is another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    last: Option<(u32, Instant)>,
    seconds: Option<f64>,
    measured: u32,
}

impl Meter {
    /// Notes that `step` steps are finished at `now`; returns the seconds a step, once known.
    pub fn note(&mut self, step: u32, now: Instant) -> Option<f64> {
        const WEIGHT: f64 = 0.3;
        let Some((before, then)) = self.last else {
            self.last = Some((step, now));
            return None;
        };
        let steps = step.saturating_sub(before);
        if steps == 0 {
            return self.seconds;
        }
        let latest = now.saturating_duration_since(then).as_secs_f64() / f64::from(steps);
        let smooth = self.seconds.filter(|_| self.measured > 1);
        self.seconds = Some(smooth.map_or(latest, |mean| mean + WEIGHT * (latest - mean)));
        self.measured += 1;
        self.last = Some((step, now));
        self.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_counted_from_now_and_not_from_the_last_step() {
        let progress = Progress {
            step: 5,
            of: 20,
            seconds_per_step: Some(2.0),
            at: Timestamp::from_millis(10_000),
            ..Progress::default()
        };
        let eta = |now| {
            progress
                .eta(Timestamp::from_millis(now))
                .map(|eta| eta.as_millis())
        };
        assert_eq!(progress.percent(), 25);
        assert_eq!(eta(10_000), Some(30_000));
        assert_eq!(eta(11_500), Some(28_500));
        assert_eq!(eta(99_000), Some(0));
    }

    #[test]
    fn nothing_is_promised_before_a_step_was_measured() {
        assert_eq!(Progress::default().eta(Timestamp::default()), None);
        assert_eq!(Progress::default().percent(), 0);
    }

    #[test]
    fn the_first_step_does_not_spoil_the_measure() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut meter = Meter::default();
        assert_eq!(meter.note(0, at(0)), None);
        assert_eq!(meter.note(1, at(60)), Some(60.0));
        assert_eq!(meter.note(2, at(62)), Some(2.0));
        assert_eq!(meter.note(2, at(63)), Some(2.0));
        let fourth = meter.note(4, at(66)).unwrap();
        assert!((fourth - 2.0).abs() < 1e-9);
    }
}
