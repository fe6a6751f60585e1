//! Options about the model and how it is run.

use busbar_config::Flag;
use clap::Args;

use super::flag;

/// Which model to talk to, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct Speaker {
    /// The model: a name from `busbar models list`, or a GGUF file. Default: the default one.
    #[arg(long, short, value_name = "NAME")]
    pub(crate) model: Option<String>,

    /// Talk to this server instead of running the model here: http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    #[command(flatten)]
    pub(crate) engine: Engine,
}

/// How a model is run in this process.
#[derive(Debug, Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct Engine {
    /// Processor threads. Default: the physical cores that this process may use.
    #[arg(long, value_name = "N")]
    threads: Option<u32>,

    /// Tokens that prompt and answer may have together. Default: what the model allows, up to 4096.
    #[arg(long, value_name = "TOKENS")]
    context: Option<u32>,

    /// Layers that the GPU computes, in a build with GPU support. Default: all of them.
    #[arg(long, value_name = "N")]
    gpu_layers: Option<u32>,
}

impl Speaker {
    /// The settings among them.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let mut flags = self.engine.flags();
        flags.extend(flag("--url", "client.url", self.url.as_ref()));
        // One person waits for one answer: more sequences would only hold memory.
        flags.extend(flag("--sequences", "text.sequences", Some(1)));
        flags
    }
}

impl Engine {
    /// The settings among them.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let flags = [
            flag("--threads", "text.threads", self.threads),
            flag("--context", "text.context", self.context),
            flag("--gpu-layers", "text.gpu_layers", self.gpu_layers),
        ];
        flags.into_iter().flatten().collect()
    }
}
