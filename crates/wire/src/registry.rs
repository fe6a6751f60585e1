//! `/v1/registry`: which of several classifiers is in production, which is next, which was before.

use busbar_core::{Error, ModelId, Result, Stage, Staged, Stages};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{answer::json, body};

/// The body of a change. Empty where nothing is to be said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = StageRequest)]
#[serde(deny_unknown_fields)]
pub struct StageBody {
    /// The model: what may be next, what goes into production instead of the candidate, or what is to be
    /// in production for it to be rolled back.
    pub model: Option<String>,
}

/// Which models are at which stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Registry)]
pub struct RegistryAnswer {
    /// What these models do.
    pub task: String,
    /// What is at each stage. A stage's name can be asked for like a model's.
    pub aliases: RegistryAliases,
    /// The models that can be asked at this moment.
    pub models: Vec<RegistryModel>,
    /// Those that were in production before, the latest first.
    pub history: Vec<RegistryEntry>,
}

/// What is at each stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegistryAliases {
    /// To be tried; a promotion puts it into production.
    pub candidate: Option<RegistryEntry>,
    /// Answers those who name no model; without one the first model does.
    pub production: Option<RegistryEntry>,
    /// Was in production before; a rollback puts it back.
    pub previous: Option<RegistryEntry>,
}

/// A model at a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegistryEntry {
    /// Its name.
    pub model: String,
    /// The version that was meant.
    pub version: Option<String>,
}

/// A model that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegistryModel {
    /// Its name.
    pub model: String,
    /// The version that is here.
    pub version: Option<String>,
    /// The stages that it is at.
    pub aliases: Vec<String>,
}

impl StageBody {
    /// Reads a body, which may be empty.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        body::read(bytes)
    }

    /// The model that it names.
    ///
    /// # Errors
    /// `Invalid` where it names none.
    pub fn required(self) -> Result<String> {
        let named = self.model.filter(|model| !model.is_empty());
        named.ok_or_else(|| Error::invalid("model", "`model` must name a model"))
    }
}

impl RegistryAnswer {
    /// What is told of stages, beside the models that are here with their versions.
    pub fn new<'a>(stages: &Stages, models: impl Iterator<Item = (&'a ModelId, Option<&'a str>)>) -> Self {
        let entry = |stage| stages.at(stage).map(RegistryEntry::from);
        let of = |id: &ModelId| {
            let at = |stage: &Stage| stages.at(*stage).is_some_and(|staged| staged.model == *id);
            let stages = Stage::ALL.into_iter().filter(at);
            stages.map(|stage| stage.as_str().to_owned()).collect()
        };
        Self {
            task: "classify".to_owned(),
            aliases: RegistryAliases {
                candidate: entry(Stage::Candidate),
                production: entry(Stage::Production),
                previous: entry(Stage::Previous),
            },
            models: models
                .map(|(id, version)| RegistryModel {
                    model: id.to_string(),
                    version: version.map(str::to_owned),
                    aliases: of(id),
                })
                .collect(),
            history: stages.before.iter().map(RegistryEntry::from).collect(),
        }
    }

    /// As JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl From<&Staged> for RegistryEntry {
    fn from(staged: &Staged) -> Self {
        Self {
            model: staged.model.to_string(),
            version: staged.version.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_body_says_nothing_and_a_strange_field_is_named() {
        assert_eq!(StageBody::read(b" \n").unwrap(), StageBody::default());
        assert_eq!(
            StageBody::read(b"{}").unwrap().required().unwrap_err().param(),
            Some("model")
        );
        assert!(
            StageBody::read(br#"{"name":"a"}"#)
                .unwrap_err()
                .message()
                .contains("name")
        );
        assert!(StageBody::read(b"[]").is_err());
    }

    #[test]
    fn every_model_says_at_which_stages_it_is() {
        let staged = |model: &str| Staged {
            model: model.into(),
            version: Some("1".into()),
        };
        let stages = Stages {
            candidate: None,
            production: Some(staged("a")),
            before: vec![staged("b"), staged("a")],
        };
        let here: [ModelId; 2] = ["a".into(), "c".into()];
        let answer = RegistryAnswer::new(&stages, here.iter().map(|id| (id, Some("2"))));
        let told: serde_json::Value = serde_json::from_slice(&answer.encode()).unwrap();
        let entry = |model: &str| serde_json::json!({"model": model, "version": "1"});
        assert_eq!(
            told,
            serde_json::json!({
                "task": "classify",
                "aliases": {"candidate": null, "production": entry("a"), "previous": entry("b")},
                "models": [
                    {"model": "a", "version": "2", "aliases": ["production"]},
                    {"model": "c", "version": "2", "aliases": []},
                ],
                "history": [entry("b"), entry("a")],
            })
        );
    }
}
