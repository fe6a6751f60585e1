//! Which models are to be run, from which files, and how: the configuration and the catalog together.
//!
//! Loads nothing.

use std::path::PathBuf;

use busbar_catalog::{Entry, Kind, Wanted};
use busbar_config::{Config, TextEngine, TextModel};
use busbar_core::ModelId;

use crate::{Error, Result, Shelf};

/// A text model that is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The name clients ask for.
    pub id: ModelId,
    /// The name people read.
    pub title: String,
    /// The licence of the weights.
    pub licence: String,
    /// Its file.
    pub path: PathBuf,
    /// The name to pull it by, where the catalog has it.
    pub catalog_name: Option<String>,
    /// How it is run.
    pub engine: TextEngine,
}

impl Plan {
    /// All models that the configuration lists, the default one first; without any, the catalog's
    /// default.
    ///
    /// # Errors
    /// Those that are not here, all at once, each with how to get it.
    pub fn all(config: &Config, shelf: &Shelf) -> Result<Vec<Self>> {
        let models = &config.models;
        if models.text.is_empty() {
            return Ok(vec![Self::one(config, shelf, None)?]);
        }
        let (mut plans, mut missing) = (Vec::new(), Vec::new());
        for model in &models.text {
            match Self::of(model, shelf) {
                Ok(plan) => plans.push(plan),
                Err(error) => missing.push(error),
            }
        }
        if !missing.is_empty() {
            return Err(match missing.pop() {
                Some(only) if missing.is_empty() => only.into(),
                last => Error::Models(missing.into_iter().chain(last).collect()),
            });
        }
        // Whoever comes first is the default of those who name none.
        plans.sort_by_key(|plan| {
            models
                .default
                .as_deref()
                .is_some_and(|default| plan.id.as_str() != default)
        });
        Ok(plans)
    }

    /// The model of that name: one that the configuration lists, one of the catalog, or a file.
    /// Without a name, the default, if that is one of this machine.
    ///
    /// # Errors
    /// There is no such model, or it is not here; the message says how to get it.
    pub fn one(config: &Config, shelf: &Shelf, name: Option<&str>) -> Result<Self> {
        let models = &config.models;
        let name = name.or_else(|| Self::own_default(config, shelf));
        let listed = match name {
            Some(name) => models.text.iter().find(|model| model.id == name),
            None => models.text.first(),
        };
        if let Some(model) = listed {
            return Ok(Self::of(model, shelf)?);
        }
        let default = || Some(shelf.catalog.default_of(Kind::Text)?.name.to_string());
        // A catalog without a default has no name to look up, and says which names there are.
        let name = name.map(str::to_owned).or_else(default).unwrap_or_default();
        let id = match shelf.catalog.resolve(&name)? {
            Wanted::Entry(entry) => entry.name.to_string(),
            Wanted::File(path) => path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        };
        Ok(Self::found(&id, &name, &models.text_engine, shelf)?)
    }

    /// The default, unless it is a route, or as it seems a model of a provider.
    fn own_default<'a>(config: &'a Config, shelf: &Shelf) -> Option<&'a str> {
        let default = config.models.default.as_deref()?;
        if config.routes.iter().any(|route| route.name.as_str() == default) {
            return None;
        }
        let listed = config.models.text.iter().any(|model| model.id == default);
        let alone = config.models.text.is_empty()
            && (config.providers.is_empty() || shelf.catalog.resolve(default).is_ok());
        (listed || alone).then_some(default)
    }

    fn of(model: &TextModel, shelf: &Shelf) -> busbar_catalog::Result<Self> {
        match &model.path {
            Some(path) => Ok(Self::file(&model.id, path.clone(), &model.engine)),
            None => Self::found(&model.id, &model.id, &model.engine, shelf),
        }
    }

    fn found(id: &str, name: &str, engine: &TextEngine, shelf: &Shelf) -> busbar_catalog::Result<Self> {
        match shelf.catalog.resolve(name)? {
            Wanted::File(path) => Ok(Self::file(id, path, engine)),
            Wanted::Entry(entry) => Ok(Self {
                path: shelf.store.path(entry)?,
                ..Self::entry(id, entry, engine)
            }),
        }
    }

    fn entry(id: &str, entry: &Entry, engine: &TextEngine) -> Self {
        Self {
            id: id.into(),
            title: entry.title.clone(),
            licence: entry.licence.name.clone(),
            path: PathBuf::new(),
            catalog_name: Some(entry.name.to_string()),
            engine: engine.clone(),
        }
    }

    fn file(id: &str, path: PathBuf, engine: &TextEngine) -> Self {
        Self {
            id: id.into(),
            title: id.to_owned(),
            licence: "unknown".to_owned(),
            path,
            catalog_name: None,
            engine: engine.clone(),
        }
    }
}
