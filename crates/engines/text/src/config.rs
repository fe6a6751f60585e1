//! How a text model is run.

use std::{num::NonZeroUsize, path::PathBuf};

use busbar_core::{ModelId, Sampling};

/// How one text model is run. Everything but the file has a default.
#[derive(Clone, Debug)]
pub struct TextEngineConfig {
    /// The name clients ask for.
    pub id: ModelId,
    /// The name people read.
    pub title: String,
    /// The licence of the weights.
    pub licence: String,
    /// The model, a GGUF file.
    pub path: PathBuf,
    /// Tokens of prompt and answer together, for each request; `None`: what the model was trained
    /// on, but at most [`TextEngineConfig::LARGEST_DEFAULT_WINDOW`].
    pub context_window: Option<u32>,
    /// Requests that are computed at the same time.
    pub sequences: NonZeroUsize,
    /// Requests that may wait.
    pub queue: usize,
    /// Threads that compute; `None`: the physical cores that this process may use.
    pub threads: Option<NonZeroUsize>,
    /// Layers on the GPU, where one is compiled in.
    pub gpu_layers: u32,
    /// The most prompt tokens of one pass. A prompt that is alone is computed in pieces of so many;
    /// whoever comes stops the one under way, and what it has computed is lost. Beside others, pieces
    /// are as small as the machine's speed asks for.
    pub prompt_chunk: NonZeroUsize,
    /// Answers with a seed are computed in a way that does not depend on what is computed beside
    /// them, so that they are the same text whatever else runs. Holds on the CPU. Their cache is
    /// memory of its own, taken when the first of them comes.
    pub reproducible: bool,
    /// What sampling parameters are where a request does not say.
    pub defaults: Sampling,
}

impl TextEngineConfig {
    /// The largest window taken without being asked for: its cache is memory that is always held.
    pub const LARGEST_DEFAULT_WINDOW: u32 = 4096;

    /// The defaults, for a model file.
    pub fn new(id: ModelId, path: PathBuf) -> Self {
        const SEQUENCES: NonZeroUsize = NonZeroUsize::new(4).unwrap();
        const PROMPT_CHUNK: NonZeroUsize = NonZeroUsize::new(128).unwrap();
        Self {
            title: id.to_string(),
            licence: "unknown".into(),
            id,
            path,
            context_window: None,
            sequences: SEQUENCES,
            queue: 64,
            threads: None,
            gpu_layers: 0,
            prompt_chunk: PROMPT_CHUNK,
            reproducible: true,
            defaults: Sampling {
                temperature: Some(0.7),
                top_p: Some(0.95),
                top_k: Some(40),
                min_p: Some(0.05),
                ..Sampling::default()
            },
        }
    }
}
