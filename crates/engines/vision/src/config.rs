//! How a classifier is run.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use busbar_core::ModelId;

use crate::{Description, picture::PictureLimits, runtime::Choice};

/// How one classifier is run. Everything but the file and its description has a default.
#[derive(Clone, Debug)]
pub struct VisionEngineConfig {
    /// The name clients ask for.
    pub id: ModelId,
    /// Which version of it this is, where versions are kept.
    pub version: Option<String>,
    /// The name people read.
    pub title: String,
    /// The licence of the weights.
    pub licence: String,
    /// The model: an ONNX graph, or weights of an architecture that the description names.
    pub path: PathBuf,
    /// How it is fed and read.
    pub description: Description,
    /// Where a labels file is looked for.
    pub labels_folder: Option<PathBuf>,
    /// What computes.
    pub runtime: Choice,
    /// ONNX Runtime's shared library, where there is one.
    pub onnxruntime: Option<PathBuf>,
    /// Pictures that are looked at at the same time, each on a thread of its own.
    pub workers: NonZeroUsize,
    /// Requests that may wait.
    pub queue: usize,
    /// What a client is told to wait when the queue is full.
    pub retry_after: Duration,
    /// The largest pictures.
    pub limits: PictureLimits,
    /// The most pictures of one request.
    pub most_pictures: usize,
}

impl VisionEngineConfig {
    /// The defaults, for a model file.
    pub fn new(id: ModelId, path: PathBuf, description: Description) -> Self {
        Self {
            version: None,
            title: id.to_string(),
            licence: "unknown".into(),
            labels_folder: path.parent().map(PathBuf::from),
            id,
            path,
            description,
            runtime: Choice::Auto,
            onnxruntime: None,
            workers: NonZeroUsize::MIN,
            queue: 64,
            retry_after: Duration::from_secs(1),
            limits: PictureLimits::default(),
            most_pictures: 32,
        }
    }
}
