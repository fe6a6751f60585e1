//! The models of a process that already answers while they are still being loaded.

use std::sync::{Arc, PoisonError, RwLock};

use crate::{
    ChatModel, Classifier, Embedder, Error, ErrorKind, ImageModel, Model, ModelCard, ModelId, Models, Result,
    Stages,
};

/// The models in service, and whether all of them are there. Clones share them.
#[derive(Clone, Debug)]
pub struct Roster(Arc<RwLock<Current>>);

#[derive(Debug)]
struct Current {
    models: Arc<Models>,
    readiness: Readiness,
}

/// Whether requests can be answered.
#[derive(Clone, Debug)]
pub enum Readiness {
    /// Models are being loaded.
    Loading,
    /// All models are in service.
    Ready,
    /// A model could not be loaded; the others are in service.
    Failed(Error),
}

impl From<Models> for Roster {
    /// These, and no more.
    fn from(models: Models) -> Self {
        Self::new(models, Readiness::Ready)
    }
}

impl Roster {
    /// No model yet; more will come.
    pub fn loading() -> Self {
        Self::new(Models::default(), Readiness::Loading)
    }

    /// The models in service at this moment.
    pub fn models(&self) -> Arc<Models> {
        Arc::clone(&self.read().models)
    }

    /// The model asked for, as [`Models::get`].
    ///
    /// # Errors
    /// As there; but `Unavailable` while models are being loaded: it may be the next one.
    pub fn get(&self, id: &str) -> Result<Arc<Model>> {
        self.find(|models| models.get(id).cloned())
    }

    /// The model asked for, as one that answers in text: [`Models::chat`].
    ///
    /// # Errors
    /// As there; but `Unavailable` while models are being loaded.
    pub fn chat(&self, id: &str) -> Result<(ModelCard, Arc<dyn ChatModel>)> {
        self.find(|models| models.chat(id).map(|(card, chat)| (card.clone(), chat)))
    }

    /// The model asked for, as one that makes vectors: [`Models::embedder`].
    ///
    /// # Errors
    /// As there; but `Unavailable` while models are being loaded.
    pub fn embedder(&self, id: &str) -> Result<(ModelCard, Arc<dyn Embedder>)> {
        self.find(|models| models.embedder(id).map(|(card, embed)| (card.clone(), embed)))
    }

    /// The model asked for, as one that says what is on pictures: [`Models::classifier`].
    ///
    /// # Errors
    /// As there; but `Unavailable` while models are being loaded.
    pub fn classifier(&self, id: &str) -> Result<(ModelCard, Arc<dyn Classifier>)> {
        self.find(|models| models.classifier(id).map(|(card, model)| (card.clone(), model)))
    }

    /// The model asked for, as one that makes pictures: [`Models::image`].
    ///
    /// # Errors
    /// As there; but `Unavailable` while models are being loaded.
    pub fn image(&self, id: &str) -> Result<(ModelCard, Arc<dyn ImageModel>)> {
        self.find(|models| models.image(id).map(|(card, model)| (card.clone(), model)))
    }

    /// The name of the one meant when none is named.
    pub fn default_id(&self) -> Option<ModelId> {
        self.read().models.default_id().cloned()
    }

    /// Whether requests can be answered.
    pub fn readiness(&self) -> Readiness {
        self.read().readiness.clone()
    }

    /// Fails while requests cannot be answered, saying why.
    ///
    /// # Errors
    /// `Unavailable` while models are being loaded, or where there is none to serve.
    pub fn ready(&self) -> Result<()> {
        let current = self.read();
        let none = current.models.iter().next().is_none();
        let message = match &current.readiness {
            Readiness::Loading => return Err(loading()),
            Readiness::Failed(error) if none => format!("there is no model to serve: {error}"),
            Readiness::Ready if none => "there is no model to serve".to_owned(),
            Readiness::Ready | Readiness::Failed(_) => return Ok(()),
        };
        Err(Error::new(ErrorKind::Unavailable, message).with_code("no_model"))
    }

    /// Puts other models into service; requests under way keep those that they have. Stages stay as they
    /// are.
    pub fn publish(&self, models: Models, readiness: Readiness) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let stages = current.models.stages().clone();
        *current = Current {
            models: Arc::new(models.with_stages(stages)),
            readiness,
        };
    }

    /// Puts models at their stages, and these models into service beside the others; requests under way
    /// keep the ones that they have.
    pub fn stage(&self, stages: Stages, more: Vec<Model>) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let models = more.into_iter().fold((*current.models).clone(), Models::with);
        current.models = Arc::new(models.with_stages(stages));
    }

    fn find<T>(&self, look: impl FnOnce(&Models) -> Result<T>) -> Result<T> {
        let current = self.read();
        let found = look(&current.models);
        let absent = matches!(&found, Err(error) if error.kind() == ErrorKind::NotFound);
        if absent && matches!(current.readiness, Readiness::Loading) {
            return Err(loading());
        }
        found
    }

    fn new(models: Models, readiness: Readiness) -> Self {
        Self(Arc::new(RwLock::new(Current {
            models: Arc::new(models),
            readiness,
        })))
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Current> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn loading() -> Error {
    Error::new(ErrorKind::Unavailable, "the models are still being loaded").with_code("loading")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Capabilities, Model, ModelCard};

    fn code(roster: &Roster) -> Option<&'static str> {
        roster.ready().err().and_then(|error| error.code())
    }

    fn one_model() -> Models {
        Models::default().with(Model::new(ModelCard {
            id: "m".into(),
            title: "m".into(),
            host: "test".into(),
            licence: "MIT".into(),
            capabilities: Capabilities::default(),
            price: None,
        }))
    }

    #[test]
    fn it_is_ready_once_models_are_published_to_every_clone() {
        let roster = Roster::loading();
        let other = roster.clone();
        assert_eq!(code(&other), Some("loading"));
        let held = other.models();
        roster.publish(one_model(), Readiness::Ready);
        assert_eq!(code(&other), None);
        assert_eq!(
            held.iter().count(),
            0,
            "a request keeps the models that it began with"
        );
        assert_eq!(other.models().iter().count(), 1);
    }

    #[test]
    fn what_is_not_there_yet_may_be_the_next_one() {
        let roster = Roster::loading();
        assert_eq!(roster.get("m").unwrap_err().kind(), ErrorKind::Unavailable);
        roster.publish(one_model(), Readiness::Loading);
        assert!(
            roster.get("m").is_ok(),
            "one that is loaded is served while others are loading"
        );
        roster.publish(one_model(), Readiness::Ready);
        assert_eq!(roster.get("x").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn without_a_model_it_is_never_ready_and_says_why() {
        let roster = Roster::from(Models::default());
        assert_eq!(code(&roster), Some("no_model"));
        let failed = || Readiness::Failed(Error::internal("m.gguf is cut short"));
        roster.publish(Models::default(), failed());
        assert!(roster.ready().unwrap_err().message().contains("cut short"));
        roster.publish(one_model(), failed());
        assert_eq!(code(&roster), None, "the others go on");
    }
}
