//! What has to be done for jobs that nobody works on: announce what a crash left unannounced,
//! end what is past its time, take jobs from lost workers, remove what was kept long enough.
//!
//! It runs in batches of a stated size, and never holds more than one of them in memory.

use std::time::Duration;

use busbar_core::{Error, ErrorKind, Result};
use tracing::warn;

use crate::{Delivery, Job, JobId, JobKind, JobState, Jobs, QueueName, Receive};

/// What a batch of the sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Jobs that were announced after all.
    pub announced: usize,
    /// Jobs whose time was over.
    pub expired: usize,
    /// Jobs that were taken from lost workers.
    pub lost: usize,
    /// Jobs that were removed with their files.
    pub removed: usize,
    /// Keys that mean nothing any more.
    pub forgotten: usize,
    /// Jobs that something went wrong with; they are looked at again later.
    pub postponed: usize,
    /// Whether the batch was full, so that there may be more to do now.
    pub more: bool,
}

impl Jobs {
    /// Sweeps one batch of at most `limit` jobs. Several processes may sweep at once.
    ///
    /// # Errors
    /// The store's.
    pub async fn sweep(&self, limit: usize) -> Result<Swept> {
        let now = self.now();
        let due = self.store.due(now, limit).await?;
        let forgotten = self.store.forget(now, limit).await?;
        let mut swept = Swept {
            forgotten,
            more: due.len() == limit || forgotten == limit,
            ..Swept::default()
        };
        for job in due {
            let id = job.id;
            if let Err(error) = self.sweep_one(&job, &mut swept).await {
                warn!(job = %id, error = %error, "a job could not be swept; it is looked at again later");
                self.postpone(&job).await?;
                swept.postponed += 1;
            }
        }
        Ok(swept)
    }

    async fn sweep_one(&self, job: &Job, swept: &mut Swept) -> Result<()> {
        let now = self.now();
        // What could not be told for so long is told to nobody.
        if job.has_news() && !job.was_kept(now) {
            let told = self.try_announce(job).await?;
            swept.announced += usize::from(told.is_some());
            return Ok(());
        }
        let changed = match job.state {
            JobState::Queued => self.change(job.id, |job| job.expire(None, now)).await?,
            JobState::Running { .. } => self.change(job.id, |job| job.lose(now)).await?,
            _ => {
                swept.removed += usize::from(self.erase(job).await?);
                return Ok(());
            }
        };
        // Refused or gone: somebody else was quicker, and it is no longer due.
        let Some(Ok(next)) = changed else { return Ok(()) };
        match job.state {
            JobState::Queued => swept.expired += 1,
            _ => swept.lost += 1,
        }
        self.try_announce(&next).await?;
        Ok(())
    }

    /// So that what cannot be done does not stand in the way of what can.
    async fn postpone(&self, job: &Job) -> Result<()> {
        const LATER: Duration = Duration::from_secs(600);
        let now = self.now();
        self.change(job.id, |job| Ok(job.postponed(now, now + LATER)))
            .await?;
        Ok(())
    }

    /// Looks through a batch of at most 10 dead letters of a kind: their jobs are given up, and
    /// letters older than `keep` are removed. Says how many jobs were given up.
    ///
    /// # Errors
    /// The ports'.
    pub async fn sweep_dead(&self, kind: &JobKind, keep: Duration) -> Result<usize> {
        /// A letter that was looked at stays hidden for so long; then it is looked at again.
        const HIDDEN: Duration = Duration::from_secs(3600);
        let dead = QueueName::of(kind).dead();
        let ask = Receive {
            most: 10,
            lease: HIDDEN,
            wait: Duration::ZERO,
        };
        let mut given_up = 0;
        for letter in self.queue.receive(&dead, ask).await? {
            given_up += usize::from(self.give_up(&letter).await?);
            if self.now().since(letter.sent) > keep {
                self.queue.delete(&dead, &letter.receipt).await?;
            }
        }
        Ok(given_up)
    }

    async fn give_up(&self, letter: &Delivery) -> Result<bool> {
        let Ok(id) = letter.body.parse::<JobId>() else {
            return Ok(false);
        };
        let now = self.now();
        let why = Error::new(
            ErrorKind::Internal,
            "the job was handed to workers again and again, and none came to an end with it",
        )
        .with_code("dead_letter");
        let Some(Ok(job)) = self.change(id, |job| job.abandon(now, &why)).await? else {
            return Ok(false);
        };
        self.announce(job).await;
        Ok(true)
    }
}
