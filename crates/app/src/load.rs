//! From a checked configuration to the models in service: the one way there is, at the start and whenever
//! the configuration changes.
//!
//! `Wanted::of` finds everything that is wrong and loads nothing; `Wanted::load` loads what is not there
//! yet. What did not change is kept as it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use busbar_config::Config;
use busbar_core::{AnswerStore, Model, Models};
use busbar_routing::{Place, Placed, Routing};
use busbar_telemetry::{Metrics, Watched};

use crate::{
    Error, ImageFiles, ImagePlan, Plan, Result, Shelf, SightPlan, directory,
    hosted::Hosted,
    images, local,
    routes::{self, Routes},
    stages,
};

/// What of the work a process does itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    #[default]
    All,
    /// It answers, and leaves jobs to workers on the same data directory.
    Api,
    /// It works on jobs, and answers nobody.
    Worker,
    /// It answers for models that whoever runs it brings one by one, and for no others.
    Host,
}

/// The models that a configuration wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    plans: Vec<Plan>,
    sights: Vec<SightPlan>,
    images: Vec<ImagePlan>,
    hosted: Hosted,
    role: Role,
    routes: Routes,
    guests: Arrivals,
}

/// The models that were brought, by their names, and where each is.
pub(crate) type Arrivals = BTreeMap<String, PathBuf>;

/// The models that are there, and what each was made from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    text: Vec<(Plan, Loaded)>,
    sights: Vec<(SightPlan, Model)>,
    images: Vec<(ImagePlan, Model)>,
    hosted: Hosted,
    role: Role,
    routing: Option<Arc<Routing>>,
    /// Those that are to be there beside what the configuration says.
    pub(crate) guests: Arrivals,
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
    /// Whether nothing can be served but what is a part of the program: that is always there, and a
    /// server whose own models all failed is of no use nevertheless.
    pub(crate) nothing: bool,
}

impl Wanted {
    /// The models that a configuration wants, none loaded yet.
    ///
    /// # Errors
    /// One of them is not here; a provider's section is wrong; a route or the default names a model
    /// that is none.
    pub(crate) fn of(config: &Config, before: &Kept) -> Result<Self> {
        let shelf = Shelf::open(config)?;
        let config = directory::listed(config.clone(), &shelf)?;
        let config = directory::with_guests(config, &before.guests, &shelf)?;
        let config = &config;
        let (hosted, role) = (Hosted::of(config, &before.hosted)?, before.role);
        let plans = plans(config, &shelf, role)?;
        let sights = sights(config, &shelf, role)?;
        let images = images(config, &shelf, &hosted, role)?;
        if role != Role::Worker {
            let elsewhere = hosted.models().map(|placed| placed.model.card.id.to_string());
            let known = elsewhere.chain(plans.iter().map(|plan| plan.id.to_string()));
            let mut known: BTreeSet<String> = known.collect();
            routes::check(config, &known)?;
            // Where nothing is listed, the default is the one that was loaded.
            if lists_any(config) {
                known.extend(sights.iter().map(|plan| plan.id.to_string()));
                known.extend(images.iter().map(|plan| plan.id.to_string()));
                routes::check_default(config, &known)?;
            }
        }
        Ok(Self {
            plans,
            sights,
            images,
            hosted,
            role,
            guests: before.guests.clone(),
            routes: Routes::of(config, before.routing.as_ref())?,
        })
    }

    /// Loads what is not there yet; `ready` hears of each model that can be served, with all those before
    /// it. Takes seconds, and blocks.
    pub(crate) fn load(&self, before: &Kept, metrics: &Metrics, mut ready: impl FnMut(&Models)) -> Outcome {
        let mut placed: Vec<Placed> = self.hosted.models().collect();
        let mut kept = Kept {
            hosted: self.hosted.clone(),
            role: self.role,
            routing: Some(self.routes.routing()),
            guests: self.guests.clone(),
            ..Kept::default()
        };
        let mut failures = Vec::new();
        if !placed.is_empty() {
            ready(&self.routes.models(&placed));
        }
        for plan in &self.plans {
            match before.text(plan).map_or_else(|| loaded(plan, metrics), Ok) {
                Ok(loaded) => {
                    placed.push(here(loaded.model.clone()));
                    ready(&self.routes.models(&placed));
                    kept.text.push((plan.clone(), loaded));
                }
                Err(error) => failures.push(error),
            }
        }
        // After those that answer in text: the first model is the one meant when none is named.
        for plan in &self.sights {
            match before.sight(plan).map_or_else(|| local::load_sight(plan), Ok) {
                Ok(model) => {
                    placed.push(here(model.clone()));
                    kept.sights.push((plan.clone(), model));
                }
                Err(error) => {
                    tracing::error!(model = plan.id, %error, "a model could not be loaded");
                    failures.push(error);
                }
            }
        }
        let mut nothing = placed.is_empty();
        for plan in &self.images {
            match before.image(plan).map_or_else(|| images::load(plan), Ok) {
                Ok(model) => {
                    nothing &= plan.files == ImageFiles::BuiltIn;
                    placed.push(here(model.clone()));
                    kept.images.push((plan.clone(), model));
                }
                Err(error) => {
                    tracing::error!(model = plan.id, %error, "a model could not be loaded");
                    failures.push(error);
                }
            }
        }
        Outcome {
            // Where nothing is wanted but what is built in, that is something.
            nothing: nothing && (!failures.is_empty() || placed.is_empty()) && self.role != Role::Host,
            models: self.routes.models(&placed),
            kept,
            failures,
        }
    }

