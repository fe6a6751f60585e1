//! Pictures by a server: a job is submitted, watched until it is over, and its files are fetched.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use busbar_core::{Error, ErrorKind, Result};
use busbar_jobs::image::ImageRecipe;
use busbar_wire::{
    client::{self, Call},
    jobs::{ImageJob, ImageJobState},
};
use bytes::Bytes;
use futures_util::stream;

use super::{Stroke, Strokes};
use crate::Remote;

/// How often a server is asked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Submits the job.
pub(super) async fn paint(remote: Remote, recipe: &ImageRecipe, init: Option<Bytes>) -> Result<Strokes> {
    let recipe = serde_json::to_value(recipe)
        .map_err(|source| Error::internal("a recipe cannot be written").with_source(source))?;
    let job = remote.job(client::image_job(recipe, init.as_deref())).await?;
    let run = Arc::new(Run {
        remote,
        id: job.id,
        over: AtomicBool::new(false),
    });
    let watch = Watch {
        run,
        step: 0,
        files: None,
    };
    Ok(Box::pin(stream::unfold(Some(watch), |watch| async {
        let mut watch = watch?;
        match watch.next().await {
            Ok(Some(stroke)) => Some((Ok(stroke), Some(watch))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })))
}

/// A job that somebody waits for: dropped before it is over, it is stopped.
struct Run {
    remote: Remote,
    id: String,
    over: AtomicBool,
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.over.load(Relaxed) {
            return;
        }
        let call = Call {
            path: client::cancel_path(&self.id).into(),
            body: Bytes::new(),
        };
        self.remote.send_at_last(call);
    }
}

struct Watch {
    run: Arc<Run>,
    /// What was told last.
    step: u32,
    /// What is still to be handed over, once the job is done.
    files: Option<std::vec::IntoIter<Pending>>,
}

enum Pending {
    File(u32, String, Box<ImageRecipe>),
    Notice(String),
}

impl Watch {
    async fn next(&mut self) -> Result<Option<Stroke>> {
        loop {
            if let Some(files) = &mut self.files {
                return match files.next() {
                    None => Ok(None),
                    Some(Pending::Notice(notice)) => Ok(Some(Stroke::Notice(notice))),
                    Some(Pending::File(index, url, recipe)) => {
                        let file = self.run.remote.file(url).await?;
                        Ok(Some(Stroke::Picture { index, file, recipe }))
                    }
                };
            }
            let job = self.run.remote.image_job(&self.run.id).await?;
            if let Some(stroke) = self.look(job)? {
                return Ok(Some(stroke));
            }
            if self.files.is_none() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    fn look(&mut self, job: ImageJob) -> Result<Option<Stroke>> {
        let over = !matches!(job.state, ImageJobState::Queued | ImageJobState::Running);
        self.run.over.store(over, Relaxed);
        match job.state {
            ImageJobState::Queued => Ok(None),
            ImageJobState::Running => {
                let progress = job.progress.filter(|progress| progress.step > self.step);
                Ok(progress.map(|progress| {
                    self.step = progress.step;
                    Stroke::Step(progress.step, progress.of)
                }))
            }
            ImageJobState::Succeeded => {
                let mut pending = Vec::new();
                for (index, picture) in (0..).zip(job.pictures) {
                    let recipe = serde_json::to_value(&picture.recipe).and_then(serde_json::from_value);
                    let recipe = recipe.unwrap_or_else(|_| ImageRecipe::new("", ""));
                    pending.push(Pending::File(index, picture.url, Box::new(recipe)));
                }
                pending.extend(job.notices.into_iter().map(Pending::Notice));
                self.files = Some(pending.into_iter());
                Ok(None)
            }
            ImageJobState::Failed => {
                let why = job
                    .error
                    .map_or_else(|| "the job failed".to_owned(), |error| error.message);
                Err(Error::internal(why))
            }
            ImageJobState::Cancelled => Err(Error::new(ErrorKind::Cancelled, "the job was cancelled")),
            ImageJobState::Expired => Err(Error::new(
                ErrorKind::DeadlineExceeded,
                "the pictures were not done in time",
            )),
        }
    }
}
