//! What clients ask of jobs: how one stands, which there are, stop it, remove it.
//!
//! Nothing of one tenant is visible to another: a job of somebody else is not found.

use std::{sync::Arc, time::Duration};

use busbar_core::{Clock, Error, ErrorKind, Result, Tenant};
use tracing::warn;

use crate::{
    Artifacts, Cursor, Filter, Follower, Ids, Job, JobEvent, JobId, JobKind, JobStore, Listing, Notices,
    Page, Phase, Queue, QueueName, Refused, Timestamp, courier, news::News,
};

/// What holds for every job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long after it was accepted a job is worthless unless it is done.
    pub expires_in: Duration,
    /// How long a job and its files are kept once it is over.
    pub keep: Duration,
    /// How many starts may come to nothing before a job is given up.
    pub tries: u32,
    /// How many bytes a request may have as JSON; files go beside it.
    pub largest_recipe: usize,
}

impl Default for Policy {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self {
            expires_in: DAY,
            keep: 7 * DAY,
            tries: 4,
            // A record with its history stays well under the 400 KB of an item in DynamoDB.
            largest_recipe: 128 * 1024,
        }
    }
}

/// Jobs as clients see them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Jobs {
    pub(crate) store: Arc<dyn JobStore>,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) artifacts: Arc<dyn Artifacts>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) policy: Policy,
    pub(crate) news: News,
    notices: Option<Arc<dyn Notices>>,
}

/// What came of the wish to stop a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancelled {
    /// It waited, and is stopped.
    AtOnce(Job),
    /// It runs, and stops before its next step.
    Soon(Job),
    /// It was over before.
    TooLate(Job),
}

impl Jobs {
    /// Jobs on these ports.
    pub fn new(
        store: Arc<dyn JobStore>,
        queue: Arc<dyn Queue>,
        artifacts: Arc<dyn Artifacts>,
        clock: Arc<dyn Clock>,
        policy: Policy,
    ) -> Self {
        let ids = Arc::new(Ids::new(Arc::clone(&clock)));
        Self {
            store,
            queue,
            artifacts,
            clock,
            ids,
            policy,
            news: News::new(),
            notices: None,
        }
    }

    /// The same jobs; those of one kind give notice where they come to nothing.
    #[must_use]
    pub fn with_notices(mut self, notices: Option<Arc<dyn Notices>>) -> Self {
        self.notices = notices;
        self
    }

    pub(crate) fn notices_of(&self, kind: &JobKind) -> Option<&Arc<dyn Notices>> {
        self.notices.as_ref().filter(|notices| notices.kind() == *kind)
    }

    /// Where the files lie.
    pub fn artifacts(&self) -> &Arc<dyn Artifacts> {
        &self.artifacts
    }

    /// The queues.
    pub fn queue(&self) -> &Arc<dyn Queue> {
        &self.queue
    }

    /// A tenant's job.
    ///
    /// # Errors
    /// `NotFound`, for somebody else's job too.
    pub async fn get(&self, tenant: &Tenant, id: JobId) -> Result<Job> {
        let job = self.store.load(id).await?;
        job.filter(|job| job.tenant == *tenant).ok_or_else(|| unknown(id))
    }

