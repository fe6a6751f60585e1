//! `[text]`: how the text engine runs a model.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{auto::Auto, cores::cores, problem::Problems};

/// As written, for all models or for one; what is absent is taken from the former.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawText {
    pub(crate) context: Option<Auto>,
    pub(crate) sequences: Option<u32>,
    pub(crate) queue: Option<u32>,
    pub(crate) threads: Option<Auto>,
    pub(crate) gpu_layers: Option<Auto>,
    pub(crate) prompt_chunk: Option<u32>,
    pub(crate) reproducible: Option<bool>,
}

/// How the text engine runs a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEngine {
    /// Tokens that prompt and answer of one sequence may have together; `None`: as the model allows.
    pub context: Option<u32>,
    /// Requests that are worked on at once.
    pub sequences: u32,
    /// Requests that may wait.
    pub queue: u32,
    /// Processor threads.
    pub threads: u32,
    /// What a GPU computes.
    pub gpu_layers: GpuLayers,
    /// Prompt tokens computed at once.
    pub prompt_chunk: u32,
    /// Whether answers with a seed are the same text whatever runs beside them.
    pub reproducible: bool,
}

/// What a GPU computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GpuLayers {
    /// Everything, where the build can use one.
    Auto,
    /// So many layers, the rest on the processor.
    Layers(u32),
}

impl RawText {
    /// These settings, and what they leave open from others.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            context: self.context.or(others.context),
            sequences: self.sequences.or(others.sequences),
            queue: self.queue.or(others.queue),
            threads: self.threads.or(others.threads),
            gpu_layers: self.gpu_layers.or(others.gpu_layers),
            prompt_chunk: self.prompt_chunk.or(others.prompt_chunk),
            reproducible: self.reproducible.or(others.reproducible),
        }
    }

    /// `field` is what the settings are called in problems: `text` or `models.text[1]`.
    pub(crate) fn check(self, field: &str, problems: &mut Problems) -> TextEngine {
        let mut within = |name: &str, value: Option<u32>, range| {
            value.map(|value| problems.within(&format!("{field}.{name}"), value, range))
        };
        let context = within("context", self.context.and_then(Auto::number), 64..=1 << 20);
        let threads = within("threads", self.threads.and_then(Auto::number), 1..=512);
        let gpu_layers = within("gpu_layers", self.gpu_layers.and_then(Auto::number), 0..=10_000);
        TextEngine {
            context,
            // The defaults stand in `defaults.toml`; these are for a value that was refused above.
            sequences: within("sequences", self.sequences, 1..=256).unwrap_or(1),
            queue: within("queue", self.queue, 0..=1 << 20).unwrap_or(0),
            threads: threads.unwrap_or_else(|| cores().usable()),
            gpu_layers: gpu_layers.map_or(GpuLayers::Auto, GpuLayers::Layers),
            prompt_chunk: within("prompt_chunk", self.prompt_chunk, 1..=8192).unwrap_or(1),
            reproducible: self.reproducible.unwrap_or(true),
        }
    }
}
