//! What every handler knows.

use std::{
    sync::Arc,
    time::{Instant, UNIX_EPOCH},
};

use busbar_core::{Clock, Error, ErrorKind, Fetcher, Guests, Result, Roster, StageKeeper};
use busbar_telemetry::Metrics;

use crate::{Drain, Pictures, Settings, Steering, replay::Replay};

/// What a server is made of.
#[derive(Debug)]
pub struct Parts {
    /// The models it serves; they may still be loading.
    pub models: Roster,
    /// Fetches what clients point to; without one, addresses are refused.
    pub fetcher: Option<Arc<dyn Fetcher>>,
    /// Keeps which classifier is in production; without one there are no stages.
    pub stages: Option<Arc<dyn StageKeeper>>,
    /// Takes in models that are brought while it serves; on most servers nobody does.
    pub guests: Option<Arc<dyn Guests>>,
    /// Pictures as jobs; without a place to record them there are none.
    pub pictures: Option<Pictures>,
    /// The configuration of the process; without one nothing is told about it.
    pub steering: Option<Arc<dyn Steering>>,
    /// Limits and times.
    pub settings: Settings,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where it counts.
    pub metrics: Arc<Metrics>,
    /// Tells it to take nothing new.
    pub drain: Drain,
}

/// What every handler knows; cheap to clone.
#[derive(Clone, Debug)]
pub struct Server(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    replay: Replay,
    /// When it began to serve, seconds since 1970.
    since: u64,
}

impl Server {
    /// A server of these parts.
    pub fn new(parts: Parts) -> Self {
        let since = unix_seconds(&*parts.clock);
        let replay = Replay::new(parts.settings.replay, parts.clock.clone());
        Self(Arc::new(Inner { parts, replay, since }))
    }

    /// The models it serves.
    pub fn models(&self) -> &Roster {
        &self.0.parts.models
    }

    /// Fetches what clients point to.
    ///
    /// # Errors
    /// `Unsupported`, naming the field, where this server fetches nothing.
    pub(crate) fn fetcher(&self, param: &str) -> Result<&dyn Fetcher> {
        self.0.parts.fetcher.as_deref().ok_or_else(|| {
            let message = format!("`{param}` is an address, and this server fetches none: send the bytes");
            Error::new(ErrorKind::Unsupported, message)
                .with_param(param)
                .with_code("fetching_disabled")
        })
    }

    /// Keeps which classifier is in production.
    pub(crate) fn stages(&self) -> Option<&dyn StageKeeper> {
        self.0.parts.stages.as_deref()
    }

    /// Takes in models that are brought.
    pub(crate) fn guests(&self) -> Option<&dyn Guests> {
        self.0.parts.guests.as_deref()
    }

    /// Pictures as jobs.
    ///
    /// # Errors
    /// `Unavailable`, where this server keeps no jobs.
    pub(crate) fn pictures(&self) -> Result<&Pictures> {
        self.0.parts.pictures.as_ref().ok_or_else(|| {
            let message = "this server keeps no jobs: it has no place to record them";
            Error::new(ErrorKind::Unavailable, message).with_code("jobs_disabled")
        })
    }

    /// The configuration of the process.
    ///
    /// # Errors
    /// `Unavailable`, where this server has none that could change.
    pub(crate) fn steering(&self) -> Result<&dyn Steering> {
        self.0.parts.steering.as_deref().ok_or_else(|| {
            let message = "this server has no configuration that could be seen or changed";
            Error::new(ErrorKind::Unavailable, message).with_code("configuration_disabled")
        })
    }

    /// Limits and times.
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// Where it counts.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.parts.metrics
    }

    /// Tells it to take nothing new.
    pub fn drain(&self) -> &Drain {
        &self.0.parts.drain
    }

    /// What time it is, for those who outlive a call.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.0.parts.clock.clone()
    }

    /// Monotonic time.
    pub fn now(&self) -> Instant {
        self.0.parts.clock.now()
    }

    /// What time it is, seconds since 1970.
    pub fn unix_seconds(&self) -> u64 {
        unix_seconds(&*self.0.parts.clock)
    }

    /// The streams that outlive their connections.
    pub(crate) fn replay(&self) -> &Replay {
        &self.0.replay
    }

    /// When it began to serve, seconds since 1970.
    pub(crate) fn since(&self) -> u64 {
        self.0.since
    }
}

fn unix_seconds(clock: &dyn Clock) -> u64 {
    clock
        .wall()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
