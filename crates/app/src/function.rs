//! The server as a function: somebody else listens and hands over one request after the other.

use std::{sync::Arc, time::Duration};

use axum::Router;
use busbar_core::Readiness;

use crate::{
    Calls, Configured, Conversations, Result,
    assembled::{Assembled, Front},
    clock::SystemClock,
    images::{Hands, Studio},
    signals::Signals,
};

/// Models elsewhere are there at once; this is how soon it is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A server without a socket, whose models are there.
pub struct Function {
    parts: Assembled,
    signals: Signals,
    conversations: Conversations,
}

impl Function {
    /// Puts the server together and waits for its models, so that no time of a request is spent on them.
    ///
    /// # Errors
    /// What makes serving impossible; that no model could be loaded.
    pub async fn open(configured: Configured) -> Result<Self> {
        let signals = Signals::listen()?;
        let config = configured.loaded.config.clone();
        let mut parts = Assembled::of(configured, &signals, Front::Gateway).await?;
        while matches!(parts.roster.readiness(), Readiness::Loading) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        // Without a model it is of no use to anybody; whoever started it is told why.
        if parts.roster.ready().is_err()
            && let Ok(error) = (&mut parts.failed).await
        {
            return Err(error);
        }
        let conversations = Conversations::new(parts.server.clone(), &config, Arc::new(SystemClock))?;
        Ok(Self {
            parts,
            signals,
            conversations,
        })
    }

    /// All endpoints, as a service.
    pub fn router(&self) -> Router {
        self.parts.router.clone()
    }

    /// What brings work here that is no request: messages, and the time to tidy up. `None`: this process has
    /// no place for jobs.
    pub fn hands(&self) -> Option<Hands> {
        self.parts.studio.as_ref().map(Studio::hands)
    }

    /// Whoever answers messages of connections that a gateway holds.
    pub fn conversations(&self) -> Conversations {
        self.conversations.clone()
    }

    /// Is told of every event: what time brings elsewhere can only be done while one is answered.
    pub fn calls(&self) -> Calls {
        self.parts.reloader.calls()
    }

    /// Waits until the process is asked to end.
    pub async fn asked_to_end(&self) {
        self.signals.first().await;
    }

    /// Takes nothing new, and gives back the jobs that run.
    pub async fn close(self) {
        self.parts.drain.start();
        if let Some(studio) = self.parts.studio {
            studio.ended().await;
        }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function").finish_non_exhaustive()
    }
}
