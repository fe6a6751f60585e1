//! One file over HTTP: goes on where it stopped, tries again, and can be stopped at any time.
//!
//! **Invariant:** the only place in this crate that reads a status code.

use std::{
    io::Read,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
    time::Duration,
};

use ureq::{
    Agent, Body, ResponseExt,
    config::RedirectAuthHeaders,
    http::{HeaderMap, Response, header},
    tls::{RootCerts, TlsConfig},
};

use super::address;
use crate::{Error, HubToken, Phase, Result, partial::Partial, pull::Errand, verify::CHUNK};

/// What to get.
pub(super) struct Get<'a> {
    pub(super) address: &'a str,
    /// What to call it in errors.
    pub(super) place: &'a str,
    /// Sent to the address's own host and nowhere else.
    pub(super) token: Option<&'a HubToken>,
}

/// What the reading thread says. It owns the socket, so that a silent one can be left behind.
enum Message {
    Head(Head),
    Chunk(Vec<u8>),
    End,
    Failed(String),
}

struct Head {
    status: u16,
    headers: HeaderMap,
    /// Where redirects have led.
    address: String,
}

/// Appends what is missing of the file to `partial`.
pub(super) fn download(get: &Get<'_>, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<()> {
    errand.persist(
        partial,
        |partial| attempt(get, partial, errand),
        |partial| partial.length(),
    )
}

fn attempt(get: &Get<'_>, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<()> {
    // Without a hash or a version, nothing would tell if old and new bytes belong together.
    if partial.version().is_none() && !errand.hash_known {
        partial.restart_part()?;
    }
    let request = request(get, partial, errand);
    let (tell, messages) = sync_channel(4);
    thread::spawn(move || read(request, &tell));
    let cut = |says: String| Error::Network {
        place: get.place.to_owned(),
        says,
    };
    let mut expected = None;
    loop {
        let Some(message) = errand.hear(&messages, get.place)? else {
            return Err(cut("the connection was lost".to_owned()));
        };
        match message {
            Message::Head(head) => expected = begin(&head, get, partial, errand)?,
            Message::Chunk(bytes) => partial.append(&bytes, Phase::Fetching)?,
            Message::Failed(says) => return Err(cut(says)),
            Message::End => {
                let found = partial.offset();
                return match expected {
                    Some(expected) if found != expected => {
                        Err(cut(format!("it ended after {found} of {expected} bytes")))
                    }
                    _ => Ok(()),
                };
            }
        }
    }
}

type Request = ureq::RequestBuilder<ureq::typestate::WithoutBody>;

fn request(get: &Get<'_>, partial: &Partial<'_>, errand: &Errand<'_>) -> Request {
    let agent: Agent = Agent::config_builder()
        .https_only(address::is_https(get.address))
        .http_status_as_error(false)
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .timeout_connect(Some(Duration::from_secs(30)))
        .timeout_per_read(Some(errand.settings.patience.silence))
        .tls_config(
            TlsConfig::builder()
                .root_certs(RootCerts::PlatformVerifier)
                .build(),
        )
        .user_agent(concat!("busbar/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    // Offsets count bytes of the file itself, so it must come as it is.
    let mut request = agent.get(get.address).header(header::ACCEPT_ENCODING, "identity");
    if let Some(token) = get.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
    }
    if partial.offset() > 0 {
        request = request.header(header::RANGE, format!("bytes={}-", partial.offset()));
        if let Some(version) = partial.version() {
            request = request.header(header::IF_RANGE, version);
        }
    }
    request
}

/// Runs on its own thread, until the file ends or nobody listens any more.
fn read(request: Request, tell: &SyncSender<Message>) {
    let response = match request.call() {
        Ok(response) => response,
        Err(error) => {
            let _ = tell.send(Message::Failed(error.to_string()));
            return;
        }
    };
    let head = Head {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        address: response.get_uri().to_string(),
    };
    if tell.send(Message::Head(head)).is_ok() {
        read_body(response, tell);
    }
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

/// Decides from the answer's head whether its body goes on from what is here, replaces it, or is of no
/// use. Returns the length that the file then has, where the server says it.
fn begin(head: &Head, get: &Get<'_>, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<Option<u64>> {
    let refused = |says: String| Error::Refused {
        place: get.place.to_owned(),
        says,
    };
    address::check(&head.address).map_err(|says| refused(format!("it redirects, and {says}")))?;
    if !matches!(head.status, 200 | 206 | 416) {
        return Err(status_failure(get.place.to_owned(), head.status));
    }
    let encoding = text(&head.headers, header::CONTENT_ENCODING).unwrap_or("identity");
    if encoding != "identity" {
        return Err(refused(format!("the server insists on {encoding} encoding")));
    }
    let passing = |says: &str| Error::Network {
        place: get.place.to_owned(),
        says: says.to_owned(),
    };
    let total = match head.status {
        // The whole file from its beginning, whatever was asked for.
        200 => {
            partial.restart_part()?;
            text(&head.headers, header::CONTENT_LENGTH).and_then(|length| length.parse().ok())
        }
        206 => match text(&head.headers, header::CONTENT_RANGE).and_then(range) {
            Some((from, total)) if from == partial.offset() => total,
            _ => {
                partial.restart_part()?;
                return Err(passing("the server sent another range than it was asked for"));
            }
        },
        // 416: what is here does not fit what the server has.
        _ => {
            partial.restart_part()?;
            return Err(passing("the server has no such range"));
        }
    };
    partial.set_version(version(&head.headers))?;
    if let Some(total) = total {
        partial.expect(total)?;
    }
    errand.tell(Phase::Fetching, partial.length());
    Ok(total)
}

/// What a status means that brings no bytes.
pub(super) fn status_failure(place: String, status: u16) -> Error {
    let says = format!("the server answered {status}");
    match status {
        404 | 410 => Error::Gone { place },
        401 | 403 => refusal(place, says),
        // Too early, too often, or broken for the moment.
        408 | 425 | 429 | 500..=599 => Error::Network { place, says },
        _ => Error::Refused { place, says },
    }
}

/// The server wants to know who asks, or knows and minds.
fn refusal(place: String, says: String) -> Error {
    if place.starts_with("hf:") {
        return Error::Gated { repo: place, says };
    }
    Error::Refused {
        place,
        says: format!("{says}: it wants credentials, and https: sources carry none"),
    }
}

/// What the server calls this version of the file, if it can be asked for by it: a strong entity tag
/// or a date.
fn version(headers: &HeaderMap) -> Option<String> {
    let tag = text(headers, header::ETAG).filter(|tag| !tag.starts_with("W/"));
    tag.or_else(|| text(headers, header::LAST_MODIFIED))
        .map(str::to_owned)
}

/// `bytes 10-19/20` as where it starts and how long the whole is.
fn range(value: &str) -> Option<(u64, Option<u64>)> {
    let (span, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = span.split_once('-')?;
    Some((from.trim().parse().ok()?, total.trim().parse().ok()))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
