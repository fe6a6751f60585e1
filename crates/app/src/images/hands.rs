//! What is done with jobs that nobody waits for: do one, bring a webhook, tidy up. Processes that live look
//! for such work themselves; to a function it is brought.

use std::time::Duration;

use busbar_jobs::{
    Courier, Delivery, JobKind, Jobs, QueueName, Runner, Stop, StopSignal, Stopper, endpoint::EndpointJobs,
    image::ImageJobs,
};
use tokio::time::Instant;

/// Does what is brought. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hands {
    pub(super) jobs: Jobs,
    /// Makes pictures, where that is this process's work.
    pub(super) runner: Option<Runner>,
    /// Answers requests whose answers come later, where they may.
    pub(super) answers: Option<Runner>,
    /// Brings webhooks, where they may be sent.
    pub(super) courier: Option<Courier>,
    /// How long dead letters are kept.
    pub(super) keep: Duration,
    /// Whose dead letters are looked through.
    pub(super) kinds: Vec<JobKind>,
}

impl Hands {
    /// Deals with a message of a queue, whose name ends with ours. What is not done by `until` is given back.
    /// Says whether the message is ended; else it comes again.
    pub async fn deal(&self, queue: &str, delivery: Delivery, until: Instant) -> bool {
        let works = [
            (ImageJobs::kind(), &self.runner),
            (EndpointJobs::kind(), &self.answers),
        ];
        let of_queue = |(kind, _): &(JobKind, _)| queue.ends_with(QueueName::of(kind).as_str());
        if let Some((_, Some(runner))) = works.into_iter().find(of_queue) {
            let (stopper, stop) = Stopper::new();
            let working = runner.run_one(delivery, stop);
            tokio::pin!(working);
            return tokio::select! {
                ended = &mut working => ended,
                () = tokio::time::sleep_until(until) => {
                    stopper.stop(Stop::Draining);
                    working.await
                }
            };
        }
        if queue.ends_with(QueueName::webhooks().as_str())
            && let Some(courier) = &self.courier
        {
            return courier.bring_this(&delivery).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a webhook was left to its next delivery");
                false
            });
        }
        tracing::warn!(queue, "nobody here deals with messages of this queue");
        false
    }

    /// Ends what is past its time, takes jobs from lost workers, removes what was kept long enough.
    pub async fn tidy(&self, until: Instant) {
        let (stopper, stop) = Stopper::new();
        tokio::select! {
            () = self.sweep(&stop) => {}
            () = tokio::time::sleep_until(until) => stopper.stop(Stop::Draining),
        }
    }

    /// Batch after batch, until there is no more or it is to stop.
    pub(super) async fn sweep(&self, stop: &StopSignal) {
        const BATCH: usize = 100;
        while stop.stopped().is_none() {
            match self.jobs.sweep(BATCH).await {
                Ok(swept) if swept.more => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "the jobs could not be swept; trying again later");
                    break;
                }
            }
        }
        for kind in &self.kinds {
            if let Err(error) = self.jobs.sweep_dead(kind, self.keep).await {
                tracing::warn!(%error, "the dead letters could not be looked through; trying again later");
            }
        }
    }
}