    /// Keeps the answers of its routes there too, and those of all that come after it.
    pub(crate) fn keep_answers_in(&self, store: Arc<dyn AnswerStore>) {
        self.routes.routing().keep_answers_in(store);
    }

    /// Fetches the keys that are kept elsewhere, unless they are known.
    ///
    /// # Errors
    /// Those that cannot be had, each by its field.
    pub(crate) async fn fetch_keys(&self) -> Result<()> {
        self.hosted.fetch_keys().await
    }

    /// What of the work this process does.
    pub(crate) fn role(&self) -> Role {
        self.role
    }
}

/// A model of this process.
fn here(model: Model) -> Placed {
    Placed {
        place: Place::here(),
        model,
    }
}

impl Kept {
    /// Nothing yet, in a process of this role.
    pub(crate) fn nothing(role: Role) -> Self {
        Self {
            role,
            ..Self::default()
        }
    }

    fn text(&self, plan: &Plan) -> Option<Loaded> {
        let same = self.text.iter().find(|(other, _)| other == plan);
        same.map(|(_, loaded)| loaded.clone())
    }

    fn image(&self, plan: &ImagePlan) -> Option<Model> {
        let same = self.images.iter().find(|(other, _)| other == plan);
        same.map(|(_, model)| model.clone())
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

/// The text models to load. Whoever lists models of another kind, or has providers, and lists none of
/// these wants none. A build without engines has none, and says so at /readyz.
fn plans(config: &Config, shelf: &Shelf, role: Role) -> Result<Vec<Plan>> {
    if role == Role::Worker {
        return Ok(Vec::new());
    }
    if !cfg!(feature = "text") {
        tracing::warn!("this build has no local engine; there is no model to serve");
        return Ok(Vec::new());
    }
    if config.models.text.is_empty() && (lists_any(config) || role == Role::Host) {
        return Ok(Vec::new());
    }
    Plan::all(config, shelf)
}

/// Whether a configuration lists any model, of whatever kind, or has providers.
fn lists_any(config: &Config) -> bool {
    let models = &config.models;
    !models.text.is_empty()
        || !config.providers.is_empty()
        || models.directory.is_some()
        || !models.images.is_empty()
        || !models.vision.is_empty()
}

fn sights(config: &Config, shelf: &Shelf, role: Role) -> Result<Vec<SightPlan>> {
    if !cfg!(feature = "vision") || role == Role::Worker {
        return Ok(Vec::new());
    }
    // The catalog's default is for those who list nothing; here that means nobody was brought yet.
    if role == Role::Host && config.models.vision.is_empty() {
        return Ok(Vec::new());
    }
    let mut sights = SightPlan::all(config, shelf)?;
    // One that was promoted while a server ran is there after a restart, too.
    for model in stages::models(config) {
        if sights.iter().any(|plan| plan.id == model) {
            continue;
        }
        match SightPlan::called(&model, config, shelf) {
            Ok(Some(plan)) => sights.push(plan),
            Ok(None) => tracing::error!(model, "a model of the registry is not here"),
            Err(error) => tracing::error!(model, %error, "a model of the registry is not here"),
        }
    }
    Ok(sights)
}

/// The models that make pictures. Where none is listed and nobody else has one, the one that is built in.
/// A process that leaves the work to others needs their names only.
fn images(config: &Config, shelf: &Shelf, hosted: &Hosted, role: Role) -> Result<Vec<ImagePlan>> {
    if role == Role::Host && config.models.images.is_empty() {
        return Ok(Vec::new());
    }
    if config.models.images.is_empty() {
        let elsewhere = hosted.models().any(|placed| placed.model.image.is_some());
        let mut built_in = ImagePlan::built_in(config).filter(|_| !elsewhere);
        if let Some(plan) = built_in.as_mut().filter(|_| role == Role::Api) {
            plan.files = ImageFiles::Elsewhere;
        }
        return Ok(built_in.into_iter().collect());
    }
    match role {
        Role::Api => Ok(ImagePlan::names(config, shelf)),
        Role::All | Role::Worker | Role::Host if cfg!(feature = "image") => ImagePlan::all(config, shelf),
        Role::All | Role::Worker | Role::Host => Err(Error::NoImageEngine),
    }
}

#[cfg(test)]
mod tests;
