//! A running server as a model: commands do not care where their answers are made.
//!
//! Knows how to carry bytes to a server and back; what they mean, `wire` knows.

mod connection;
mod events;

use std::{fmt, io::Read as _, sync::Arc};

use busbar_config::Client;
use busbar_core::{
    BoxFuture, ChatModel, ChatRequest, EmbedRequest, Embedder, Embeddings, Error, ErrorKind, EventStream,
    Result,
};
use busbar_tasks::{SummaryRequest, SummaryStream};
use busbar_wire::client::{self, RemoteModel};

use connection::{Connection, blocking};

/// A running server.
#[derive(Clone)]
pub struct Remote(Arc<Connection>);

impl Remote {
    /// The server that the configuration names, if it names one.
    pub fn new(settings: &Client) -> Option<Self> {
        let url = settings.url.clone()?;
        Some(Self(Arc::new(Connection::new(url, settings.api_key.clone()))))
    }

    /// Its address.
    pub fn address(&self) -> &str {
        self.0.address()
    }

    /// The models that it serves.
    ///
    /// # Errors
    /// It cannot be reached, or answers with something else.
    pub async fn models(&self) -> Result<Vec<RemoteModel>> {
        let connection = Arc::clone(&self.0);
        blocking(move || client::read_models(&whole(connection.get(client::MODELS)?)?)).await
    }

    /// Summarises a text there.
    ///
    /// # Errors
    /// What the server answered instead.
    pub async fn summarize(&self, request: SummaryRequest) -> Result<SummaryStream> {
        let call = client::summary(&client::SummaryAsk {
            model: request.model.as_str(),
            text: &request.text,
            style: request.style.as_str(),
            length: request.length.as_str(),
            sampling: &request.sampling,
            max_tokens: request.max_tokens,
        })?;
        events::summary(Arc::clone(&self.0), call).await
    }
}

impl ChatModel for Remote {
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        Box::pin(async move { events::answer(Arc::clone(&self.0), client::chat(&request)?).await })
    }
}

impl Embedder for Remote {
    fn embed(&self, request: EmbedRequest) -> BoxFuture<'_, Result<Embeddings>> {
        let connection = Arc::clone(&self.0);
        let call = client::embeddings(&request);
        Box::pin(blocking(move || {
            client::read_embeddings(&whole(connection.post(&call)?)?)
        }))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.0.address()).finish()
    }
}

/// A whole body.
fn whole(mut body: connection::Body) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Unavailable, "the server's answer broke off").with_source(error)
    })?;
    Ok(bytes)
}
