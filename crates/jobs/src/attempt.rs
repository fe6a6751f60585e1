//! One delivery of a job, from its receipt to its end: take the job up, keep the lease while the
//! handler works, write down what came of it, and only then end the message.
//!
//! **Invariant:** the message is deleted only after the job is over on record; a start that lost
//! its lease writes nothing more.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use busbar_core::{Error, ErrorKind, Result};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};
use tracing::{info, warn};

use crate::{
    ArtifactName, Delivery, Job, JobId, JobState, Output, Phase, Progress, Refused, Report, Runner, Stop,
    StopSignal, Stopper, Work,
    handler::{Kept, Told, note, stopped},
    ids::chance,
};

/// One delivery of a job to a runner.
pub(crate) struct Attempt {
    runner: Runner,
    delivery: Delivery,
    drain: StopSignal,
    kept: Kept,
    /// Whether its message is ended.
    ended: AtomicBool,
}

/// A lease as its holder sees it.
struct Lease {
    number: u32,
    /// Until when it surely lasts, by this process's own monotonic time.
    until: Instant,
    renew: Instant,
    /// The preview that the record names.
    preview: Option<ArtifactName>,
}

impl Attempt {
    pub(crate) fn new(runner: Runner, delivery: Delivery, drain: StopSignal) -> Self {
        Self {
            runner,
            delivery,
            drain,
            kept: Kept::default(),
            ended: AtomicBool::new(false),
        }
    }

    /// Says whether the message is ended, or comes again.
    pub(crate) async fn run(&self) -> bool {
        const SOON: Duration = Duration::from_secs(5);
        if let Err(error) = self.deal().await {
            if let Some(times) = self.runner.complaints.delivery.times(Instant::now()) {
                warn!(queue = %self.runner.queue, error = %error, times, "a job was left to its next delivery");
            }
            // Where this fails too, the message comes back when its lease has run out.
            let _sooner = self.hide(SOON.min(self.runner.policy.lease)).await;
        }
        self.ended.load(Ordering::Relaxed)
    }

    async fn deal(&self) -> Result<()> {
        let Ok(id) = self.delivery.body.parse::<JobId>() else {
            warn!(queue = %self.runner.queue, "a message names no job; it goes to the dead letters");
            return self.bury().await;
        };
        if self.drain.stopped().is_some() {
            return self.hide(Duration::ZERO).await;
        }
        let jobs = &self.runner.jobs;
        let (now, length) = (jobs.now(), self.runner.policy.lease);
        let until = Instant::now() + length;
        match jobs.change(id, |job| job.take(now, length)).await? {
            // Recorded before it was announced, so it was removed since.
            None | Some(Err(Refused::Over)) => self.delete().await,
            Some(Err(Refused::Held(until))) => {
                const A_LITTLE: Duration = Duration::from_millis(50);
                self.hide(until.since(now) + A_LITTLE).await
            }
            Some(Err(_)) => self.hide(Duration::ZERO).await,
            Some(Ok(job)) if job.is_over() => self.end(job).await,
            Some(Ok(job)) => self.work(job, until).await,
        }
    }

    async fn work(&self, job: Job, until: Instant) -> Result<()> {
        info!(job = %job.id, attempt = job.attempt, "job started");
        let job = self.runner.jobs.announce(job).await;
        let (stopper, signal) = Stopper::new();
        let (report, told) = Report::new(signal.clone(), Arc::clone(&self.runner.jobs.clock));
        let mut lease = Lease {
            number: job.attempt,
            until,
            renew: Instant::now() + self.runner.policy.lease / 3,
            preview: None,
        };
        let work = Work {
            job: job.clone(),
            report,
            jobs: self.runner.jobs.clone(),
            kept: Arc::clone(&self.kept),
            thumbnails: self.runner.thumbnails.clone(),
        };
        let handler = Arc::clone(&self.runner.handler);
        // A task of its own: a handler that panics or blocks takes nothing else with it.
        let mut task = tokio::spawn(async move { handler.run(work).await });
        let made = self.attend(&job, &mut lease, &mut task, (stopper, told)).await;
        let Some(made) = made else {
            task.abort();
            warn!(job = %job.id, attempt = lease.number, "the lease was lost; the work is dropped");
            return self.discard(job.id).await;
        };
        self.conclude(&job, &lease, made, signal.stopped()).await
    }

