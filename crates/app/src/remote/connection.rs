//! Carries a request to a server and hands back its body.
//!
//! The client blocks, so all of it runs on threads of its own.

use std::io::Read;

use busbar_core::{Error, ErrorKind, Result, Secret};
use busbar_wire::client::{Call, failure};
use tokio::sync::oneshot;
use ureq::{Agent, http::Response};

/// A body under way.
pub(super) type Body = Box<dyn Read + Send>;

/// How to reach a server.
pub(super) struct Connection {
    agent: Agent,
    url: String,
    key: Option<Secret<String>>,
}

impl Connection {
    pub(super) fn new(url: String, key: Option<Secret<String>>) -> Self {
        let agent = Agent::config_builder()
            // A refusal has a body that says why.
            .http_status_as_error(false)
            // A key must not follow a redirection to somebody else.
            .max_redirects(0)
            .build()
            .new_agent();
        Self { agent, url, key }
    }

    pub(super) fn address(&self) -> &str {
        &self.url
    }

    pub(super) fn get(&self, path: &str) -> Result<Body> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(key) = &self.key {
            request = request.header("authorization", bearer(key));
        }
        self.taken(request.call())
    }

    /// What is at an address that the server gave: on itself, or elsewhere, and then without the key.
    pub(super) fn fetch(&self, url: &str) -> Result<Body> {
        match url.strip_prefix(&self.url).filter(|path| path.starts_with('/')) {
            Some(path) => self.get(path),
            None => self.taken(self.agent.get(url).call()),
        }
    }

    pub(super) fn post(&self, call: &Call) -> Result<Body> {
        let mut request = self
            .agent
            .post(format!("{}{}", self.url, call.path))
            .header("content-type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("authorization", bearer(key));
        }
        self.taken(request.send(&*call.body))
    }

    fn taken(&self, sent: Result<Response<ureq::Body>, ureq::Error>) -> Result<Body> {
        let response = sent.map_err(|error| {
            let message = format!(
                "no answer from {}: {error}; is a server running there? `busbar serve` starts one",
                self.url
            );
            Error::new(ErrorKind::Unavailable, message)
        })?;
        let (parts, mut body) = response.into_parts();
        if parts.status.is_success() {
            return Ok(Box::new(body.into_reader()));
        }
        // What cannot be read says nothing, and the status alone is reported.
        let said = body.read_to_vec().unwrap_or_default();
        Err(failure(parts.status.as_u16(), &said))
    }
}

fn bearer(key: &Secret<String>) -> String {
    format!("Bearer {}", key.expose())
}

/// Does something that blocks on a thread of its own.
///
/// Not on the runtime's blocking pool: a read that nobody wants any more would hold up its end.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        // Whoever asked may be gone.
        let _unheard = tell.send(work());
    });
    told.await
        .unwrap_or_else(|_| Err(Error::internal("the connection's thread ended without an answer")))
}