    /// What happened to a job after event number `seen`.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn events(&self, tenant: &Tenant, id: JobId, seen: u64) -> Result<Vec<JobEvent>> {
        Ok(self.get(tenant, id).await?.events_after(seen))
    }

    /// Waits for changes of a job: at once where this process makes them, soon where another does.
    pub fn follow(&self, id: JobId) -> Follower {
        self.news.follow(id)
    }

    /// A page of a tenant's jobs, newest first.
    ///
    /// # Errors
    /// `Invalid` for a foreign cursor or a limit of 0 or above 100.
    pub async fn list(&self, filter: Filter, after: Option<Cursor>, limit: usize) -> Result<Page> {
        const MOST: usize = 100;
        if !(1..=MOST).contains(&limit) {
            return Err(Error::invalid("limit", format!("a page has 1 to {MOST} jobs")));
        }
        let listing = Listing { filter, after, limit };
        self.store.list(listing).await
    }

    /// A waiting job's place: 1 is next. `None`: it does not wait. Past a thousand it is not
    /// counted further.
    ///
    /// # Errors
    /// The store's.
    pub async fn position(&self, job: &Job) -> Result<Option<usize>> {
        const MOST: usize = 1000;
        if job.phase() != Phase::Queued {
            return Ok(None);
        }
        Ok(Some(self.store.ahead(job, MOST).await? + 1))
    }

    /// Stops a job: a waiting one at once, a running one before its next step.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn cancel(&self, tenant: &Tenant, id: JobId) -> Result<Cancelled> {
        self.get(tenant, id).await?;
        let now = self.now();
        match self.change(id, |job| job.cancel(now)).await? {
            None => Err(unknown(id)),
            Some(Ok(job)) if job.is_over() => Ok(Cancelled::AtOnce(self.announce(job).await)),
            Some(Ok(job)) => Ok(Cancelled::Soon(job)),
            Some(Err(Refused::Over)) => Ok(Cancelled::TooLate(self.known(id).await?)),
            Some(Err(_)) => Ok(Cancelled::Soon(self.known(id).await?)),
        }
    }

    /// Removes a job with its files. A waiting one is stopped by that; its key is free again.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with the code `job_running` where a worker has it: stop it first.
    pub async fn delete(&self, tenant: &Tenant, id: JobId) -> Result<()> {
        let job = match self.cancel(tenant, id).await? {
            Cancelled::AtOnce(job) | Cancelled::TooLate(job) => job,
            Cancelled::Soon(_) => {
                let error = Error::new(
                    ErrorKind::Invalid,
                    format!("job {id} was running; it is being stopped, delete it once it is over"),
                );
                return Err(error.with_code("job_running"));
            }
        };
        self.erase(&job).await?;
        Ok(())
    }

    /// Removes a job that is over: its files, its record, its key, in this order, so that a
    /// crash in between leaves nothing that nobody would find again.
    pub(crate) async fn erase(&self, job: &Job) -> Result<bool> {
        self.artifacts.remove_all(job.id).await?;
        if !self.store.remove(job.id, job.version).await? {
            return Ok(false);
        }
        self.news.tell(job.id);
        if let Some(key) = &job.key {
            self.store.release(&job.tenant, key, job.id).await?;
        }
        Ok(true)
    }

    /// Changes a job by a rule, again if somebody else changed it in between. `None`: there is
    /// no such job.
    pub(crate) async fn change(
        &self,
        id: JobId,
        rule: impl Fn(&Job) -> Result<Job, Refused> + Send,
    ) -> Result<Option<Result<Job, Refused>>> {
        const TRIES: usize = 32;
        for _ in 0..TRIES {
            let Some(job) = self.store.load(id).await? else {
                return Ok(None);
            };
            let next = match rule(&job) {
                Ok(next) => next,
                Err(refused) => return Ok(Some(Err(refused))),
            };
            if self.store.replace(&next, job.version).await? {
                self.news.tell(id);
                return Ok(Some(Ok(next)));
            }
        }
        let retry_after = Duration::from_millis(100);
        Err(Error::new(
            ErrorKind::Overloaded { retry_after },
            format!("job {id} is being changed by too many at once"),
        ))
    }

    /// Puts into the queues what a job has to tell: that it waits, and its webhooks; gives notice of its end. What fails
    /// here is left to the sweep, for the job itself is safely recorded.
    pub(crate) async fn announce(&self, job: Job) -> Job {
        match self.try_announce(&job).await {
            Ok(Some(told)) => told,
            Ok(None) => job,
            Err(error) => {
                warn!(job = %job.id, error = %error, "a job could not be announced; the sweep will try again");
                job
            }
        }
    }

    /// As `announce`; `None`: there was nothing to tell.
    pub(crate) async fn try_announce(&self, job: &Job) -> Result<Option<Job>> {
        let hooks: Vec<u64> = job.pending_hooks().map(|event| event.seq).collect();
        if !job.has_news() {
            return Ok(None);
        }
        if !job.announced {
            let queue = QueueName::of(&job.kind);
            self.queue
                .send(&queue, job.id.to_string(), Duration::ZERO)
                .await?;
        }
        for seq in &hooks {
            let message = courier::message(job.id, *seq);
            self.queue
                .send(&QueueName::webhooks(), message, Duration::ZERO)
                .await?;
        }
        let owed = job.owes_notice();
        if owed {
            let notices = self.notices_of(&job.kind).ok_or_else(nobody_says)?;
            notices.give(job).await?;
        }
        let (now, seen) = (self.now(), job.version);
        let hooked = job.history.last().map_or(0, |event| event.seq).min(seen);
        // Whoever changed it meanwhile may have made it wait anew: that needs its own message.
        let told = self.change(job.id, |latest| {
            let mut next = latest.told_outside(now, hooked);
            next.announced = latest.announced || latest.attempt == job.attempt;
            next.notice &= !owed;
            Ok(next)
        });
        Ok(told.await?.and_then(Result::ok))
    }

    pub(crate) async fn known(&self, id: JobId) -> Result<Job> {
        self.store.load(id).await?.ok_or_else(|| unknown(id))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.wall())
    }
}

/// Another process has what it takes, or none has any more.
fn nobody_says() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "this process does not know where it is to be said that the job came to nothing",
    )
}

fn unknown(id: JobId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no job {id}"))
}
