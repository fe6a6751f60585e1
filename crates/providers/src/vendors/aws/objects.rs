//! A store of objects: they are put, fetched whole or in part, listed and removed.

use std::{ops::Range, sync::Arc, time::SystemTime};

use busbar_core::{Context, Error, ErrorKind, Result};
use busbar_wire::{stores::objects as wire, upstream::Said};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED, RANGE},
};

use super::{Opener, Signer};
use crate::{
    chat::MOST_OF_AN_ANSWER,
    endpoint::{Endpoint, escaped},
    host::{Call, Host},
    http::Body,
};

/// A list of a thousand names is smaller.
const MOST_OF_A_LIST: usize = 4 << 20;

/// A store of objects.
#[derive(Clone, Debug)]
pub struct Objects {
    /// Whoever keeps it.
    pub host: Host,
    /// Where it is; buckets are the first segment of its paths.
    pub endpoint: Endpoint,
    /// Who we are there.
    pub signer: Arc<Signer>,
}

/// An object that is there, or a part of it.
#[derive(Debug)]
pub struct Held {
    /// How large the whole is.
    pub bytes: u64,
    /// Which bytes of it come.
    pub range: Range<u64>,
    /// When it was put.
    pub modified: Option<SystemTime>,
    /// Changes when the content does.
    pub etag: Option<String>,
    /// The bytes; none where only its head was asked for.
    pub body: Body,
}

/// Where an object is: `s3://bucket/path/to/it`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location(String);

impl Location {
    /// Reads a location.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn new(location: &str) -> Result<Self, String> {
        let location = location.trim_end_matches('/');
        let wrong = || format!("`{location}` is no place for objects; write s3://bucket/path");
        let path = location.strip_prefix("s3://").ok_or_else(wrong)?;
        let walks = |segment: &str| matches!(segment, "" | "." | "..");
        match path.split('/').any(walks) {
            true => Err(wrong()),
            false => Ok(Self(path.to_owned())),
        }
    }

    /// A place within this one.
    #[must_use]
    pub fn within(&self, name: &str) -> Self {
        Self(format!("{}/{name}", self.0))
    }

    /// Its bucket, and what stands after it.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or((&self.0, ""))
    }

    pub(super) fn segments(&self) -> Vec<&str> {
        self.0.split('/').collect()
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}", self.0)
    }
}

impl Objects {
    /// Puts an object of a media type.
    ///
    /// # Errors
    /// As [`Host::post`].
    pub async fn put(
        &self,
        location: &Location,
        body: Bytes,
        media: &'static str,
        context: &Context,
    ) -> Result<()> {
        let mut call = Call::get(self.uri(location)?).by(Method::PUT);
        call.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        call.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        let answer = self.host.post(&call, body, context, &silent).await?;
        answer.body.finish();
        Ok(())
    }

    /// The object, if it is there.
    ///
    /// # Errors
    /// As [`Host::post`].
    pub async fn get(&self, location: &Location, context: &Context) -> Result<Option<Bytes>> {
        let call = Call::get(self.uri(location)?);
        let Some(answer) = self.host.find(&call, Bytes::new(), context, &silent).await? else {
            return Ok(None);
        };
        let body = answer.body.whole(MOST_OF_AN_ANSWER).await;
        body.map(Some).map_err(|why| self.host.explain(why))
    }

    /// The object as it comes, or a part of it, if it is there.
    ///
    /// # Errors
    /// As [`Host::post`]; also where the part begins behind its end.
    pub async fn read(
        &self,
        location: &Location,
        part: Option<&Range<u64>>,
        context: &Context,
    ) -> Result<Option<Held>> {
        let mut call = Call::get(self.uri(location)?);
        if let Some(part) = part {
            let bytes = format!("bytes={}-{}", part.start, part.end.saturating_sub(1));
            let value = HeaderValue::from_str(&bytes).map_err(|_| nonsense())?;
            call.headers.insert(RANGE, value);
        }
        let answer = self.host.find(&call, Bytes::new(), context, &silent).await?;
        answer
            .map(|answer| held(&answer.headers, answer.body))
            .transpose()
    }

    /// What is known of an object, if it is there.
    ///
    /// # Errors
    /// As [`Host::post`].
    pub async fn head(&self, location: &Location, context: &Context) -> Result<Option<Held>> {
        let call = Call::get(self.uri(location)?).by(Method::HEAD);
        let answer = self.host.find(&call, Bytes::new(), context, &silent).await?;
        answer
            .map(|answer| held(&answer.headers, answer.body))
            .transpose()
    }

