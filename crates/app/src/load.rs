//! From a checked configuration to the models in service: the one way there is, at the start and whenever
//! the configuration changes.
//!
//! `Wanted::of` finds everything that is wrong and loads nothing; `Wanted::load` loads what is not there
//! yet. What did not change is kept as it is.

use std::sync::Arc;

use busbar_config::Config;
use busbar_core::{Model, Models};
use busbar_telemetry::{Metrics, Watched};

use crate::{Error, Plan, Result, Shelf, SightPlan, hosted::Hosted, local};

/// The models that a configuration wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    plans: Vec<Plan>,
    sights: Vec<SightPlan>,
    hosted: Hosted,
    aliases: Vec<(String, String)>,
}

/// The models that are there, and what each was made from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    text: Vec<(Plan, Loaded)>,
    sights: Vec<(SightPlan, Model)>,
    hosted: Hosted,
}

/// A text model, and its figures for as long as it is in service.
#[derive(Clone, Debug)]
struct Loaded {
    model: Model,
    _figures: Arc<Watched>,
}

/// What came of loading.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// All that can be served.
    pub(crate) models: Models,
    /// What to keep of it for the next configuration.
    pub(crate) kept: Kept,
    /// Those that could not be loaded, and why.
    pub(crate) failures: Vec<Error>,
}

impl Wanted {
    /// The models that a configuration wants, none loaded yet.
    ///
    /// # Errors
    /// One of them is not here; a provider's section is wrong.
    pub(crate) fn of(config: &Config, before: &Kept) -> Result<Self> {
        let shelf = Shelf::open(config)?;
        Ok(Self {
            plans: plans(config, &shelf)?,
            sights: sights(config, &shelf)?,
            hosted: Hosted::of(config, &before.hosted)?,
            aliases: config.models.aliases.clone(),
        })
    }

    /// Loads what is not there yet; `ready` hears of each model that can be served, with all those before
    /// it. Takes seconds, and blocks.
    pub(crate) fn load(&self, before: &Kept, metrics: &Metrics, mut ready: impl FnMut(&Models)) -> Outcome {
        let mut models = self.hosted.models().fold(self.named(), Models::with);
        let mut kept = Kept {
            hosted: self.hosted.clone(),
            ..Kept::default()
        };
        let mut failures = Vec::new();
        if models.iter().next().is_some() {
            ready(&models);
        }
        for plan in &self.plans {
            match before.text(plan).map_or_else(|| loaded(plan, metrics), Ok) {
                Ok(loaded) => {
                    models = models.with(loaded.model.clone());
                    ready(&models);
                    kept.text.push((plan.clone(), loaded));
                }
                Err(error) => failures.push(error),
            }
        }
        // After those that answer in text: the first model is the one meant when none is named.
        for plan in &self.sights {
            match before.sight(plan).map_or_else(|| local::load_sight(plan), Ok) {
                Ok(model) => {
                    models = models.with(model.clone());
                    kept.sights.push((plan.clone(), model));
                }
                Err(error) => {
                    tracing::error!(model = plan.id, %error, "a model could not be loaded");
                    failures.push(error);
                }
            }
        }
        Outcome {
            models,
            kept,
            failures,
        }
    }

    /// No model yet, but the other names of those that come.
    fn named(&self) -> Models {
        self.aliases
            .iter()
            .fold(Models::default(), |models, (name, model)| {
                models.with_alias(name, model.as_str().into())
            })
    }
}

impl Kept {
    fn text(&self, plan: &Plan) -> Option<Loaded> {
        let same = self.text.iter().find(|(other, _)| other == plan);
        same.map(|(_, loaded)| loaded.clone())
    }

    fn sight(&self, plan: &SightPlan) -> Option<Model> {
        let same = self.sights.iter().find(|(other, _)| other == plan);
        same.map(|(_, model)| model.clone())
    }
}

fn loaded(plan: &Plan, metrics: &Metrics) -> Result<Loaded> {
    tracing::info!(model = plan.id.as_str(), threads = plan.engine.threads, "loading");
    let loaded = local::load(plan).inspect_err(|error| {
        tracing::error!(model = plan.id.as_str(), %error, "a model could not be loaded");
    })?;
    Ok(Loaded {
        model: loaded.model,
        _figures: Arc::new(metrics.watch_engine(loaded.figures)),
    })
}

/// The text models to load. Whoever has providers and lists no model of their own wants none. A build
/// without engines has none, and says so at /readyz.
fn plans(config: &Config, shelf: &Shelf) -> Result<Vec<Plan>> {
    if !cfg!(feature = "text") {
        tracing::warn!("this build has no local engine; there is no model to serve");
        return Ok(Vec::new());
    }
    if config.models.text.is_empty() && !config.providers.is_empty() {
        return Ok(Vec::new());
    }
    Plan::all(config, shelf)
}

fn sights(config: &Config, shelf: &Shelf) -> Result<Vec<SightPlan>> {
    if cfg!(feature = "vision") {
        SightPlan::all(config, shelf)
    } else {
        Ok(Vec::new())
    }
}
