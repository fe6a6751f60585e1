//! Loads the models one after the other while the server already answers.

use std::{sync::Arc, thread};

use busbar_core::{Error as ModelError, ErrorKind, Models, Readiness, Roster};
use busbar_telemetry::Metrics;
use tokio::sync::oneshot;

use crate::{Error, Plan, SightPlan, local};

/// Loads models on a thread of its own, beside those that need no loading; each is in service as soon as it
/// is there.
///
/// The result comes only if none at all could be loaded. One of several that cannot be is reported and
/// left out.
pub(crate) fn in_background(
    plans: Vec<Plan>,
    sights: Vec<SightPlan>,
    models: Models,
    roster: Roster,
    metrics: Arc<Metrics>,
) -> oneshot::Receiver<Error> {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        if let Some(error) = load(&plans, &sights, models, &roster, &metrics) {
            // The server may have been stopped meanwhile.
            let _unheard = tell.send(error);
        }
    });
    told
}

fn load(
    plans: &[Plan],
    sights: &[SightPlan],
    mut models: Models,
    roster: &Roster,
    metrics: &Metrics,
) -> Option<Error> {
    let mut failure = None;
    if models.iter().next().is_some() {
        roster.publish(models.clone(), Readiness::Loading);
    }
    for plan in plans {
        tracing::info!(model = plan.id.as_str(), threads = plan.engine.threads, "loading");
        match local::load(plan) {
            Ok(loaded) => {
                models = models.with(loaded.model);
                metrics.watch_engine(loaded.figures);
                roster.publish(models.clone(), Readiness::Loading);
            }
            Err(error) => {
                tracing::error!(model = plan.id.as_str(), %error, "a model could not be loaded");
                failure = Some(error);
            }
        }
    }
    // After those that answer in text: the first model is the one meant when none is named.
    for plan in sights {
        match local::load_sight(plan) {
            Ok(model) => models = models.with(model),
            Err(error) => {
                tracing::error!(model = plan.id, %error, "a model could not be loaded");
                failure = Some(error);
            }
        }
    }
    let none = models.iter().next().is_none();
    let readiness = match &failure {
        Some(error) => Readiness::Failed(ModelError::new(ErrorKind::Unavailable, error.to_string())),
        None => Readiness::Ready,
    };
    tracing::info!(models = models.iter().count(), "loaded");
    roster.publish(models, readiness);
    failure.filter(|_| none)
}
