//! Stores that stand still at a stated moment, for the test to kill their process there.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use busbar_core::{BoxFuture, Result, Tenant};
use busbar_jobs::{
    ArtifactName, Artifacts, Body, Delivery, Depth, Job, JobId, JobStore, KeyClaim, Listing, Page, Queue,
    QueueName, Receipt, Receive, Stored, Timestamp,
};
use bytes::Bytes;

/// Counts the moments before and after each request.
#[derive(Debug)]
pub(crate) struct Steps {
    stop_at: usize,
    taken: AtomicUsize,
}

impl Steps {
    /// Stands still at moment `stop_at`; 0: never.
    pub(crate) fn until(stop_at: usize) -> Self {
        Self {
            stop_at,
            taken: AtomicUsize::new(0),
        }
    }

    fn step(&self) {
        if self.taken.fetch_add(1, Ordering::SeqCst) + 1 != self.stop_at {
            return;
        }
        // The runtime has one thread: nothing else of this process goes on either.
        if crate::say("here").is_err() {
            return;
        }
        loop {
            std::thread::park();
        }
    }
}

/// A store whose requests are counted.
#[derive(Debug)]
pub(crate) struct Mortal<S: ?Sized> {
    inner: Arc<S>,
    steps: Arc<Steps>,
}

impl<S: ?Sized> Mortal<S> {
    /// A store that counts with others.
    pub(crate) fn new(inner: Arc<S>, steps: &Arc<Steps>) -> Self {
        Self {
            inner,
            steps: Arc::clone(steps),
        }
    }

    fn count<'a, T: 'a>(&'a self, request: BoxFuture<'a, Result<T>>) -> BoxFuture<'a, Result<T>>
    where
        S: Send + Sync,
    {
        Box::pin(async move {
            self.steps.step();
            let answer = request.await;
            self.steps.step();
            answer
        })
    }
}

impl<S: JobStore + ?Sized> JobStore for Mortal<S> {
    fn claim(&self, claim: KeyClaim, now: Timestamp) -> BoxFuture<'_, Result<KeyClaim>> {
        self.count(self.inner.claim(claim, now))
    }

    fn release<'a>(&'a self, tenant: &'a Tenant, key: &'a str, job: JobId) -> BoxFuture<'a, Result<()>> {
        self.count(self.inner.release(tenant, key, job))
    }

    fn forget(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<usize>> {
        self.count(self.inner.forget(now, limit))
    }

    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        self.count(self.inner.insert(job))
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        self.count(self.inner.load(id))
    }

    fn replace<'a>(&'a self, job: &'a Job, was: u64) -> BoxFuture<'a, Result<bool>> {
        self.count(self.inner.replace(job, was))
    }

    fn remove(&self, id: JobId, was: u64) -> BoxFuture<'_, Result<bool>> {
        self.count(self.inner.remove(id, was))
    }

    fn list(&self, listing: Listing) -> BoxFuture<'_, Result<Page>> {
        self.count(self.inner.list(listing))
    }

    fn ahead<'a>(&'a self, job: &'a Job, most: usize) -> BoxFuture<'a, Result<usize>> {
        self.count(self.inner.ahead(job, most))
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Job>>> {
        self.count(self.inner.due(now, limit))
    }
}

impl<S: Queue + ?Sized> Queue for Mortal<S> {
    fn send<'a>(&'a self, queue: &'a QueueName, body: String, delay: Duration) -> BoxFuture<'a, Result<()>> {
        self.count(self.inner.send(queue, body, delay))
    }

    fn receive<'a>(&'a self, queue: &'a QueueName, ask: Receive) -> BoxFuture<'a, Result<Vec<Delivery>>> {
        self.count(self.inner.receive(queue, ask))
    }

    fn extend<'a>(
        &'a self,
        queue: &'a QueueName,
        receipt: &'a Receipt,
        lease: Duration,
    ) -> BoxFuture<'a, Result<bool>> {
        self.count(self.inner.extend(queue, receipt, lease))
    }

    fn delete<'a>(&'a self, queue: &'a QueueName, receipt: &'a Receipt) -> BoxFuture<'a, Result<()>> {
        self.count(self.inner.delete(queue, receipt))
    }

    fn bury<'a>(&'a self, queue: &'a QueueName, delivery: &'a Delivery) -> BoxFuture<'a, Result<()>> {
        self.count(self.inner.bury(queue, delivery))
    }

    fn depth<'a>(&'a self, queue: &'a QueueName) -> BoxFuture<'a, Result<Depth>> {
        self.count(self.inner.depth(queue))
    }
}

impl<S: Artifacts + ?Sized> Artifacts for Mortal<S> {
    fn put(&self, name: ArtifactName, content: Bytes) -> BoxFuture<'_, Result<()>> {
        self.count(self.inner.put(name, content))
    }

    fn get(&self, name: ArtifactName, range: Option<Range<u64>>) -> BoxFuture<'_, Result<Body>> {
        self.count(self.inner.get(name, range))
    }

    fn head(&self, name: ArtifactName) -> BoxFuture<'_, Result<Stored>> {
        self.count(self.inner.head(name))
    }

    fn remove(&self, name: ArtifactName) -> BoxFuture<'_, Result<()>> {
        self.count(self.inner.remove(name))
    }

    fn remove_all(&self, job: JobId) -> BoxFuture<'_, Result<usize>> {
        self.count(self.inner.remove_all(job))
    }
}
