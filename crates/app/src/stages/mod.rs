//! Which classifier is in production: kept in a file, in force without a restart.
//!
//! Whoever changes the file, this process or another, the models of this one follow within a second or two.

mod file;
mod offline;

use std::{sync::Arc, time::Duration};

use busbar_config::Config;
use busbar_core::{
    BoxFuture, Error, ErrorKind, Model, ModelId, Readiness, Result, Roster, Stage, StageChange, StageKeeper,
    Staged, Stages,
};
use tokio::task::{AbortHandle, spawn_blocking};

use crate::{Shelf, SightPlan, directory, local};
use file::{Mark, StageFile};
pub use offline::Registry;

/// The file is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Keeps stages for a server.
#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    watching: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    file: StageFile,
    roster: Roster,
    config: Config,
    shelf: Shelf,
}

impl Keeper {
    /// Reads the stages, puts the roster's models at them, and follows the file from then on.
    ///
    /// # Errors
    /// Where the file is damaged: another model must not answer in silence.
    pub(crate) fn open(config: &Config, roster: &Roster) -> crate::Result<Self> {
        let shelf = Shelf::open(config)?;
        let shared = Shared {
            file: StageFile::at(&config.storage.home),
            roster: roster.clone(),
            config: directory::listed(config.clone(), &shelf)?,
            shelf,
        };
        shared.roster.stage(shared.file.read()?, Vec::new());
        let shared = Arc::new(shared);
        let watching = tokio::spawn(follow(shared.clone())).abort_handle();
        Ok(Self { shared, watching })
    }
}

/// The names of the models at any stage. A file that cannot be read names none: opening it says so.
pub(crate) fn models(config: &Config) -> Vec<String> {
    let stages = StageFile::at(&config.storage.home).read().unwrap_or_default();
    stages.models().map(ToString::to_string).collect()
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl StageKeeper for Keeper {
    fn stages(&self) -> Stages {
        self.shared.roster.models().stages().clone()
    }

    fn change(&self, change: StageChange) -> BoxFuture<'_, Result<Stages>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let changing = spawn_blocking(move || shared.change(change));
            changing
                .await
                .unwrap_or_else(|_| Err(Error::internal("the change broke off")))
        })
    }
}

impl Shared {
    fn change(&self, change: StageChange) -> Result<Stages> {
        if matches!(self.roster.readiness(), Readiness::Loading) {
            let message = "the models are still being loaded";
            return Err(Error::new(ErrorKind::Unavailable, message).with_code("loading"));
        }
        let mut loaded = Vec::new();
        let change = match change {
            StageChange::Nominate(staged) => StageChange::Nominate(self.known(&staged, &mut loaded)?),
            StageChange::Promote(Some(staged)) => {
                StageChange::Promote(Some(self.known(&staged, &mut loaded)?))
            }
            other => other,
        };
        let stages = self.file.change(|before| {
            let after = before.after(change)?;
            // One that was put there by another process, or that another configuration serves.
            for staged in [&after.production, &after.candidate].into_iter().flatten() {
                if !loaded.iter().any(|model: &Model| model.card.id == staged.model) {
                    self.known(staged, &mut loaded)?;
                }
            }
            Ok(after)
        })?;
        self.enforce(stages.clone(), loaded);
        Ok(stages)
    }

    /// The model that is meant, with its version; where it is not served yet, it is loaded.
    fn known(&self, staged: &Staged, loaded: &mut Vec<Model>) -> Result<Staged> {
        let models = self.roster.models();
        let absent = match models.classifier(staged.model.as_str()) {
            Ok((card, _)) => return Ok(of(models.get(card.id.as_str())?)),
            Err(error) if error.kind() == ErrorKind::NotFound => error,
            Err(error) => return Err(error),
        };
        let plan = SightPlan::called(staged.model.as_str(), &self.config, &self.shelf);
        let plan = plan.ok().flatten().ok_or(absent)?;
        let model = local::load_sight(&plan).map_err(|error| {
            let message = error.to_string();
            Error::new(ErrorKind::Unavailable, message).with_code("model_broken")
        })?;
        let staged = of(&model);
        loaded.push(model);
        Ok(staged)
    }

    fn enforce(&self, stages: Stages, loaded: Vec<Model>) {
        if *self.roster.models().stages() != stages {
            let at = |stage| stages.at(stage).map(|staged| staged.model.as_str());
            tracing::info!(
                production = at(Stage::Production),
                candidate = at(Stage::Candidate),
                previous = at(Stage::Previous),
                "other models are in production or beside it"
            );
        }
        self.roster.stage(stages, loaded);
    }

    /// Takes over what the file says now.
    fn take_over(&self) -> Result<()> {
        let stages = self.file.read()?;
        let mut loaded = Vec::new();
        let models: Vec<ModelId> = stages.models().cloned().collect();
        for model in models {
            let meant = Staged { model, version: None };
            if let Err(error) = self.known(&meant, &mut loaded) {
                tracing::error!(model = meant.model.as_str(), %error, "a model of the registry cannot be served");
            }
        }
        self.enforce(stages, loaded);
        self.compare();
        Ok(())
    }

    /// A model's file may have been replaced since it was promoted.
    fn compare(&self) {
        let models = self.roster.models();
        for staged in [&models.stages().production, &models.stages().candidate]
            .into_iter()
            .flatten()
        {
            let Ok(here) = models.get(staged.model.as_str()) else {
                continue;
            };
            if staged.version.is_some() && here.version != staged.version {
                tracing::warn!(
                    model = staged.model.as_str(),
                    meant = staged.version,
                    here = here.version,
                    "another version is here than the one that was meant; promote it to say that it is right"
                );
            }
        }
    }
}

fn of(model: &Model) -> Staged {
    Staged {
        model: model.card.id.clone(),
        version: model.version.clone(),
    }
}

/// Follows the file once the models are loaded.
async fn follow(shared: Arc<Shared>) {
    let mut seen: Option<Mark> = None;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if matches!(shared.roster.readiness(), Readiness::Loading) {
            continue;
        }
        let here = shared.clone();
        let looked = spawn_blocking(move || {
            let mark = here.file.mark();
            if seen == Some(mark) {
                return mark;
            }
            if let Err(error) = here.take_over() {
                tracing::error!(%error, "the registry cannot be followed; what was in force stays");
            }
            mark
        });
        seen = looked.await.ok().or(seen);
    }
}
