//! The port to where jobs are recorded.
//!
//! It asks for what a single item can promise: write if absent, write over exactly the version
//! that was read, and three orders to read in (a tenant's newest first, a kind's waiting ones,
//! and by when they are due).

use std::fmt::{self, Debug};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use busbar_core::{BoxFuture, Error, Result, Tenant};

use crate::{Job, JobId, JobKind, Phase, Timestamp};

/// A client's own key for a job, and the job that it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyClaim {
    /// Whose key: no two tenants share one.
    pub tenant: Tenant,
    /// The key.
    pub key: String,
    /// What was asked, as a digest: the same key must not mean two things.
    pub fingerprint: String,
    /// The job that it means.
    pub job: JobId,
    /// When it means nothing any more.
    pub until: Timestamp,
}

/// Which jobs to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub tenant: Tenant,
    /// In which state; `None`: in any.
    pub phase: Option<Phase>,
    /// Of which kind; `None`: of any.
    pub kind: Option<JobKind>,
}

/// A page to list.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Which jobs.
    pub filter: Filter,
    /// Where the last page ended; `None`: from the newest.
    pub after: Option<Cursor>,
    /// How many at most.
    pub limit: usize,
}

/// A page of jobs, newest first. It may hold fewer than asked for, or none, and yet not be the
/// last: the last one has no `next`.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
}

/// A place in a list. Clients carry it and do not read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor for a place that the store understands.
    pub fn new(place: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(place))
    }

    /// A cursor as a client sent it back.
    pub fn from_client(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The place.
    ///
    /// # Errors
    /// `Invalid` where it is none of ours.
    pub fn place(&self) -> Result<String> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok();
        let place = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        place.ok_or_else(|| Error::invalid("cursor", "the cursor is not one that a list gave"))
    }

    /// The place as a job's id, which is what most stores use.
    ///
    /// # Errors
    /// As for `place`.
    pub fn job(&self) -> Result<JobId> {
        let foreign = |_| Error::invalid("cursor", "the cursor is not one that a list gave");
        self.place()?.parse().map_err(foreign)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where jobs are recorded. `testkit::conformance::job_store` is the contract.
///
/// Every write is durable when it resolves. Every call may fail with `Unavailable` or
/// `Overloaded` where the store is out of reach or busy; the error says so and may be retried.
pub trait JobStore: Debug + Send + Sync + 'static {
    /// Claims a key, if it is free at `now`; answers with the claim that holds, new or old.
    ///
    /// # Errors
    /// As above.
    fn claim(&self, claim: KeyClaim, now: Timestamp) -> BoxFuture<'_, Result<KeyClaim>>;

    /// Gives a key back, if it still means that job.
    ///
    /// # Errors
    /// As above.
    fn release<'a>(&'a self, tenant: &'a Tenant, key: &'a str, job: JobId) -> BoxFuture<'a, Result<()>>;

    /// Removes at most `limit` claims that mean nothing any more; says how many.
    ///
    /// # Errors
    /// As above.
    fn forget(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<usize>>;

    /// Records a new job. `false`: there is one with this id already, and it stays as it is.
    ///
    /// # Errors
    /// As above.
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>>;

    /// The job with this id.
    ///
    /// # Errors
    /// As above.
    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>>;

    /// Writes a job over version `was`. `false`: it has another version by now, or is gone.
    ///
    /// # Errors
    /// As above.
    fn replace<'a>(&'a self, job: &'a Job, was: u64) -> BoxFuture<'a, Result<bool>>;

    /// Removes a job if it is at version `was`. `false`: it is not, or is gone.
    ///
    /// # Errors
    /// As above.
    fn remove(&self, id: JobId, was: u64) -> BoxFuture<'_, Result<bool>>;

    /// A tenant's jobs, newest first.
    ///
    /// # Errors
    /// `Invalid` for a cursor that is none; as above.
    fn list(&self, listing: Listing) -> BoxFuture<'_, Result<Page>>;

    /// How many jobs of this kind wait and were accepted before this one, counted up to `most`.
    ///
    /// # Errors
    /// As above.
    fn ahead<'a>(&'a self, job: &'a Job, most: usize) -> BoxFuture<'a, Result<usize>>;

    /// At most `limit` jobs that were due at `now`, the longest due first.
    ///
    /// # Errors
    /// As above.
    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Job>>>;
}
