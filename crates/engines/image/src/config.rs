//! What an engine is told when it starts.

use std::num::NonZeroUsize;

use busbar_core::ModelId;

use crate::ModelFiles;

/// What an engine is told when it starts.
#[derive(Clone, Debug)]
pub struct ImageEngineConfig {
    /// The name clients ask for.
    pub id: ModelId,
    /// Its files, `model_index.json` among them.
    pub files: ModelFiles,
    /// Where it computes.
    pub device: ImageDevice,
    /// In what weights are kept, and on a GPU also computed.
    pub precision: Precision,
    /// Threads on a CPU; `None`: one a core.
    pub threads: Option<NonZeroUsize>,
    /// How many requests may wait behind the one that is worked on.
    pub queue: usize,
    /// The most bytes that the scores of one attention take on a GPU; what is more is sliced. On a
    /// CPU there are never more than some hundred KB a thread.
    pub score_bytes: usize,
    /// Whether convolutions may keep their weights in a larger form that computes faster (CPU, full
    /// precision). Stable Diffusion 2 takes 1.3 GB more.
    pub fast_convolutions: bool,
    /// What a request is given that says nothing; `None`: what the model's own files say, or suits it.
    pub defaults: crate::ImageDefaults,
}

impl ImageEngineConfig {
    /// The usual settings for a model.
    pub fn new(id: ModelId, files: impl Into<ModelFiles>) -> Self {
        Self {
            id,
            files: files.into(),
            device: ImageDevice::Cpu,
            precision: Precision::F32,
            threads: None,
            queue: 8,
            score_bytes: 1 << 30,
            fast_convolutions: true,
            defaults: crate::ImageDefaults::default(),
        }
    }
}

/// Where an engine computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageDevice {
    /// This crate's own kernels.
    Cpu,
    /// A GPU of NVIDIA's by its number; needs the feature `cuda`.
    Cuda(usize),
    /// A GPU of Apple's by its number; needs the feature `metal`.
    Metal(usize),
}

/// In what weights are kept. A CPU computes in `f32` whatever they are kept in; a GPU computes in
/// it, but for sums that need more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Four bytes a weight.
    F32,
    /// Two bytes a weight.
    F16,
    /// Two bytes a weight, with the range of four.
    Bf16,
}
