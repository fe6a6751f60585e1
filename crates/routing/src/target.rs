//! A target: a model at a place, with its health.

use std::{fmt, sync::Arc};

use busbar_core::{Capabilities, Model, ModelId, Price, Served};

use crate::health::Health;

/// Where a model is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Who hosts it: a provider's name, or [`Place::HERE`].
    pub provider: String,
    /// In which region, where the host has some.
    pub region: Option<String>,
}

impl Place {
    /// What stands for a provider where a model runs in this process.
    pub const HERE: &str = "local";

    /// This process.
    pub fn here() -> Self {
        Self {
            provider: Self::HERE.to_owned(),
            region: None,
        }
    }

    pub(crate) fn is_here(&self) -> bool {
        self.provider == Self::HERE
    }
}

/// A model at a place. What it is called by is `provider/region/model`.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: Arc<str>,
    pub(crate) id: ModelId,
    pub(crate) place: Place,
    /// `None`: it is not there yet, or could not be loaded.
    pub(crate) model: Option<Model>,
    pub(crate) health: Arc<Health>,
}

impl Target {
    pub(crate) fn name_of(place: &Place, model: &str) -> String {
        match &place.region {
            Some(region) => format!("{}/{region}/{model}", place.provider),
            None => format!("{}/{model}", place.provider),
        }
    }

    pub(crate) fn can(&self) -> Option<&Capabilities> {
        self.model.as_ref().map(|model| &model.card.capabilities)
    }

    pub(crate) fn price(&self) -> Option<&Price> {
        self.model.as_ref()?.card.price.as_ref()
    }

    pub(crate) fn served(&self) -> Served {
        Served {
            target: Arc::clone(&self.name),
            model: self.id.clone(),
            price: self.price().cloned(),
        }
    }

    /// Whether somebody means it by this: a provider, a provider and region, a model, or its whole name.
    pub(crate) fn is_meant(&self, by: &str) -> bool {
        let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
        self.id.as_str() == by || self.name.strip_prefix(by).is_some_and(below)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
