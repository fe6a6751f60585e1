//! What a command talks to: a model in this process or one behind a server. The commands cannot tell.

use std::sync::Arc;

use busbar_config::Config;
use busbar_core::{
    ChatModel, ChatRequest, Context, EmbedRequest, Embedder, Embeddings, Error as ModelError, ErrorKind,
    EventStream, Model, ModelId, RequestId, Tokens,
};
use busbar_tasks::{Summarizer, SummaryRequest, SummaryStream};
use busbar_wire::client::RemoteModel;

use crate::{Error, Plan, Remote, Result, Shelf, local};

/// A model to talk to.
#[derive(Debug)]
pub struct Talk {
    /// Its name.
    pub name: ModelId,
    /// Where it is, for people: `local`, or a server's address.
    pub place: String,
    /// Whether it follows conversations; one that does not only continues text.
    pub follows_chat: bool,
    /// The most tokens that prompt and answer may have together, where that is known.
    pub context_window: Option<Tokens>,
    to: To,
}

#[derive(Debug)]
enum To {
    Local(Box<Model>),
    Remote(Remote),
}

impl Talk {
    /// The model of that name, else the default one: on the configured server, or loaded here.
    ///
    /// # Errors
    /// There is no such model; it is not here, or cannot be loaded; the server cannot be reached.
    pub async fn open(config: &Config, name: Option<&str>) -> Result<Self> {
        match Remote::new(&config.client) {
            Some(remote) => Self::remote(remote, name).await,
            None => Self::local(config, name).await,
        }
    }

    /// Starts an answer.
    ///
    /// # Errors
    /// What went wrong before the first event.
    pub async fn chat(&self, request: ChatRequest) -> Result<EventStream> {
        let answer = match &self.to {
            To::Local(model) => chat_of(model)?.chat(request).await,
            To::Remote(remote) => remote.chat(request).await,
        };
        Ok(answer?)
    }

    /// Makes a vector of each input.
    ///
    /// # Errors
    /// The model makes none, or an input is too long for it.
    pub async fn embed(&self, request: EmbedRequest) -> Result<Embeddings> {
        let vectors = match &self.to {
            To::Local(model) => {
                let embed = model
                    .embed
                    .as_ref()
                    .ok_or_else(|| cannot(model, "makes no vectors"))?;
                embed.embed(request).await
            }
            To::Remote(remote) => remote.embed(request).await,
        };
        Ok(vectors?)
    }

    /// Summarises a text of any length.
    ///
    /// # Errors
    /// What went wrong before the first event.
    pub async fn summarize(&self, request: SummaryRequest) -> Result<SummaryStream> {
        let summary = match &self.to {
            To::Local(model) => {
                let tokens = model
                    .tokens
                    .clone()
                    .ok_or_else(|| cannot(model, "counts no tokens"))?;
                Summarizer::new(chat_of(model)?, tokens, &model.card)
                    .summarize(request)
                    .await
            }
            To::Remote(remote) => remote.summarize(request).await,
        };
        Ok(summary?)
    }

    /// The context of a command's own calls.
    pub fn context() -> Context {
        Context::new(RequestId::new("cli"))
    }

    async fn local(config: &Config, name: Option<&str>) -> Result<Self> {
        if !cfg!(feature = "text") {
            return Err(Error::NoEngine);
        }
        let plan = Plan::one(config, &Shelf::open(config)?, name)?;
        // Loading blocks for seconds, and Ctrl-C is to be heard meanwhile.
        let loaded = tokio::task::spawn_blocking(move || local::load(&plan)).await;
        let loaded = loaded
            .map_err(|error| ModelError::internal("loading the model broke off").with_source(error))??;
        let card = &loaded.model.card;
        Ok(Self {
            name: card.id.clone(),
            place: "local".to_owned(),
            follows_chat: card.capabilities.chat,
            context_window: Some(card.capabilities.context_window),
            to: To::Local(Box::new(loaded.model)),
        })
    }

    async fn remote(remote: Remote, name: Option<&str>) -> Result<Self> {
        let models = remote.models().await?;
        let model = pick(&models, name)?;
        Ok(Self {
            name: ModelId::new(model.id.as_str()),
            place: remote.address().to_owned(),
            // Servers that do not tell are spoken to as all of them can be.
            follows_chat: model.chat.unwrap_or(true),
            context_window: model.context_window.map(Tokens),
            to: To::Remote(remote),
        })
    }
}

fn pick<'a>(models: &'a [RemoteModel], name: Option<&str>) -> Result<&'a RemoteModel, ModelError> {
    let found = match name {
        Some(name) => models.iter().find(|model| model.id == name),
        None => models
            .iter()
            .find(|model| model.default)
            .or_else(|| models.first()),
    };
    found.ok_or_else(|| {
        let known: Vec<&str> = models.iter().map(|model| &*model.id).collect();
        let message = match name {
            Some(name) => format!("the server has no model `{name}`; it has: {}", known.join(", ")),
            None => "the server has no model, or is still loading it; its /readyz says which".to_owned(),
        };
        ModelError::new(ErrorKind::NotFound, message)
    })
}

fn chat_of(model: &Model) -> Result<Arc<dyn ChatModel>> {
    model
        .chat
        .clone()
        .ok_or_else(|| cannot(model, "writes no text").into())
}

fn cannot(model: &Model, what: &str) -> ModelError {
    ModelError::new(ErrorKind::Unsupported, format!("`{}` {what}", model.card.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str, default: bool) -> RemoteModel {
        RemoteModel {
            id: id.into(),
            chat: None,
            context_window: None,
            licence: None,
            default,
        }
    }

    #[test]
    fn the_servers_default_is_taken_where_none_is_named() {
        let models = [model("a", false), model("b", true)];
        assert_eq!(pick(&models, None).unwrap().id, "b");
        assert_eq!(pick(&models[..1], None).unwrap().id, "a");
        assert_eq!(pick(&models, Some("a")).unwrap().id, "a");
    }

    #[test]
    fn a_name_that_the_server_lacks_is_answered_with_those_it_has() {
        let models = [model("a", false), model("b", true)];
        let error = pick(&models, Some("c")).unwrap_err();
        assert_eq!(error.to_string(), "the server has no model `c`; it has: a, b");
        assert!(pick(&[], None).is_err());
    }
}
