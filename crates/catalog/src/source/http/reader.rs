//! The reading side of a download: a thread that owns the socket and sends on what it hears. A server
//! that falls silent cannot be interrupted; it can be left behind.

use std::{io::Read, sync::mpsc::SyncSender, time::Duration};

use ureq::{
    Agent, Body,
    http::{HeaderMap, Response, header},
    tls::{RootCerts, TlsConfig},
};

use super::{super::address, Get, redirect, text};
use crate::{Settings, verify::CHUNK};

/// Hubs need two or three.
const REDIRECTS: usize = 10;

/// What is heard, in this order: a head, chunks, an end; or the reason why not.
pub(super) enum Message {
    Head(Head),
    Chunk(Vec<u8>),
    End,
    /// Another try may help.
    Failed(String),
    /// No other try will.
    Refused(String),
}

/// The beginning of an answer.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
}

/// What is sent, to the first address and to wherever it redirects.
pub(super) struct Request {
    agent: Agent,
    address: String,
    headers: Vec<(header::HeaderName, String)>,
    secret: Option<String>,
}

impl Request {
    /// Asks for the file from `offset` on, if it is still the given version.
    pub(super) fn new(get: &Get<'_>, offset: u64, version: Option<&str>, settings: &Settings) -> Self {
        let agent = Agent::config_builder();
        // Unencrypted means this very machine, which no proxy is asked for.
        let agent = if address::is_https(get.address) {
            agent
        } else {
            agent.proxy(None)
        };
        let agent = agent
            .http_status_as_error(false)
            // Followed here: the client would go anywhere, and tell afterwards.
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_per_read(Some(settings.patience.silence))
            .tls_config(
                TlsConfig::builder()
                    .root_certs(RootCerts::PlatformVerifier)
                    .build(),
            )
            .user_agent(concat!("busbar/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        // Offsets count bytes of the file itself, so it must come as it is.
        let mut headers = vec![(header::ACCEPT_ENCODING, "identity".to_owned())];
        if offset > 0 {
            headers.push((header::RANGE, format!("bytes={offset}-")));
            headers.extend(version.map(|version| (header::IF_RANGE, version.to_owned())));
        }
        Self {
            agent,
            address: get.address.to_owned(),
            headers,
            secret: get.token.map(|token| format!("Bearer {}", token.reveal())),
        }
    }

    fn call(&self, address: &str) -> Result<Response<Body>, ureq::Error> {
        let mut request = self.agent.get(address);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(secret) = self
            .secret
            .as_ref()
            .filter(|_| redirect::same_server(&self.address, address))
        {
            request = request.header(header::AUTHORIZATION, secret);
        }
        request.call()
    }
}

/// Runs on its own thread, until the file ends or nobody listens any more.
pub(super) fn read(request: &Request, tell: &SyncSender<Message>) {
    let (first, response) = match follow(request) {
        Ok(response) => (head(&response), Some(response)),
        Err(failed) => (failed, None),
    };
    let heard = tell.send(first).is_ok();
    if let Some(response) = response.filter(|_| heard) {
        read_body(response, tell);
    }
}

fn head(response: &Response<Body>) -> Message {
    Message::Head(Head {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
    })
}

/// The answer at the end of all redirects.
fn follow(request: &Request) -> Result<Response<Body>, Message> {
    let mut address = request.address.clone();
    for _ in 0..=REDIRECTS {
        let response = request
            .call(&address)
            .map_err(|error| Message::Failed(error.to_string()))?;
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(response);
        }
        let location = text(response.headers(), header::LOCATION).unwrap_or_default();
        address = redirect::follow(&address, location)
            .map_err(|says| Message::Refused(format!("it redirects, and {says}")))?;
    }
    Err(Message::Refused(format!(
        "it redirects more than {REDIRECTS} times"
    )))
}

fn read_body(response: Response<Body>, tell: &SyncSender<Message>) {
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    loop {
        let mut chunk = vec![0; CHUNK];
        let message = match body.read(&mut chunk) {
            Ok(0) => Message::End,
            Ok(read) => {
                chunk.truncate(read);
                Message::Chunk(chunk)
            }
            Err(error) => Message::Failed(error.to_string()),
        };
        let last = !matches!(message, Message::Chunk(_));
        if tell.send(message).is_err() || last {
            return;
        }
    }
}
