//! The jobs of a data directory or of a server, for the commands that look at them.

use std::{path::PathBuf, sync::Arc};

use busbar_config::Config;
use busbar_core::{Error as ModelError, ErrorKind, Tenant};
use busbar_jobs::{Cancelled, Filter, Job, JobId, JobState, Jobs, Phase, Policy, image::ImageJobs};
use busbar_wire::{client, jobs::ImageJob};
use serde_json::{Value, json};

use crate::{
    Error, Remote, Result,
    images::{self, stores},
};

/// The jobs of a data directory or of a server.
#[derive(Debug)]
pub struct Ledger(Of);

#[derive(Debug)]
enum Of {
    Directory(Jobs, PathBuf),
    /// A data directory without jobs.
    Nothing,
    Server(Remote),
}

/// A job as a person sees it.
#[derive(Clone, Debug)]
pub struct JobSight {
    /// Its name.
    pub id: String,
    /// How it stands.
    pub state: String,
    /// When it was accepted.
    pub created: String,
    /// Steps done and in all, while it runs.
    pub progress: Option<(u32, u32)>,
    /// How often it was started.
    pub attempts: u32,
    /// What was asked, as JSON.
    pub recipe: Value,
    /// Why it was given up.
    pub error: Option<String>,
    /// Where its pictures are.
    pub files: Vec<String>,
}

impl Ledger {
    /// The jobs of the configured server, else of the data directory.
    ///
    /// # Errors
    /// The directory's jobs cannot be read.
    pub async fn open(config: &Config) -> Result<Self> {
        if let Some(remote) = Remote::new(&config.client) {
            return Ok(Self(Of::Server(remote)));
        }
        let storage = config.storage.clone();
        // To look must not make anything.
        if !stores::are_there(&storage) {
            return Ok(Self(Of::Nothing));
        }
        let files = stores::files(&storage);
        let opening = tokio::task::spawn_blocking(move || {
            stores::open(
                &storage,
                None,
                Arc::new(crate::clock::SystemClock),
                Policy::default(),
            )
        });
        let (jobs, _) = opening.await.map_err(images::broke)??;
        Ok(Self(Of::Directory(jobs, files)))
    }

    /// The newest jobs, at most 100.
    ///
    /// # Errors
    /// A state that there is not; what the directory or the server says.
    pub async fn list(&self, state: Option<&str>, most: usize) -> Result<Vec<JobSight>> {
        match &self.0 {
            Of::Nothing => Ok(Vec::new()),
            Of::Server(remote) => {
                let jobs = remote.image_jobs(client::list_path(state, most)).await?;
                Ok(jobs.into_iter().map(of_server).collect())
            }
            Of::Directory(jobs, files) => {
                let filter = Filter {
                    tenant: Tenant::default(),
                    phase: state.map(str::parse::<Phase>).transpose()?,
                    kind: Some(ImageJobs::kind()),
                };
                let page = jobs.list(filter, None, most).await?;
                Ok(page
                    .jobs
                    .into_iter()
                    .map(|job| of_directory(job, files))
                    .collect())
            }
        }
    }

    /// One job.
    ///
    /// # Errors
    /// There is no such job; what the directory or the server says.
    pub async fn show(&self, id: &str) -> Result<JobSight> {
        match &self.0 {
            Of::Nothing => Err(unknown(id)),
            Of::Server(remote) => Ok(of_server(remote.image_job(id).await?)),
            Of::Directory(jobs, files) => {
                let id = id.parse::<JobId>().map_err(|_| unknown(id))?;
                Ok(of_directory(jobs.get(&Tenant::default(), id).await?, files))
            }
        }
    }

    /// Stops a job: a waiting one at once, a running one before its next step. Says how it stands.
    ///
    /// # Errors
    /// There is no such job; what the directory or the server says.
    pub async fn cancel(&self, id: &str) -> Result<JobSight> {
        match &self.0 {
            Of::Nothing => Err(unknown(id)),
            Of::Server(remote) => Ok(of_server(remote.cancel_image_job(id).await?)),
            Of::Directory(jobs, files) => {
                let id = id.parse::<JobId>().map_err(|_| unknown(id))?;
                let (Cancelled::AtOnce(job) | Cancelled::Soon(job) | Cancelled::TooLate(job)) =
                    jobs.cancel(&Tenant::default(), id).await?;
                Ok(of_directory(job, files))
            }
        }
    }
}

impl JobSight {
    /// The whole as JSON.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "state": self.state,
            "created_at": self.created,
            "progress": self.progress.map(|(step, of)| json!({ "step": step, "of": of })),
            "attempts": self.attempts,
            "recipe": self.recipe,
            "error": self.error,
            "pictures": self.files,
        })
    }
}

fn of_server(job: ImageJob) -> JobSight {
    JobSight {
        state: serde_json::to_value(job.state)
            .ok()
            .and_then(|state| state.as_str().map(str::to_owned))
            .unwrap_or_default(),
        id: job.id,
        created: job.created_at,
        progress: job.progress.map(|progress| (progress.step, progress.of)),
        attempts: job.attempts,
        recipe: serde_json::to_value(&job.recipe).unwrap_or_default(),
        error: job.error.map(|error| error.message),
        files: job.pictures.into_iter().map(|picture| picture.url).collect(),
    }
}

fn of_directory(job: Job, files: &std::path::Path) -> JobSight {
    let artifacts = match &job.state {
        JobState::Succeeded { output } => output.artifacts.as_slice(),
        _ => &[],
    };
    let place = |name: String| files.join(name).display().to_string();
    JobSight {
        id: job.id.to_string(),
        state: job.phase().as_str().to_owned(),
        created: job.created.to_string(),
        progress: job.progress().map(|progress| (progress.step, progress.of)),
        attempts: job.attempt,
        error: (job.phase() == Phase::Failed)
            .then(|| job.fault().map(|fault| fault.reason.clone()))
            .flatten(),
        files: artifacts
            .iter()
            .map(|artifact| place(artifact.name.to_string()))
            .collect(),
        recipe: job.recipe,
    }
}

fn unknown(id: &str) -> Error {
    ModelError::new(
        ErrorKind::NotFound,
        format!("there is no job {id}; `busbar jobs list` shows them"),
    )
    .into()
}
