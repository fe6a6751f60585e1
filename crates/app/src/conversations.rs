//! Conversations whose connections a gateway holds: each message comes to a function by itself, and what is
//! said goes to the gateway.

use std::sync::{Arc, OnceLock};

use busbar_config::Config;
use busbar_core::{BoxFuture, Clock, Error as ModelError, ErrorKind, RequestId, Result as Told};
use busbar_providers::{
    connections::{Connection, Connections, Gateway, connections},
    http::Client,
};
use busbar_server::{Post, Presence, Server, Utterance};
use bytes::Bytes;

use crate::images::stores;

/// A message that came on a connection.
#[derive(Debug)]
pub struct Heard {
    /// The gateway's host name.
    pub host: String,
    /// What comes before everything in its paths.
    pub stage: String,
    /// What the gateway calls the connection.
    pub connection: String,
    /// Ties what is logged to the gateway's own log.
    pub request: String,
    /// When the gateway took it, milliseconds since 1970.
    pub at: u64,
    /// What was said.
    pub message: Bytes,
}

/// Whoever answers them.
#[derive(Clone)]
pub struct Conversations {
    server: Server,
    gateway: Gateway,
    /// Made with the first message, and kept with its connections and credentials.
    by: Arc<OnceLock<Box<dyn Connections>>>,
    /// What all instances know of connections, where they share a table.
    presence: Option<Presence>,
}

/// One connection, for as long as a message is answered.
struct Line<'a> {
    to: &'a Connection,
    by: &'a dyn Connections,
}

impl Conversations {
    /// # Errors
    /// What is wrong with the place that instances share.
    pub(crate) fn new(server: Server, config: &Config, clock: Arc<dyn Clock>) -> Told<Self> {
        let notes = stores::notes(&config.storage)?;
        Ok(Self {
            presence: notes.map(|notes| Presence::new(notes, clock)),
            server,
            gateway: Gateway {
                // Where a function runs is where its gateway is.
                region: config.vault.region.clone(),
                endpoint: config.lambda.connections.clone(),
            },
            by: Arc::default(),
        })
    }

    /// A connection was made.
    ///
    /// # Errors
    /// It cannot be noted, so that nothing asked on it could be stopped.
    pub async fn connected(&self, connection: &str) -> Told<()> {
        match &self.presence {
            Some(presence) => presence.connected(connection).await,
            None => Ok(()),
        }
    }

    /// A connection is gone: what runs for it stops, whoever is at it.
    ///
    /// # Errors
    /// That cannot be noted.
    pub async fn left(&self, connection: &str) -> Told<()> {
        match &self.presence {
            Some(presence) => presence.left(connection).await,
            None => Ok(()),
        }
    }

    /// Answers a message, to its last frame. A client that has left is no error: its work has stopped.
    ///
    /// # Errors
    /// The gateway cannot be reached, or does not let us speak.
    pub async fn answer(&self, heard: &Heard) -> Told<()> {
        let by = self.gateway()?;
        let to = Connection {
            host: heard.host.clone(),
            stage: heard.stage.clone(),
            id: heard.connection.clone(),
        };
        let line = Line { to: &to, by };
        let request = RequestId::new(&heard.request);
        let said = Utterance {
            request: &request,
            connection: &heard.connection,
            at: heard.at,
            message: &heard.message,
        };
        let answered = self.server.converse(said, &line, self.presence.as_ref());
        match answered.await {
            Err(error) if error.kind() == ErrorKind::Cancelled => {
                tracing::info!(request_id = heard.request, "the client has left");
                Ok(())
            }
            other => other,
        }
    }

    fn gateway(&self) -> Told<&dyn Connections> {
        if let Some(by) = self.by.get() {
            return Ok(&**by);
        }
        let client = Client::new().map_err(|error| ModelError::internal(error.to_string()))?;
        let made = connections(&self.gateway, client)
            .map_err(|problem| ModelError::invalid(problem.field, problem.message))?;
        Ok(&**self.by.get_or_init(|| made))
    }
}

impl Post for Line<'_> {
    fn post(&self, frame: Bytes) -> BoxFuture<'_, Told<()>> {
        self.by.post(self.to, frame)
    }
}

impl std::fmt::Debug for Conversations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conversations")
            .field("gateway", &self.gateway)
            .finish_non_exhaustive()
    }
}
