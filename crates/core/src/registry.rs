//! The models of this process, by name.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    ChatModel, Classifier, Embedder, Error, ErrorKind, ImageModel, ModelCard, ModelId, Relay, Result, Routed,
    Stage, Stages, Task, TokenCounter,
};

/// A model with everything that it can do.
#[derive(Clone, Debug)]
pub struct Model {
    /// What it is.
    pub card: ModelCard,
    /// Which version of it this is, where versions are kept.
    pub version: Option<String>,
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
    /// Chooses among others, and says how.
    pub route: Option<Arc<dyn Routed>>,
}

impl Model {
    /// A model that does nothing yet.
    pub fn new(card: ModelCard) -> Self {
        Self {
            card,
            version: None,
            chat: None,
            relay: None,
            embed: None,
            tokens: None,
            classify: None,
            image: None,
            route: None,
        }
    }
}

/// The models that clients may ask for, and which one is meant when they name none.
#[derive(Clone, Debug, Default)]
pub struct Models {
    by_id: BTreeMap<ModelId, Arc<Model>>,
    /// Names in the order in which their models were added.
    order: Vec<ModelId>,
    default: Option<ModelId>,
    /// Other names; one that ends in `*` stands for all that begin so.
    aliases: Vec<(String, ModelId)>,
    /// Which classifier is in production, and which are beside it.
    stages: Stages,
    /// The headers that routes look at, in lower case.
    headers: Arc<[String]>,
}

impl Models {
    /// Adds a model; the first one becomes the default. A second of the same name replaces it.
    #[must_use]
    pub fn with(mut self, model: Model) -> Self {
        let id = model.card.id.clone();
        self.default.get_or_insert_with(|| id.clone());
        if self.by_id.insert(id.clone(), Arc::new(model)).is_none() {
            self.order.push(id);
        }
        self
    }

    /// Has this model be meant where none is named, if it is there.
    #[must_use]
    pub fn with_default(mut self, id: &ModelId) -> Self {
        if self.by_id.contains_key(id) {
            self.default = Some(id.clone());
        }
        self
    }

    /// Has requests carry these headers, names in lower case, for routes to look at.
    #[must_use]
    pub fn with_headers(mut self, headers: impl IntoIterator<Item = String>) -> Self {
        self.headers = headers.into_iter().collect();
        self
    }

    /// The headers that routes look at.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Adds another name for a model: `name` with a `*` at its end stands for all that begin so. A
    /// model's own name comes first, then aliases in the order in which they were added.
    #[must_use]
    pub fn with_alias(mut self, name: impl Into<String>, model: ModelId) -> Self {
        self.aliases.push((name.into(), model));
        self
    }

    /// Says which classifier is in production: it is the one meant when none is named, and the stages'
    /// names are other names of those that are there.
    #[must_use]
    pub fn with_stages(mut self, stages: Stages) -> Self {
        self.stages = stages;
        self
    }

    /// Which classifier is in production, and which are beside it.
    pub fn stages(&self) -> &Stages {
        &self.stages
    }