    /// Watches over the work. `None`: the job is no longer ours.
    async fn attend(
        &self,
        job: &Job,
        lease: &mut Lease,
        task: &mut JoinHandle<Result<Output>>,
        (stopper, mut told): (Stopper, watch::Receiver<Told>),
    ) -> Option<Result<Output>> {
        let policy = &self.runner.policy;
        let mut tick = interval(policy.look_every.max(Duration::from_millis(1)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let drain = self.drain_after(policy.finish_within);
        tokio::pin!(drain);
        let mut draining = false;
        let mut drop_at: Option<Instant> = None;
        loop {
            tokio::select! {
                ended = &mut *task => return Some(ended.unwrap_or_else(|failure| Err(unfinished(&failure)))),
                () = &mut drain, if !draining => {
                    draining = true;
                    stopper.stop(Stop::Draining);
                    drop_at = drop_at.or(Some(Instant::now() + policy.grace));
                }
                _ = tick.tick() => {
                    let until = lease.until;
                    let looked = timeout_at(until, self.look(job, lease, &mut told));
                    match looked.await {
                        Ok(Ok(None)) => {}
                        Ok(Ok(Some(Stop::LeaseLost))) => {
                            stopper.stop(Stop::LeaseLost);
                            return None;
                        }
                        Ok(Ok(Some(why))) => {
                            stopper.stop(why);
                            drop_at = drop_at.or(Some(Instant::now() + policy.grace));
                        }
                        Ok(Err(error)) => {
                            if let Some(times) = self.runner.complaints.progress.times(Instant::now()) {
                                warn!(job = %job.id, error = %error, times, "progress could not be written; trying again");
                            }
                        }
                        Err(_) => {}
                    }
                    if Instant::now() >= lease.until {
                        stopper.stop(Stop::LeaseLost);
                        return None;
                    }
                    if drop_at.is_some_and(|at| Instant::now() >= at) {
                        task.abort();
                    }
                }
            }
        }
    }

    /// Writes what was told, renews the lease where it is time, and learns whether to stop.
    async fn look(
        &self,
        job: &Job,
        lease: &mut Lease,
        told: &mut watch::Receiver<Told>,
    ) -> Result<Option<Stop>> {
        let jobs = &self.runner.jobs;
        let length = self.runner.policy.lease;
        let now = jobs.now();
        let renewing = Instant::now() >= lease.renew;
        let until = Instant::now() + length;
        let progress = if told.has_changed().unwrap_or(false) {
            Some(self.told(job, lease.preview, told).await)
        } else {
            None
        };
        let latest = if renewing || progress.is_some() {
            let rule = |job: &Job| {
                let next = match &progress {
                    Some(progress) => job.advance(lease.number, now, progress)?,
                    None => job.clone(),
                };
                if renewing {
                    next.beat(lease.number, now, length)
                } else {
                    Ok(next)
                }
            };
            let written = jobs.change(job.id, rule).await;
            if written.is_err() {
                told.mark_changed();
            }
            written?
        } else {
            jobs.store.load(job.id).await?.map(Ok)
        };
        let Some(Ok(latest)) = latest else {
            return Ok(Some(Stop::LeaseLost));
        };
        if latest.attempt != lease.number || latest.is_over() {
            return Ok(Some(Stop::LeaseLost));
        }
        if let Some(progress) = &progress {
            self.replace_preview(lease, progress.preview).await;
        }
        if renewing {
            // After the record's: so that whoever gets the message next may also take the job.
            let (queue, receipt) = (&self.runner.queue, &self.delivery.receipt);
            if !jobs.queue.extend(queue, receipt, length).await? {
                return Ok(Some(Stop::LeaseLost));
            }
            lease.until = until;
            lease.renew = Instant::now() + length / 3;
        }
        let stop = latest.is_stopping().then_some(Stop::Cancelled);
        Ok(stop.or((job.expires <= now).then_some(Stop::Expired)))
    }

    /// What was told last, its preview kept as a file.
    async fn told(
        &self,
        job: &Job,
        before: Option<ArtifactName>,
        told: &mut watch::Receiver<Told>,
    ) -> Progress {
        let latest = told.borrow_and_update().clone();
        let mut progress = latest.progress;
        progress.preview = before;
        let Some((number, content, media)) = latest.preview else {
            return progress;
        };
        let jobs = &self.runner.jobs;
        // The same preview told twice, with a later step, is one file.
        let name = ArtifactName::new(job.id, number, media);
        if before == Some(name) {
            return progress;
        }
        note(&self.kept, name);
        match jobs.artifacts.put(name, content).await {
            Ok(()) => progress.preview = Some(name),
            // A job does not fail for want of a preview.
            Err(error) => {
                if let Some(times) = self.runner.complaints.preview.times(Instant::now()) {
                    warn!(job = %job.id, error = %error, times, "a preview could not be kept");
                }
            }
        }
        progress
    }

    /// The record names another preview now; the one before is of no use to anybody.
    async fn replace_preview(&self, lease: &mut Lease, now: Option<ArtifactName>) {
        let before = std::mem::replace(&mut lease.preview, now);
        let Some(before) = before.filter(|before| Some(*before) != now) else {
            return;
        };
        if let Err(error) = self.runner.jobs.artifacts.remove(before).await {
            warn!(error = %error, "an old preview stays until its job is over");
        }
    }

    /// Writes down what came of the work, for as long as the lease lasts.
    async fn conclude(
        &self,
        job: &Job,
        lease: &Lease,
        made: Result<Output>,
        stop: Option<Stop>,
    ) -> Result<()> {
        const PAUSE: Duration = Duration::from_millis(200);
        let jobs = &self.runner.jobs;
        let number = lease.number;
        let rule = |job: &Job| {
            let now = jobs.now();
            match (&made, stop) {
                (Ok(output), _) => job.succeed(number, now, output.clone()),
                (Err(_), Some(Stop::Cancelled)) => job.stopped(number, now),
                (Err(_), Some(Stop::Expired)) => job.expire(Some(number), now),
                (Err(_), Some(Stop::Draining | Stop::LeaseLost)) => job.give_back(number, now),
                (Err(error), None) => job.fail(number, now, error),
            }
        };
        let written = loop {
            match timeout_at(lease.until, jobs.change(job.id, rule)).await {
                Ok(Ok(written)) => break written,
                Ok(Err(error)) if Instant::now() + PAUSE < lease.until => {
                    if let Some(times) = self.runner.complaints.end.times(Instant::now()) {
                        warn!(job = %job.id, error = %error, times, "the end of a job could not be written; trying again");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(stopped(Stop::LeaseLost)),
            }
        };
        self.discard(job.id).await?;
        match written {
            Some(Ok(next)) => {
                let pause = made.as_ref().err().map(|error| self.pause(&next, error));
                self.settle(next, pause.unwrap_or_default()).await
            }
            // Our own write may have come through though it was reported lost.
            Some(Err(Refused::Over)) => self.delete().await,
            Some(Err(_)) | None => Ok(()),
        }
    }

    fn pause(&self, next: &Job, error: &Error) -> Duration {
        if !matches!(next.fault(), Some(fault) if fault.attempt == next.attempt) {
            return Duration::ZERO;
        }
        let failures = u32::try_from(next.faults.len()).unwrap_or(u32::MAX);
        let pause = self.runner.policy.backoff.pause(failures, chance());
        match error.kind() {
            ErrorKind::Overloaded { retry_after } | ErrorKind::RateLimited { retry_after } => {
                pause.max(retry_after)
            }
            _ => pause,
        }
    }

    /// Ends the message of a job that is over, or hands it out again after a pause.
    async fn settle(&self, job: Job, pause: Duration) -> Result<()> {
        let job = self.runner.jobs.announce(job).await;
        if job.phase() == Phase::Queued {
            info!(job = %job.id, pause_ms = pause.as_millis(), "job waits for another start");
            return self.hide(pause).await;
        }
        self.end(job).await
    }

    async fn end(&self, job: Job) -> Result<()> {
        let job = self.runner.jobs.announce(job).await;
        info!(job = %job.id, state = job.phase().as_str(), attempts = job.attempt, "job over");
        match job.phase() {
            Phase::Failed => self.bury().await,
            _ => self.delete().await,
        }
    }

    /// Removes the files of this start that the job's record does not name.
    async fn discard(&self, id: JobId) -> Result<()> {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        if kept.is_empty() {
            return Ok(());
        }
        let named = match self.runner.jobs.store.load(id).await?.map(|job| job.state) {
            Some(JobState::Succeeded { output }) => output.artifacts,
            _ => Vec::new(),
        };
        let is_named = |name| {
            named
                .iter()
                .any(|artifact| artifact.name == name || artifact.thumbnail == Some(name))
        };
        for name in kept.into_iter().filter(|name| !is_named(*name)) {
            if let Err(error) = self.runner.jobs.artifacts.remove(name).await {
                warn!(job = %id, error = %error, "a file that nobody needs stays until its job is removed");
            }
        }
        Ok(())
    }

    async fn drain_after(&self, pause: Duration) {
        self.drain.wait().await;
        tokio::time::sleep(pause).await;
    }

    async fn delete(&self) -> Result<()> {
        let queue = &self.runner.jobs.queue;
        queue.delete(&self.runner.queue, &self.delivery.receipt).await?;
        self.ended.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn bury(&self) -> Result<()> {
        let queue = &self.runner.jobs.queue;
        queue.bury(&self.runner.queue, &self.delivery).await?;
        self.ended.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether the lease was still ours does not matter here: else the message comes by itself.
    async fn hide(&self, pause: Duration) -> Result<()> {
        let queue = &self.runner.jobs.queue;
        queue
            .extend(&self.runner.queue, &self.delivery.receipt, pause)
            .await
            .map(drop)
    }
}

/// What became of a handler that did not return.
fn unfinished(failure: &tokio::task::JoinError) -> Error {
    if failure.is_cancelled() {
        return Error::new(ErrorKind::Cancelled, "the work was dropped");
    }
    Error::internal("the worker broke while it did the job").with_code("worker_broke")
}
