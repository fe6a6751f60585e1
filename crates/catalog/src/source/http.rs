//! One file over HTTP: goes on where it stopped, tries again, and can be stopped at any time.
//!
//! **Invariant:** the only place in this crate that reads a status code.

mod reader;
mod redirect;

use std::{sync::mpsc::sync_channel, thread};

use ureq::http::{HeaderMap, header};

use self::reader::{Head, Message, Request};
use crate::{Error, HubToken, Phase, Result, partial::Partial, pull::Errand};

/// What to get.
pub(super) struct Get<'a> {
    pub(super) address: &'a str,
    /// What to call it in errors.
    pub(super) place: &'a str,
    /// Sent to the address's own host and nowhere else.
    pub(super) token: Option<&'a HubToken>,
}

/// Appends what is missing of the file to `partial`.
pub(super) fn download(get: &Get<'_>, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<()> {
    errand.means.persist(
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
    let request = Request::new(get, partial.offset(), partial.version(), errand.means.settings);
    let (tell, messages) = sync_channel(4);
    thread::spawn(move || reader::read(&request, &tell));
    let cut = |says: String| Error::Network {
        place: get.place.to_owned(),
        says,
    };
    let mut expected = None;
    loop {
        let Some(message) = errand.means.hear(&messages, get.place)? else {
            return Err(cut("the connection was lost".to_owned()));
        };
        match message {
            Message::Head(head) => expected = begin(&head, get, partial, errand)?,
            Message::Chunk(bytes) => partial.append(&bytes, Phase::Fetching)?,
            Message::Failed(says) => return Err(cut(says)),
            Message::Refused(says) => {
                return Err(Error::Refused {
                    place: get.place.to_owned(),
                    says,
                });
            }
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

/// Decides from the answer's head whether its body goes on from what is here, replaces it, or is of no
/// use. Returns the length that the file then has, where the server says it.
fn begin(head: &Head, get: &Get<'_>, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<Option<u64>> {
    let refused = |says: String| Error::Refused {
        place: get.place.to_owned(),
        says,
    };
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
