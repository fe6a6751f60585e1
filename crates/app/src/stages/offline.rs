//! The registry of models for commands: on this machine, where servers on the same data directory follow, or
//! behind the server that the configuration names.

use busbar_config::Config;
use busbar_core::{ErrorKind, Stage, StageChange, Staged, Stages};

use crate::{Remote, Result, Shelf, SightPlan, directory, stages::file::StageFile};

/// The registry of models.
#[derive(Debug)]
pub struct Registry {
    remote: Option<Remote>,
    file: StageFile,
    config: Config,
    shelf: Shelf,
}

impl Registry {
    /// The one of the server that the configuration names, else of its data directory.
    ///
    /// # Errors
    /// The catalog is wrong.
    pub fn open(config: &Config) -> Result<Self> {
        Ok(Self {
            remote: Remote::new(&config.client),
            file: StageFile::at(&config.storage.home),
            config: config.clone(),
            shelf: Shelf::open(config)?,
        })
    }

    /// The stages. Blocks.
    ///
    /// # Errors
    /// The file is damaged, or the server cannot be reached.
    pub fn stages(&self) -> Result<Stages> {
        Ok(match &self.remote {
            Some(remote) => remote.stages()?,
            None => self.file.read()?,
        })
    }

    /// The model at the stage of that name, where there is such a stage and a model at it.
    ///
    /// # Errors
    /// As [`Registry::stages`].
    pub fn at(&self, stage: &str) -> Result<Option<String>> {
        let Some(stage) = Stage::named(stage) else {
            return Ok(None);
        };
        let stages = self.stages()?;
        Ok(stages.at(stage).map(|staged| staged.model.to_string()))
    }

    /// Changes them. Blocks.
    ///
    /// # Errors
    /// There is no such model, or the change makes no sense.
    pub fn change(&self, change: StageChange) -> Result<Stages> {
        if let Some(remote) = &self.remote {
            return Ok(remote.change_stages(&change)?);
        }
        let change = match change {
            StageChange::Nominate(staged) => StageChange::Nominate(self.known(&staged)?),
            StageChange::Promote(Some(staged)) => StageChange::Promote(Some(self.known(&staged)?)),
            other => other,
        };
        Ok(self.file.change(|before| before.after(change))?)
    }

    fn known(&self, staged: &Staged) -> Result<Staged> {
        let stage = self.at(staged.model.as_str())?;
        let name = stage.as_deref().unwrap_or(staged.model.as_str());
        let config = directory::listed(self.config.clone(), &self.shelf)?;
        let plan = SightPlan::called(name, &config, &self.shelf)?.ok_or_else(|| {
            let message = format!(
                "`{name}` looks at no pictures here: name a model of `models.vision`, or one of kind `vision` of \
                 `busbar models list`"
            );
            busbar_core::Error::new(ErrorKind::NotFound, message)
        })?;
        Ok(Staged {
            version: Some(plan.version()?),
            model: plan.id.into(),
        })
    }
}