    /// The model asked for, or the default where `id` is empty or `default`.
    ///
    /// # Errors
    /// `NotFound`, listing the names there are.
    pub fn get(&self, id: &str) -> Result<&Arc<Model>> {
        let wanted = match id {
            "" | "default" => self.default.as_ref(),
            _ => None,
        };
        let found = match wanted {
            Some(default) => self.by_id.get(default),
            None => self.by_id.get(id).or_else(|| self.aliased(id)),
        };
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

    /// The model asked for, as one that says what is on pictures; by its own name, or by its stage.
    /// Where none is named, the one in production; where none is, the first that does.
    ///
    /// # Errors
    /// `NotFound` as [`Models::get`]; `Unsupported` where it does something else.
    pub fn classifier(&self, id: &str) -> Result<(&ModelCard, Arc<dyn Classifier>)> {
        let stage = match id {
            "" | "default" => Some(Stage::Production),
            own if self.by_id.contains_key(own) => None,
            stage => Stage::named(stage),
        };
        // What is in production is not replaced in silence by another where it is not here.
        let staged = stage.and_then(|stage| self.stages.at(stage));
        let id = staged.map_or(id, |staged| staged.model.as_str());
        self.specialist(id, Task::Classify, |model| model.classify.clone())
    }

    /// The model asked for, as one that makes pictures. Where none is named, the first that does.
    ///
    /// # Errors
    /// `NotFound` as [`Models::get`]; `Unsupported` where it does something else.
    pub fn image(&self, id: &str) -> Result<(&ModelCard, Arc<dyn ImageModel>)> {
        self.specialist(id, Task::Image, |model| model.image.clone())
    }

    fn aliased(&self, id: &str) -> Option<&Arc<Model>> {
        let fits = |name: &str| match name.strip_suffix('*') {
            Some(beginning) => id.starts_with(beginning),
            None => name == id,
        };
        let (_, model) = self.aliases.iter().find(|(name, _)| fits(name))?;
        self.by_id.get(model)
    }

    fn specialist<T>(
        &self,
        id: &str,
        task: Task,
        part: impl Fn(&Model) -> Option<T>,
    ) -> Result<(&ModelCard, T)> {
        let unnamed = id.is_empty() || id == "default";
        let in_order = || self.order.iter().filter_map(|id| self.by_id.get(id));
        let first = || in_order().find(|model| part(model).is_some());
        let model = match unnamed.then(first).flatten() {
            Some(model) => model,
            None => self.get(id)?,
        };
        let part = part(model).ok_or_else(|| cannot(&model.card, task))?;
        Ok((&model.card, part))
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.by_id.values().map(|model| &**model)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Capabilities;

    fn card(id: &str) -> ModelCard {
        ModelCard {
            id: id.into(),
            title: id.into(),
            host: "test".into(),
            licence: "MIT".into(),
            capabilities: Capabilities::default(),
            price: None,
        }
    }

    #[derive(Debug)]
    struct Eye;

    impl Classifier for Eye {
        fn classify(&self, _: crate::ClassifyRequest) -> crate::BoxFuture<'_, Result<crate::Classification>> {
            Box::pin(async { Err(Error::internal("never asked")) })
        }
    }

    #[test]
    fn who_is_in_production_is_meant_where_nobody_is_named() {
        let eye = |id: &str| Model {
            classify: Some(Arc::new(Eye)),
            ..Model::new(card(id))
        };
        let staged = |id: &str| {
            Some(crate::Staged {
                model: id.into(),
                version: None,
            })
        };
        let stages = Stages {
            candidate: staged("c"),
            production: staged("b"),
            before: Vec::new(),
        };
        let models = Models::default().with(eye("a")).with(eye("b")).with(eye("c"));
        let found = |models: &Models, id: &str| {
            let found = models.classifier(id);
            found.map(|(card, _)| card.id.as_str().to_owned()).ok()
        };
        assert_eq!(found(&models, "").as_deref(), Some("a"));
        assert_eq!(found(&models, "candidate"), None);
        let staged = models.with_stages(stages.clone());
        for (id, model) in [
            ("", "b"),
            ("default", "b"),
            ("production", "b"),
            ("candidate", "c"),
            ("a", "a"),
        ] {
            assert_eq!(found(&staged, id).as_deref(), Some(model), "{id}");
        }
        assert_eq!(found(&staged, "previous"), None);
        let named = staged.with(eye("production"));
        assert_eq!(
            found(&named, "production").as_deref(),
            Some("production"),
            "its own name comes first"
        );
        let lost = Models::default().with(eye("a")).with_stages(stages);
        assert_eq!(found(&lost, ""), None, "no other one answers in its place");
    }

    #[test]
    fn other_names_lead_to_a_model_and_its_own_name_comes_first() {
        let model = |id: &str| Model::new(card(id));
        let models = Models::default()
            .with(model("a"))
            .with(model("gpt-mini"))
            .with_alias("gpt-*", "a".into())
            .with_alias("exact", "a".into())
            .with_alias("lost", "nowhere".into());
        let found = |id: &str| models.get(id).map(|model| model.card.id.as_str().to_owned()).ok();
        assert_eq!(found("gpt-4o").as_deref(), Some("a"));
        assert_eq!(found("gpt-mini").as_deref(), Some("gpt-mini"));
        assert_eq!(found("exact").as_deref(), Some("a"));
        assert_eq!((found("exactly"), found("lost")), (None, None));
    }
}
