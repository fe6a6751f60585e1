//! A store of objects: one is put, one is fetched.

use busbar_core::{Context, Error, ErrorKind, Result};
use busbar_wire::upstream::Said;
use bytes::Bytes;
use http::Method;

use crate::{
    chat::MOST_OF_AN_ANSWER,
    endpoint::Endpoint,
    host::{Call, Host},
};

/// A store of objects.
#[derive(Clone, Debug)]
pub struct Objects {
    /// Whoever keeps it.
    pub host: Host,
    /// Where it is; buckets are the first segment of its paths.
    pub endpoint: Endpoint,
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

    fn segments(&self) -> Vec<&str> {
        self.0.split('/').collect()
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}", self.0)
    }
}

impl Objects {
    /// Puts an object.
    ///
    /// # Errors
    /// As [`Host::post`].
    pub async fn put(&self, location: &Location, body: Bytes, context: &Context) -> Result<()> {
        let call = Call::json(self.uri(location)?, "*/*").by(Method::PUT);
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

    fn uri(&self, location: &Location) -> Result<http::Uri> {
        let uri = self.endpoint.join(&location.segments(), None);
        uri.map_err(|why| Error::new(ErrorKind::BadUpstream, why))
    }
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
}
