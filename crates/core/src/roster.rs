//! The models of a process that already answers while they are still being loaded.

use std::sync::{Arc, PoisonError, RwLock};

use crate::{Error, ErrorKind, Models, Result};

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

impl Roster {
    /// No model yet; more will come.
    pub fn loading() -> Self {
        Self::new(Models::default(), Readiness::Loading)
    }

    /// These, and no more.
    pub fn of(models: Models) -> Self {
        Self::new(models, Readiness::Ready)
    }

    /// The models in service at this moment.
    pub fn models(&self) -> Arc<Models> {
        Arc::clone(&self.read().models)
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
        let (code, message) = match &current.readiness {
            Readiness::Loading => ("loading", "the models are still being loaded".to_owned()),
            Readiness::Failed(error) if none => ("no_model", format!("there is no model to serve: {error}")),
            Readiness::Ready if none => ("no_model", "there is no model to serve".to_owned()),
            Readiness::Ready | Readiness::Failed(_) => return Ok(()),
        };
        Err(Error::new(ErrorKind::Unavailable, message).with_code(code))
    }

    /// Puts other models into service; requests under way keep those that they have.
    pub fn publish(&self, models: Models, readiness: Readiness) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *current = Current {
            models: Arc::new(models),
            readiness,
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Capabilities, Model, ModelCard};

    fn code(roster: &Roster) -> Option<&'static str> {
        roster.ready().err().and_then(|error| error.code())
    }

    fn one_model() -> Models {
        Models::default().with(Model {
            card: ModelCard {
                id: "m".into(),
                title: "m".into(),
                host: "test".into(),
                licence: "MIT".into(),
                capabilities: Capabilities::default(),
            },
            chat: None,
            embed: None,
            tokens: None,
        })
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
    fn without_a_model_it_is_never_ready_and_says_why() {
        let roster = Roster::of(Models::default());
        assert_eq!(code(&roster), Some("no_model"));
        let failed = || Readiness::Failed(Error::internal("m.gguf is cut short"));
        roster.publish(Models::default(), failed());
        assert!(roster.ready().unwrap_err().message().contains("cut short"));
        roster.publish(one_model(), failed());
        assert_eq!(code(&roster), None, "the others go on");
    }
}
