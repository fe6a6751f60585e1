//! How a job stands, what happened to it, what came of it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{answer::json, openai::images::ImageFileFormat};

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImageJobState {
    /// It waits.
    Queued,
    /// It is being made.
    Running,
    /// The pictures are there.
    Succeeded,
    /// It was given up.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Its time was over.
    Expired,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageJob {
    /// Its name: a UUID.
    pub id: String,
    /// `image.job`.
    pub object: String,
    /// How it stands.
    pub state: ImageJobState,
    /// When it was accepted, as RFC 3339 has it; so are the other times.
    pub created_at: String,
    /// When it is of no use any more unless it is done.
    pub expires_at: String,
    /// When it was started first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// How often it was started.
    pub attempts: u32,
    /// Its place among those that wait, 1 is next. Not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// How far it has come, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ImageJobProgress>,
    /// What was asked.
    pub recipe: ImageJobRecipe,
    /// The pictures, in order.
    #[serde(default)]
    pub pictures: Vec<ImageJobPicture>,
    /// What people should know about how the request was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// Why it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ImageJobFault>,
    /// The starts that came to nothing, earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<ImageJobFault>,
}

/// How far a job has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageJobProgress {
    /// Steps finished, over all pictures.
    pub step: u32,
    /// Steps in all; 0 while that is not known.
    pub of: u32,
    /// Steps finished of a hundred.
    pub percent: u8,
    /// Measured seconds a step, once one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_per_step: Option<f64>,
    /// Seconds that the rest will take by that measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<f64>,
    /// A first sight of the picture, an eighth of its size or so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<String>,
    /// Whether it is being stopped.
    pub stopping: bool,
}

/// What was asked of a job, or what a picture was made by: then everything is filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageJobRecipe {
    /// The model.
    pub model: String,
    /// What the picture shows.
    pub prompt: String,
    /// What it must not show.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub negative_prompt: String,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Denoising steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// How closely the prompt is followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f32>,
    /// The seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// How the noise is taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// How many pictures.
    pub count: u32,
    /// How much of a given picture is made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f32>,
    /// The pictures' file format.
    pub format: ImageFileFormat,
}

/// A picture that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageJobPicture {
    /// Where it is; the address opens it without a login until `urls_expire_at`.
    pub url: String,
    /// Where a small one of it is, where it is not small itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// Until when the addresses open it; then ask for the job again.
    pub urls_expire_at: String,
    /// `image/png` and the like.
    pub content_type: String,
    /// How large the file is.
    pub bytes: u64,
    /// Everything that it takes to make it again; it is in the file too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<ImageJobRecipe>,
}

/// A start that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageJobFault {
    /// Which start.
    pub attempt: u32,
    /// Why, for people.
    pub message: String,
    /// Why, for programs: `storage_full`, `worker_lost`, `model_not_found`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When.
    pub at: String,
}

/// Something that happened to a job, as an event of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageJobEvent {
    /// Its number; numbers of one job grow, with gaps.
    pub seq: u64,
    /// When.
    pub at: String,
    /// What: `queued`, `started`, `progress`, `retrying`, `returned`, `stopping`, and as the last
    /// one `succeeded`, `failed`, `cancelled` or `expired`.
    pub event: String,
    /// Which start, with `started`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How far it has come, with `progress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<ImageJobProgress>,
    /// Why, with `retrying` and `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ImageJobFault>,
    /// The whole job, with the last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<ImageJob>,
}

/// A page of jobs, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageJobList {
    /// `list`.
    pub object: String,
    /// The jobs; there may be fewer than asked for, or none, and yet a next page.
    pub data: Vec<ImageJob>,
    /// What to send as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl ImageJob {
    /// What `object` says.
    pub const OBJECT: &str = "image.job";

    /// The job as JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl ImageJobEvent {
    /// The event as JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl ImageJobList {
    /// A page.
    pub fn new(data: Vec<ImageJob>, next: Option<String>) -> Self {
        Self {
            object: "list".to_owned(),
            data,
            next,
        }
    }

    /// The page as JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}