    /// Removes an object; one that is not there is removed already.
    ///
    /// # Errors
    /// As [`Host::post`].
    pub async fn remove(&self, location: &Location, context: &Context) -> Result<()> {
        let call = Call::get(self.uri(location)?).by(Method::DELETE);
        if let Some(answer) = self.host.find(&call, Bytes::new(), context, &silent).await? {
            answer.body.finish();
        }
        Ok(())
    }

    /// At most `most` objects within a place.
    ///
    /// # Errors
    /// As [`Host::post`].
    pub async fn list(&self, within: &Location, most: usize, context: &Context) -> Result<Vec<Location>> {
        let (bucket, path) = within.parts();
        let prefix = escaped(&format!("{path}/"));
        let query = format!("list-type=2&max-keys={most}&prefix={prefix}");
        let uri = self.endpoint.join(&[bucket], Some(&query));
        let call = Call::get(uri.map_err(|why| Error::new(ErrorKind::BadUpstream, why))?);
        let answer = self.host.post(&call, Bytes::new(), context, &silent).await?;
        let list = answer.body.whole(MOST_OF_A_LIST).await;
        let list = list.map_err(|why| self.host.explain(why))?;
        let names = wire::names(&list)?.into_iter();
        Ok(names.map(|name| Location(format!("{bucket}/{name}"))).collect())
    }

    /// What writes addresses that open objects, with credentials that are good now.
    ///
    /// # Errors
    /// Where there are none.
    pub async fn opener(&self) -> Result<Opener> {
        Ok(Opener {
            keys: self.signer.credentials.get(SystemTime::now()).await?,
            signer: self.signer.clone(),
            endpoint: self.endpoint.clone(),
        })
    }

    /// Scheme and host of addresses.
    pub fn origin(&self) -> Option<String> {
        let uri = self.endpoint.join(&[], None).ok()?;
        Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
    }

    fn uri(&self, location: &Location) -> Result<http::Uri> {
        let uri = self.endpoint.join(&location.segments(), None);
        uri.map_err(|why| Error::new(ErrorKind::BadUpstream, why))
    }
}

/// What the head of an answer says of an object.
fn held(headers: &HeaderMap, body: Body) -> Result<Held> {
    let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
    let (range, bytes) = match text(&CONTENT_RANGE) {
        Some(part) => part_of(part).ok_or_else(nonsense)?,
        None => {
            let length = text(&CONTENT_LENGTH).and_then(|length| length.parse().ok());
            let length: u64 = length.ok_or_else(nonsense)?;
            (0..length, length)
        }
    };
    let etag = text(&ETAG).map(|etag| etag.trim_matches('"').to_owned());
    Ok(Held {
        bytes,
        range,
        modified: text(&LAST_MODIFIED).and_then(|date| httpdate::parse_http_date(date).ok()),
        etag,
        body,
    })
}

/// `bytes 0-3/10`.
fn part_of(text: &str) -> Option<(Range<u64>, u64)> {
    let (part, whole) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    let end = last.parse::<u64>().ok()?.checked_add(1)?;
    Some((first.parse().ok()?..end, whole.parse().ok()?))
}

fn nonsense() -> Error {
    Error::new(
        ErrorKind::BadUpstream,
        "the store of objects does not say how large an object is",
    )
}

/// Refusals are XML that names buckets: nothing for clients.
fn silent(_: &[u8]) -> Said {
    Said::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_bucket_and_a_path_that_leads_nowhere_else() {
        let location = Location::new("s3://bucket/a/").unwrap();
        assert_eq!(location.within("b").to_string(), "s3://bucket/a/b");
        for wrong in ["bucket/a", "https://h/a", "s3://", "s3://b//a", "s3://b/../c"] {
            assert!(Location::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_part_says_which_it_is_and_of_how_much() {
        assert_eq!(part_of("bytes 8-9/10"), Some((8..10, 10)));
        for wrong in [
            "bytes */10",
            "bytes 1-/10",
            "8-9/10",
            "bytes 1-18446744073709551615/9",
            "",
        ] {
            assert_eq!(part_of(wrong), None, "{wrong}");
        }
    }
}
