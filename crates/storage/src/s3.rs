//! Files as objects of S3, below one place of a bucket. Whoever is given an address fetches them there or from
//! a distribution in front of it, and not through us.

use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant, UNIX_EPOCH},
};

use busbar_core::{BoxFuture, Context, Error, ErrorKind, RequestId, Result};
use busbar_jobs::{Addresses, ArtifactName, Artifacts, Body, JobId, Stored, Timestamp};
use busbar_providers::services::{Account, Distribution, Gate, Held, Location, Objects, Opener};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    beyond,
    retry::{failed, retry},
};

/// A whole file is put within this time.
const PUT_WITHIN: Duration = Duration::from_secs(60);
/// What has no body of length.
const WITHIN: Duration = Duration::from_secs(10);
/// So many names are in memory at a time, and so many are removed at once.
const BATCH: usize = 500;
const AT_ONCE: usize = 16;

/// Files in a bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct S3 {
    objects: Objects,
    place: Location,
    /// Who hands them out instead.
    distribution: Option<Distribution>,
}

impl S3 {
    /// Files below a place of an account: `s3://bucket/files/`. Asks nobody yet.
    ///
    /// # Errors
    /// What is wrong with the place, the region or the endpoint.
    pub fn new(account: &Account, place: &str) -> Result<Self> {
        let place = Location::new(place).map_err(|why| Error::invalid("storage.files", why))?;
        let objects = account.objects().map_err(crate::misplaced)?;
        Ok(Self {
            objects,
            place,
            distribution: None,
        })
    }

    /// The same files, whose addresses are those of a distribution in front of the bucket.
    #[must_use]
    pub fn behind(mut self, distribution: Option<Distribution>) -> Self {
        self.distribution = distribution;
        self
    }

    /// The origin of addresses that open files: `https://s3.eu-west-1.amazonaws.com`.
    pub fn origin(&self) -> Option<String> {
        match &self.distribution {
            Some(distribution) => distribution.origin(),
            None => self.objects.origin(),
        }
    }

    fn at(&self, name: ArtifactName) -> Location {
        self.place.within(&name.to_string())
    }

    async fn write(&self, name: ArtifactName, content: Bytes) -> Result<()> {
        let (location, media) = (self.at(name), name.media().content_type());
        let put = retry(|| async {
            let context = within(PUT_WITHIN);
            self.objects
                .put(&location, content.clone(), media, &context)
                .await
        });
        put.await.result.map_err(unusable)
    }

    async fn read(&self, name: ArtifactName, range: Option<Range<u64>>) -> Result<Body> {
        if range.as_ref().is_some_and(|range| range.is_empty()) {
            return Err(beyond());
        }
        let (location, part) = (self.at(name), range.as_ref());
        // Without a time limit for the whole: it is sent on to a client, who may be slow.
        let context = Context::new(RequestId::new(WHO));
        let reading = retry(|| self.objects.read(&location, part, &context));
        let held = match reading.await.result {
            Ok(held) => held.ok_or_else(missing)?,
            // How large the file is tells whether the range was wrong.
            Err(error) => {
                let size = self.stored(name).await?.bytes;
                let wrong = range.is_some_and(|range| range.start >= size);
                return Err(if wrong { beyond() } else { unusable(error) });
            }
        };
        let (host, stored, range) = (self.objects.host.clone(), stored(&held), held.range.clone());
        let chunks = held.body.map_err(move |why| unusable(host.explain(why)));
        Ok(Body {
            stored,
            range,
            chunks: chunks.boxed(),
        })
    }

    async fn stored(&self, name: ArtifactName) -> Result<Stored> {
        let location = self.at(name);
        let looking = retry(|| async { self.objects.head(&location, &within(WITHIN)).await });
        let held = looking.await.result.map_err(unusable)?;
        held.map(|held| stored(&held)).ok_or_else(missing)
    }

    async fn remove_one(&self, location: &Location) -> Result<()> {
        let removing = retry(|| async { self.objects.remove(location, &within(WITHIN)).await });
        removing.await.result.map_err(unusable)
    }

    async fn remove_folder(&self, job: JobId) -> Result<usize> {
        let folder = self.place.within(&job.to_string());
        let mut removed = 0;
        loop {
            let listing = retry(|| async { self.objects.list(&folder, BATCH, &within(WITHIN)).await });
            let batch = listing.await.result.map_err(unusable)?;
            if batch.is_empty() {
                return Ok(removed);
            }
            let removing = batch.into_iter();
            let removing = removing.map(|location| async move { self.remove_one(&location).await });
            let mut removing = stream::iter(removing).buffer_unordered(AT_ONCE);
            while let Some(one) = removing.next().await {
                one?;
                removed += 1;
            }
        }
    }
}

impl Artifacts for S3 {
    fn put(&self, name: ArtifactName, content: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.write(name, content))
    }

    fn get(&self, name: ArtifactName, range: Option<Range<u64>>) -> BoxFuture<'_, Result<Body>> {
        Box::pin(self.read(name, range))
    }

    fn head(&self, name: ArtifactName) -> BoxFuture<'_, Result<Stored>> {
        Box::pin(self.stored(name))
    }

    fn remove(&self, name: ArtifactName) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.remove_one(&self.at(name)).await })
    }

    fn remove_all(&self, job: JobId) -> BoxFuture<'_, Result<usize>> {
        Box::pin(self.remove_folder(job))
    }

    fn addresses(&self) -> BoxFuture<'_, Result<Option<Arc<dyn Addresses>>>> {
        Box::pin(async move {
            let place = self.place.clone();
            let addresses: Arc<dyn Addresses> = match &self.distribution {
                Some(distribution) => {
                    let gate = distribution.opener().await?;
                    Arc::new(Distributed { gate, place })
                }
                None => {
                    let opener = self.objects.opener().await.map_err(unusable)?;
                    Arc::new(Presigned { opener, place })
                }
            };
            Ok(Some(addresses))
        })
    }
}

/// Addresses that the bucket itself answers.
#[derive(Debug)]
struct Presigned {
    opener: Opener,
    place: Location,
}

impl Addresses for Presigned {
    fn of(&self, name: ArtifactName, from: Timestamp, valid_for: Duration) -> Result<String> {
        let from = UNIX_EPOCH + Duration::from_millis(from.millis());
        let location = self.place.within(&name.to_string());
        self.opener.get(&location, from, valid_for)
    }
}

/// Addresses that a distribution in front of the bucket answers.
#[derive(Debug)]
struct Distributed {
    gate: Gate,
    place: Location,
}

impl Addresses for Distributed {
    fn of(&self, name: ArtifactName, from: Timestamp, valid_for: Duration) -> Result<String> {
        let from = UNIX_EPOCH + Duration::from_millis(from.millis());
        let location = self.place.within(&name.to_string());
        let (_, path) = location.parts();
        self.gate.get(path, from, valid_for)
    }
}

/// Who asks, for those who read logs.
const WHO: &str = "storage";

fn within(time: Duration) -> Context {
    Context::new(RequestId::new(WHO)).due(Instant::now() + time)
}

fn stored(held: &Held) -> Stored {
    let modified = held.modified.map(Timestamp::from).unwrap_or_default();
    Stored {
        bytes: held.bytes,
        modified,
        // A name is given once and its content never changes, so its size tells enough.
        etag: held.etag.clone().unwrap_or_else(|| format!("{:x}", held.bytes)),
    }
}

fn missing() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such file")
}

fn unusable(error: Error) -> Error {
    failed("the store for files", error)
}
