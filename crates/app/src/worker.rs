//! A process that works on jobs and answers nobody: its jobs come from the data directory.

use std::sync::Arc;

use busbar_config::Config;
use busbar_core::{Error as ModelError, ErrorKind, Readiness, Roster};
use busbar_telemetry::Metrics;

use crate::{
    Ended, Result, about,
    assembled::Front,
    clock::SystemClock,
    figures::Figures,
    images::{Studio, StudioSettings},
    later,
    load::{Kept, Role, Wanted},
    signals::Signals,
};

/// Makes pictures until a signal comes, and then finishes what is under way or gives it back. Any number
/// of such processes work beside one another, and beside servers, on one data directory.
///
/// # Errors
/// A model that is not here or cannot be loaded; a data directory of no use.
pub async fn work(config: Config) -> Result<Ended> {
    // Before anything that takes time: a signal that comes meanwhile is not lost.
    let signals = Signals::listen()?;
    let before = Kept::nothing(Role::Worker);
    // What is missing is said before anything is opened.
    let wanted = Wanted::of(&config, &before)?;
    let clock = Arc::new(SystemClock);
    let metrics = Metrics::new(about::build_info(), clock.clone());
    if let Some(figures) = Figures::of(&config.metrics, Front::Listener) {
        metrics.follow(Box::new(figures));
    }
    let roster = Roster::loading();
    let settings = StudioSettings {
        notices: later::Places::of(&config)?.map(later::notices),
        ..StudioSettings::new(&config)
    };
    let studio = Studio::open(settings, &roster, clock, metrics.clone()).await?;
    // Loading blocks for seconds.
    let loading = tokio::task::spawn_blocking(move || wanted.load(&before, &metrics, |_| ()));
    tokio::pin!(loading);
    let loaded = tokio::select! {
        loaded = &mut loading => loaded,
        () = signals.first() => return Ok(Ended::Finished),
    };
    let mut loaded =
        loaded.map_err(|error| ModelError::internal("loading the models broke off").with_source(error))?;
    let failure = loaded.failures.pop();
    let readiness = match &failure {
        Some(error) => Readiness::Failed(ModelError::new(ErrorKind::Unavailable, error.to_string())),
        None => Readiness::Ready,
    };
    if let Some(error) = failure.filter(|_| loaded.nothing) {
        return Err(error);
    }
    tracing::info!(models = loaded.models.iter().count(), "loaded");
    roster.publish(loaded.models, readiness);
    signals.first().await;
    tokio::select! {
        () = studio.ended() => Ok(Ended::Finished),
        () = signals.second() => Ok(Ended::AtOnce),
    }
}
