//! Fetches pictures: follows a few redirects, takes nothing but pictures, and no large ones.

use std::time::{Duration, Instant};

use busbar_core::{BoxFuture, Context, Fetched, Fetcher, Result};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method,
    header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE},
};

use crate::{Answer, Ask, Client, Failure, Outcome, Target};

/// How pictures' files begin, and what they are then. Eight bytes in, some say it again.
const MAGIC: &[(&[u8], usize, &str)] = &[
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"BM", 0, "image/bmp"),
];
/// What hosts call files of which they know nothing.
const ANYTHING: &[&str] = &[
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "application/x-image",
];

/// How much is fetched, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest picture's file.
    pub bytes: usize,
    /// How long one may take, redirects and all.
    pub time: Duration,
    /// How often a host may send us on.
    pub redirects: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 20 << 20,
            time: Duration::from_secs(10),
            redirects: 3,
        }
    }
}

/// Fetches pictures.
#[derive(Clone, Debug)]
pub struct PictureFetcher {
    client: Client,
    limits: Limits,
}

impl PictureFetcher {
    /// One that asks by this client.
    pub fn new(client: Client, limits: Limits) -> Self {
        Self { client, limits }
    }

    async fn get(&self, url: &str) -> Result<Fetched, Failure> {
        let began = Instant::now();
        let mut target = Target::read(url)?;
        for _ in 0..=self.limits.redirects {
            // Redirects do not begin the time anew.
            let left = self.limits.time.saturating_sub(began.elapsed());
            let answer = self.client.ask(&target, self.ask(left), is_picture).await;
            let answer = answer.map_err(|failure| match failure {
                Failure::Late(_) => Failure::Late(self.limits.time),
                other => other,
            })?;
            match &answer.outcome {
                Outcome::Done => return picture(answer),
                Outcome::Moved(Some(location)) => target = target.join(location)?,
                Outcome::Moved(None) => return Err(Failure::Unreachable),
                Outcome::Gone => return Err(Failure::Absent(Outcome::GONE)),
                Outcome::Absent(status) => return Err(Failure::Absent(*status)),
                Outcome::Broken(status) => return Err(Failure::Broken(*status)),
            }
        }
        Err(Failure::Unwanted("leads on more often than may be"))
    }

    fn ask(&self, patience: Duration) -> Ask {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("image/*"));
        Ask {
            method: Method::GET,
            headers,
            body: Bytes::new(),
            most: self.limits.bytes,
            patience,
        }
    }
}

impl Fetcher for PictureFetcher {
    fn fetch<'a>(&'a self, _: &'a Context, url: &'a str, param: &'a str) -> BoxFuture<'a, Result<Fetched>> {
        Box::pin(async move { self.get(url).await.map_err(|failure| failure.about(param)) })
    }
}

/// Whether there is a picture to be read; pages and the like need not even come.
fn is_picture(answer: &Answer) -> Result<bool, Failure> {
    if answer.outcome != Outcome::Done {
        return Ok(false);
    }
    let packed = answer.headers.get(CONTENT_ENCODING);
    if packed.is_some_and(|how| !how.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Failure::Unwanted(
            "leads to something that its host sends packed although it was asked not to",
        ));
    }
    let said = said(&answer.headers);
    if said.starts_with("image/") || ANYTHING.contains(&&*said) {
        return Ok(true);
    }
    Err(NO_PICTURE)
}

const NO_PICTURE: Failure = Failure::Unwanted("leads to something that is no picture");

fn picture(answer: Answer) -> Result<Fetched, Failure> {
    let seen = MAGIC.iter().find(|(magic, at, _)| {
        let begins = answer.body.get(*at..);
        begins.is_some_and(|rest| rest.starts_with(magic))
    });
    let media_type = match seen {
        // Hosts are often wrong about it.
        Some((.., media_type)) => (*media_type).to_owned(),
        None => Some(said(&answer.headers))
            .filter(|said| said.starts_with("image/"))
            .ok_or(NO_PICTURE)?,
    };
    Ok(Fetched {
        bytes: answer.body,
        media_type,
    })
}

/// The media type that the host says, without parameters, in small letters.
fn said(headers: &HeaderMap) -> String {
    let said = headers.get(CONTENT_TYPE).and_then(|said| said.to_str().ok());
    let essence = said.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
