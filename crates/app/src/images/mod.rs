//! Pictures as jobs in this process: where they are recorded, who makes them, who tidies up.
//!
//! Several processes may do the same on one data directory: each takes jobs that no other has.

mod codec;
mod exif;
mod url_keys;

use std::{path::Path, sync::Arc, time::Duration};

use busbar_core::{BoxFuture, Clock, Error, ModelId, Pixels, Readiness, Result, Roster};
use busbar_jobs::{Jobs, Policy, Runner, RunnerPolicy, Stop, StopSignal, Stopper, image::ImageJobs};
use busbar_server::Pictures;
use busbar_storage::{Files, Sqlite, SqliteOptions};
use bytes::Bytes;
use tokio::task::JoinSet;

use codec::Codec;

/// The folder of the data directory that jobs have for themselves.
const FOLDER: &str = "jobs";

/// How long the address of a picture opens it at most.
const VALID_FOR: Duration = Duration::from_secs(3600);

/// The pixels of a picture's file, upright.
pub(crate) fn decode(file: Bytes) -> BoxFuture<'static, Result<Pixels>> {
    codec::pixels(file)
}

/// Makes pictures until it is stopped.
#[derive(Debug)]
pub(crate) struct Studio {
    pictures: Pictures,
    stopper: Stopper,
    working: JoinSet<()>,
}

impl Studio {
    /// Opens the jobs under the data directory, and begins to work on them as soon as a model is
    /// there that makes pictures. `finish_within` is how long pictures may go on once it is stopped.
    ///
    /// # Errors
    /// Where they cannot be recorded there.
    pub(crate) async fn open(
        home: &Path,
        roster: &Roster,
        clock: Arc<dyn Clock>,
        finish_within: Duration,
    ) -> Result<Self> {
        let folder = home.join(FOLDER);
        let policy = Policy::default();
        let opening = tokio::task::spawn_blocking(move || {
            let files = Files::open(&folder.join("files"))?;
            let records = Sqlite::open(
                &folder.join("jobs.sqlite"),
                clock.clone(),
                SqliteOptions::default(),
            )?;
            let keys = url_keys::at(&folder.join("url-keys"))?;
            let records = Arc::new(records);
            let jobs = Jobs::new(records.clone(), records, Arc::new(files), clock, policy);
            Ok::<_, Error>((jobs, keys))
        });
        let (jobs, keys) = opening.await.map_err(codec::broke)??;
        let (stopper, stop) = Stopper::new();
        let mut working = JoinSet::new();
        let runner = runner(jobs.clone(), roster.clone(), finish_within);
        working.spawn(work(runner, roster.clone(), stop.clone()));
        working.spawn(sweep(jobs.clone(), policy.keep, stop));
        let pictures = Pictures {
            jobs,
            keys,
            valid_for: VALID_FOR,
        };
        Ok(Self {
            pictures,
            stopper,
            working,
        })
    }

    /// What a server needs to offer them.
    pub(crate) fn pictures(&self) -> Pictures {
        self.pictures.clone()
    }

    /// Takes no more jobs; those that run may go on for a while.
    pub(crate) fn stop(&self) {
        self.stopper.stop(Stop::Draining);
    }

    /// Waits until every job is done or given back.
    pub(crate) async fn ended(mut self) {
        self.stop();
        while self.working.join_next().await.is_some() {}
    }
}

fn runner(jobs: Jobs, roster: Roster, finish_within: Duration) -> Runner {
    let codec = Arc::new(Codec);
    let find = move |id: &ModelId| Some(roster.image(id.as_str()).ok()?.1);
    let handler = ImageJobs::new(Box::new(find), codec.clone());
    let policy = RunnerPolicy {
        finish_within,
        ..RunnerPolicy::default()
    };
    Runner::new(jobs, Arc::new(handler), policy).with_thumbnails(codec)
}

/// Works once all models are there: a job from before must not fail because its model is the last
/// to be loaded. Without any that makes pictures, jobs are left to those who have one.
async fn work(runner: Runner, roster: Roster, stop: StopSignal) {
    const LOOK_EVERY: Duration = Duration::from_millis(500);
    let can_work = || {
        let loaded = !matches!(roster.readiness(), Readiness::Loading);
        loaded && roster.models().iter().any(|model| model.image.is_some())
    };
    while !can_work() {
        tokio::select! {
            _ = stop.wait() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    runner.run(stop).await;
}

/// Ends what is past its time, takes jobs from lost workers, removes what was kept long enough.
async fn sweep(jobs: Jobs, keep: Duration, stop: StopSignal) {
    const EVERY: Duration = Duration::from_secs(30);
    const BATCH: usize = 100;
    while stop.stopped().is_none() {
        match jobs.sweep(BATCH).await {
            Ok(swept) if swept.more => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the jobs could not be swept; trying again later"),
        }
        if let Err(error) = jobs.sweep_dead(&ImageJobs::kind(), keep).await {
            tracing::warn!(%error, "the dead letters could not be looked through; trying again later");
        }
        tokio::select! {
            _ = stop.wait() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests;
