//! Takes jobs of one kind from their queue and has them done, several at once.
//!
//! Any number of runners, in any number of processes, work on one queue. Nothing is theirs but
//! the leases that they hold: one that dies loses nothing but time.

use std::{sync::Arc, time::Duration};

use busbar_core::Result;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::Instant,
};
use tracing::{info, warn};

use crate::{
    Backoff, Delivery, JobHandler, Jobs, QueueName, Receive, StopSignal, Thumbnails, attempt::Attempt,
    seldom::Complaints,
};

/// How a runner works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunnerPolicy {
    /// How many jobs at once.
    pub concurrency: usize,
    /// How long a job is this worker's without a word from it. A worker that dies costs its job
    /// so much time; a pause of the machine longer than this costs the work done so far.
    pub lease: Duration,
    /// How often progress is written and the wish to stop is looked for.
    pub look_every: Duration,
    /// How long to wait at the queue before asking again.
    pub wait: Duration,
    /// The pauses before a job that failed is tried again.
    pub backoff: Backoff,
    /// How long a runner that is to end lets its jobs go on, in the hope that they finish.
    pub finish_within: Duration,
    /// How long work that was told to stop may take to do so, before it is dropped.
    pub grace: Duration,
}

impl Default for RunnerPolicy {
    fn default() -> Self {
        Self {
            concurrency: 1,
            lease: Duration::from_secs(60),
            look_every: Duration::from_millis(500),
            wait: Duration::from_secs(2),
            backoff: Backoff::default(),
            finish_within: Duration::from_secs(5),
            grace: Duration::from_secs(10),
        }
    }
}

/// Has jobs of one kind done.
#[derive(Clone, Debug)]
pub struct Runner {
    pub(crate) jobs: Jobs,
    pub(crate) handler: Arc<dyn JobHandler>,
    pub(crate) policy: RunnerPolicy,
    pub(crate) thumbnails: Option<Arc<dyn Thumbnails>>,
    pub(crate) queue: QueueName,
    pub(crate) complaints: Arc<Complaints>,
}

impl Runner {
    /// A runner for the handler's kind.
    pub fn new(jobs: Jobs, handler: Arc<dyn JobHandler>, policy: RunnerPolicy) -> Self {
        let queue = QueueName::of(&handler.kind());
        Self {
            jobs,
            handler,
            policy,
            thumbnails: None,
            queue,
            complaints: Arc::default(),
        }
    }

    /// The same runner, making small pictures of the pictures that are kept.
    #[must_use]
    pub fn with_thumbnails(mut self, thumbnails: Arc<dyn Thumbnails>) -> Self {
        self.thumbnails = Some(thumbnails);
        self
    }

    /// Works until `drain` is set, and then until every job is finished or back in the queue.
    pub async fn run(&self, drain: StopSignal) {
        let room = Arc::new(Semaphore::new(self.policy.concurrency.max(1)));
        let mut working = JoinSet::new();
        info!(queue = %self.queue, concurrency = self.policy.concurrency, "worker started");
        while drain.stopped().is_none() {
            let permits = tokio::select! {
                _ = drain.wait() => break,
                permits = permits(&room) => permits,
            };
            // Not dropped when the drain begins: what it brings has to be given back.
            let deliveries = match self.receive(permits.len(), self.policy.wait).await {
                Ok(deliveries) => deliveries,
                Err(error) => {
                    if let Some(times) = self.complaints.queue.times(Instant::now()) {
                        warn!(queue = %self.queue, error = %error, times, "the queue cannot be read; trying again");
                    }
                    self.rest(&drain).await;
                    continue;
                }
            };
            for (delivery, permit) in deliveries.into_iter().zip(permits) {
                let attempt = Attempt::new(self.clone(), delivery, drain.clone());
                working.spawn(async move {
                    attempt.run().await;
                    drop(permit);
                });
            }
            while working.try_join_next().is_some() {}
        }
        while working.join_next().await.is_some() {}
        info!(queue = %self.queue, "worker ended");
    }

    /// Does what can be handed out now, one at a time, and returns how many deliveries that were.
    /// For a process that lives only as long as its work, and for tests.
    ///
    /// # Errors
    /// The queue's.
    pub async fn run_ready(&self) -> Result<usize> {
        let mut done = 0;
        loop {
            let deliveries = self.receive(1, Duration::ZERO).await?;
            if deliveries.is_empty() {
                return Ok(done);
            }
            for delivery in deliveries {
                self.run_one(delivery, StopSignal::never()).await;
                done += 1;
            }
        }
    }

    /// Deals with one delivery to its end, or until `drain` is set, for a host that receives by
    /// itself. Says whether its message is ended; else it comes again.
    pub async fn run_one(&self, delivery: Delivery, drain: StopSignal) -> bool {
        Attempt::new(self.clone(), delivery, drain).run().await
    }

    async fn receive(&self, most: usize, wait: Duration) -> Result<Vec<Delivery>> {
        let ask = Receive {
            most,
            lease: self.policy.lease,
            wait,
        };
        self.jobs.queue.receive(&self.queue, ask).await
    }

    async fn rest(&self, drain: &StopSignal) {
        const PAUSE: Duration = Duration::from_secs(1);
        tokio::select! {
            _ = drain.wait() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Waits for room for one job, and takes what more there is, up to what a queue hands out.
async fn permits(room: &Arc<Semaphore>) -> Vec<OwnedSemaphorePermit> {
    const MOST: usize = 10;
    let mut permits = Vec::new();
    // The semaphore is never closed.
    permits.extend(Arc::clone(room).acquire_owned().await.ok());
    while permits.len() < MOST
        && let Ok(permit) = Arc::clone(room).try_acquire_owned()
    {
        permits.push(permit);
    }
    permits
}
