//! A running server as a model: commands do not care where their answers are made.
//!
//! Knows how to carry bytes to a server and back; what they mean, `wire` knows.

mod connection;
mod events;

use std::{fmt, io::Read as _, sync::Arc};

use busbar_config::Client;
use busbar_core::{
    BoxFuture, ChatModel, ChatRequest, Classification, Classifier, ClassifyRequest, EmbedRequest, Embedder,
    Embeddings, Error, ErrorKind, EventStream, Result, StageChange, Stages,
};
use busbar_tasks::{SummaryRequest, SummaryStream};
use busbar_wire::{
    client::{self, RemoteModel},
    configuration::{
        self, ConfigurationDiff, ConfigurationStatus, ConfigurationVersion, ConfigurationVersions,
    },
    jobs::ImageJob,
    routes::RouteList,
};

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

    /// Which classifiers are at which stage there. Blocks.
    ///
    /// # Errors
    /// What the server answered instead.
    pub(crate) fn stages(&self) -> Result<Stages> {
        client::read_stages(&whole(self.0.get(client::REGISTRY)?)?)
    }

    /// Changes that. Blocks.
    ///
    /// # Errors
    /// What the server answered instead.
    pub(crate) fn change_stages(&self, change: &StageChange) -> Result<Stages> {
        client::read_stages(&whole(self.0.post(&client::change_stages(change))?)?)
    }

    /// Its routes, and how their targets are.
    ///
    /// # Errors
    /// It cannot be reached, or answers with something else.
    pub async fn routes(&self) -> Result<RouteList> {
        let connection = Arc::clone(&self.0);
        blocking(move || RouteList::read(&whole(connection.get(RouteList::PATH)?)?)).await
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

/// Its configuration. All of these block.
impl Remote {
    /// What serves there.
    ///
    /// # Errors
    /// It cannot be reached, or we are no operator there.
    pub fn configuration(&self) -> Result<ConfigurationStatus> {
        configuration::decode(&whole(self.0.get(configuration::STATUS)?)?)
    }

    /// The versions that are kept there, the oldest first.
    ///
    /// # Errors
    /// As above.
    pub fn configurations(&self) -> Result<Vec<ConfigurationVersion>> {
        let told = whole(self.0.get(configuration::VERSIONS)?)?;
        Ok(configuration::decode::<ConfigurationVersions>(&told)?.versions)
    }

    /// What differs between two of them.
    ///
    /// # Errors
    /// As above; one of them is not kept there.
    pub fn compare_configurations(&self, from: u64, to: u64) -> Result<ConfigurationDiff> {
        configuration::decode(&whole(self.0.get(&configuration::compared(from, to))?)?)
    }

    /// Has everything read again there. What was refused is in the answer.
    ///
    /// # Errors
    /// As above.
    pub fn reload_configuration(&self) -> Result<ConfigurationStatus> {
        configuration::decode(&whole(self.0.post(&configuration::reload())?)?)
    }

    /// Has it go back to a version; without one, to the one before the one that serves.
    ///
    /// # Errors
    /// As above; that version is not kept there, or cannot serve.
    pub fn roll_configuration_back(&self, version: Option<u64>) -> Result<ConfigurationStatus> {
        configuration::decode(&whole(self.0.post(&configuration::roll_back(version))?)?)
    }
}

/// Pictures as jobs.
impl Remote {
    /// Submits a job.
    pub(crate) async fn job(&self, call: client::Call) -> Result<ImageJob> {
        let connection = Arc::clone(&self.0);
        blocking(move || client::read_image_job(&whole(connection.post(&call)?)?)).await
    }

    /// A job as it stands.
    pub(crate) async fn image_job(&self, id: &str) -> Result<ImageJob> {
        let (connection, path) = (Arc::clone(&self.0), client::job_path(id));
        blocking(move || client::read_image_job(&whole(connection.get(&path)?)?)).await
    }

    /// The jobs of a page.
    pub(crate) async fn image_jobs(&self, path: String) -> Result<Vec<ImageJob>> {
        let connection = Arc::clone(&self.0);
        blocking(move || client::read_image_jobs(&whole(connection.get(&path)?)?)).await
    }

    /// Stops a job.
    pub(crate) async fn cancel_image_job(&self, id: &str) -> Result<ImageJob> {
        self.job(client::Call {
            path: client::cancel_path(id).into(),
            body: bytes::Bytes::new(),
        })
        .await
    }

    /// A job's file, at the address that the server gave.
    pub(crate) async fn file(&self, url: String) -> Result<bytes::Bytes> {
        let connection = Arc::clone(&self.0);
        blocking(move || Ok(whole(connection.fetch(&url)?)?.into())).await
    }

    /// Sends something before this process may end. Its answer is of no interest, and is waited for a
    /// moment only.
    pub(crate) fn send_at_last(&self, call: client::Call) {
        const MOMENT: std::time::Duration = std::time::Duration::from_secs(2);
        let connection = Arc::clone(&self.0);
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            drop(connection.post(&call));
            // Nobody may be waiting any more.
            let _unheard = tell.send(());
        });
        let _sent = told.recv_timeout(MOMENT);
    }
}

impl ChatModel for Remote {
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        Box::pin(async move { events::answer(Arc::clone(&self.0), client::chat(&request)?).await })
    }
}

impl Classifier for Remote {
    fn classify(&self, request: ClassifyRequest) -> BoxFuture<'_, Result<Classification>> {
        let connection = Arc::clone(&self.0);
        Box::pin(async move {
            let call = client::predict(&request)?;
            blocking(move || client::read_prediction(&whole(connection.post(&call)?)?)).await
        })
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
