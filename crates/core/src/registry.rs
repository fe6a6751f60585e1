//! The models of this process, by name.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    ChatModel, Classifier, Embedder, Error, ErrorKind, ImageModel, ModelCard, ModelId, Relay, Result, Task,
    TokenCounter,
};

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
    /// Says what is on pictures.
    pub classify: Option<Arc<dyn Classifier>>,
    /// Makes pictures.
    pub image: Option<Arc<dyn ImageModel>>,
}

impl Model {
    /// A model that does nothing yet.
    pub fn new(card: ModelCard) -> Self {
        Self {
            card,
            chat: None,
            relay: None,
            embed: None,
            tokens: None,
            classify: None,
            image: None,
        }
    }
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

    /// The model asked for, as one that says what is on pictures. Where none is named, the first that
    /// does.
    ///
    /// # Errors
    /// `NotFound` as [`Models::get`]; `Unsupported` where it does something else.
    pub fn classifier(&self, id: &str) -> Result<(&ModelCard, Arc<dyn Classifier>)> {
        self.specialist(id, Task::Classify, |model| model.classify.clone())
    }

    /// The model asked for, as one that makes pictures. Where none is named, the first that does.
    ///
    /// # Errors
    /// `NotFound` as [`Models::get`]; `Unsupported` where it does something else.
    pub fn image(&self, id: &str) -> Result<(&ModelCard, Arc<dyn ImageModel>)> {
        self.specialist(id, Task::Image, |model| model.image.clone())
    }

    fn specialist<T>(
        &self,
        id: &str,
        task: Task,
        part: impl Fn(&Model) -> Option<T>,
    ) -> Result<(&ModelCard, T)> {
        let unnamed = id.is_empty() || id == "default";
        let first = || self.by_id.values().find(|model| part(model).is_some());
        let model = match unnamed.then(first).flatten() {
            Some(model) => model,
            None => self.get(id)?,
        };
        let part = part(model).ok_or_else(|| cannot(&model.card, task))?;
        Ok((&model.card, part))
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
