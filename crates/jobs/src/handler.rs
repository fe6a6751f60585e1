//! What a kind of job has to implement, and what it is given to work with.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, PoisonError},
};

use busbar_core::{BoxFuture, Clock, Error, ErrorKind, Result};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tracing::warn;
use uuid::Uuid;

use crate::{
    Artifact, ArtifactName, Body, Job, JobKind, Jobs, MediaType, Meter, Output, Progress, Stop, StopSignal,
    Thumbnails, Timestamp,
};

/// Does jobs of one kind.
///
/// It may be called several times for one job: after a crash, a failure that another try may
/// mend, or the end of a process. Only what the latest call returns counts.
pub trait JobHandler: Debug + Send + Sync + 'static {
    /// The kind.
    fn kind(&self) -> JobKind;

    /// Does a job. The future is dropped when the job is no longer this worker's, and some time
    /// after the job was asked to stop; blocking work asks [`Report::step`] or the signal.
    ///
    /// # Errors
    /// Why it came to nothing. Where [`Error::is_retryable`], it is tried again.
    fn run(&self, work: Work) -> BoxFuture<'_, Result<Output>>;
}

/// One start of a job.
#[derive(Debug)]
pub struct Work {
    /// The job as it was taken up.
    pub job: Job,
    /// Where to say how far it has come, and to learn that it is to stop. Cheap to clone.
    pub report: Report,
    pub(crate) jobs: Jobs,
    pub(crate) kept: Kept,
    pub(crate) thumbnails: Option<Arc<dyn Thumbnails>>,
}

/// The files that a start has made; those that its result does not name are removed at its end.
pub(crate) type Kept = Arc<Mutex<Vec<ArtifactName>>>;

impl Work {
    /// What was asked.
    ///
    /// # Errors
    /// `Invalid` where it cannot be read: it was recorded by a later version, say.
    pub fn recipe<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.job.recipe).map_err(|source| {
            let message = format!("the job's request cannot be read: {source}");
            Error::invalid("recipe", message).with_source(source)
        })
    }

    /// A file that was given with the job.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn input(&self, name: ArtifactName) -> Result<Body> {
        self.jobs.artifacts.get(name, None).await
    }

    /// Keeps a result as a file, with a small picture of it where it is a picture.
    ///
    /// # Errors
    /// `Unavailable` with the code `storage_full` or `storage_unwritable`; worth another try.
    pub async fn keep(&self, content: Bytes, media: MediaType) -> Result<Artifact> {
        let bytes = content.len() as u64;
        let name = self.put(content.clone(), media).await?;
        let thumbnail = self.thumbnail(content, media).await;
        Ok(Artifact {
            name,
            bytes,
            thumbnail,
        })
    }

    async fn put(&self, content: Bytes, media: MediaType) -> Result<ArtifactName> {
        let name = self.jobs.ids.artifact(self.job.id, media);
        // Noted before it is written: a write that is broken off may have come through.
        note(&self.kept, name);
        self.jobs.artifacts.put(name, content).await?;
        Ok(name)
    }

    /// A result without its small picture is still a result.
    async fn thumbnail(&self, content: Bytes, media: MediaType) -> Option<ArtifactName> {
        let maker = self.thumbnails.as_ref()?;
        let made = async {
            match maker.thumbnail(content, media).await? {
                Some((small, media)) => self.put(small, media).await.map(Some),
                None => Ok(None),
            }
        };
        made.await.unwrap_or_else(|error: Error| {
            warn!(job = %self.job.id, error = %error, "a thumbnail could not be made");
            None
        })
    }
}

pub(crate) fn note(kept: &Kept, name: ArtifactName) {
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(name);
}

/// Says how far a job has come. Never waits: what is told is written by the runner, and of what
/// is told between two writes only the latest.
#[derive(Clone, Debug)]
pub struct Report {
    told: watch::Sender<Told>,
    signal: StopSignal,
    clock: Arc<dyn Clock>,
    meter: Arc<Mutex<Meter>>,
}

/// What was told last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) progress: Progress,
    /// The latest preview, with what names it.
    pub(crate) preview: Option<(Uuid, Bytes, MediaType)>,
}

impl Report {
    pub(crate) fn new(signal: StopSignal, clock: Arc<dyn Clock>) -> (Self, watch::Receiver<Told>) {
        let (told, listening) = watch::channel(Told::default());
        let report = Self {
            told,
            signal,
            clock,
            meter: Arc::default(),
        };
        (report, listening)
    }

    /// `step` steps of `of` are finished. Call it with 0 before the first, so that the first can
    /// be measured.
    ///
    /// # Errors
    /// `Cancelled` where the work is to stop: return it.
    pub fn step(&self, step: u32, of: u32) -> Result<()> {
        let seconds_per_step = {
            let mut meter = self.meter.lock().unwrap_or_else(PoisonError::into_inner);
            meter.note(step, self.clock.now())
        };
        let at = Timestamp::from(self.clock.wall());
        self.told.send_modify(|told| {
            told.progress = Progress {
                step,
                of,
                seconds_per_step,
                preview: None,
                at,
                seq: 0,
            };
        });
        self.go_on()
    }

    /// A first sight of the result; it takes the place of the one before.
    pub fn preview(&self, content: Bytes, media: MediaType) {
        self.told
            .send_modify(|told| told.preview = Some((Uuid::new_v4(), content, media)));
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// `Cancelled` where the work is to stop: return it.
    pub fn go_on(&self) -> Result<()> {
        self.signal.stopped().map_or(Ok(()), |why| Err(stopped(why)))
    }

    /// The signal that the work is to stop, to hand on or to wait for.
    pub fn signal(&self) -> &StopSignal {
        &self.signal
    }
}

/// The error of work that stopped because it was to.
pub(crate) fn stopped(why: Stop) -> Error {
    let message = match why {
        Stop::Cancelled => "the job was cancelled",
        Stop::Expired => "the job's time was over",
        Stop::Draining => "the worker is ending",
        Stop::LeaseLost => "another worker has the job",
    };
    Error::new(ErrorKind::Cancelled, message)
}
