//! The models of this process, by name.

use std::{collections::BTreeMap, sync::Arc};

use crate::{ChatModel, Embedder, Error, ErrorKind, ModelCard, ModelId, Relay, Result, Task, TokenCounter};

/// A model with everything that it can do.
#[derive(Clone, Debug)]
pub struct Model {
    /// What it is.
    pub card: ModelCard,
    /// Answers in text.
    pub chat: Option<Arc<dyn ChatModel>>,
    /// Takes requests as they were written.
    pub relay: Option<Arc<dyn Relay>>,
    /// Makes vectors.
    pub embed: Option<Arc<dyn Embedder>>,
    /// Counts tokens.
    pub tokens: Option<Arc<dyn TokenCounter>>,
}

/// The models that clients may ask for, and which one is meant when they name none.
#[derive(Clone, Debug, Default)]
pub struct Models {
    by_id: BTreeMap<ModelId, Model>,
    default: Option<ModelId>,
}

impl Models {
    /// Adds a model; the first one becomes the default. A second of the same name replaces it.
    #[must_use]
    pub fn with(mut self, model: Model) -> Self {
        let id = model.card.id.clone();
        self.default.get_or_insert_with(|| id.clone());
        self.by_id.insert(id, model);
        self
    }

    /// The model asked for, or the default where `id` is empty or `default`.
    ///
    /// # Errors
    /// `NotFound`, listing the names there are.
    pub fn get(&self, id: &str) -> Result<&Model> {
        let wanted = match id {
            "" | "default" => self.default.as_ref(),
            _ => None,
        };
        let found = wanted.map_or_else(|| self.by_id.get(&ModelId::new(id)), |id| self.by_id.get(id));
        found.ok_or_else(|| {
            let known: Vec<_> = self.by_id.keys().map(ModelId::as_str).collect();
            Error::new(
                ErrorKind::NotFound,
                format!(
                    "no model is called `{id}`; there are: {}",
                    if known.is_empty() {
                        "none".into()
                    } else {
                        known.join(", ")
                    }
                ),
            )
            .with_param("model")
            .with_code("model_not_found")
        })
    }

    /// The model asked for, as one that answers in text.
    ///
    /// # Errors
    /// `NotFound` as [`Models::get`]; `Unsupported` where it does something else.
    pub fn chat(&self, id: &str) -> Result<(&ModelCard, Arc<dyn ChatModel>)> {
        let model = self.get(id)?;
        let chat = model
            .chat
            .clone()
            .ok_or_else(|| cannot(&model.card, Task::Chat))?;
        Ok((&model.card, chat))
    }

    /// The model asked for, as one that makes vectors.
    ///
    /// # Errors
    /// `NotFound` as [`Models::get`]; `Unsupported` where it does something else.
    pub fn embedder(&self, id: &str) -> Result<(&ModelCard, Arc<dyn Embedder>)> {
        let model = self.get(id)?;
        let embed = model
            .embed
            .clone()
            .ok_or_else(|| cannot(&model.card, Task::Embed))?;
        Ok((&model.card, embed))
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.by_id.values()
    }

    /// The name of the one meant when none is named.
    pub fn default_id(&self) -> Option<&ModelId> {
        self.default.as_ref()
    }
}

fn cannot(card: &ModelCard, task: Task) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("`{}` does not do `{}`", card.id, task.as_str()),
    )
    .with_param("model")
    .with_code("unsupported_task")
}
