//! Real models and requests for the engine's tests.

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    sync::Arc,
    time::{Instant, SystemTime},
};

use busbar_catalog::{Cancel, Catalog, Silent, Store};
use busbar_core::{ChatRequest, Clock, Context, Message, Prompt, RequestId, Tokens};
use busbar_engine_text::{TextEngine, TextEngineConfig};

/// The default model: follows instructions.
pub(crate) const SMOLLM2: &str = "smollm2-135m-instruct";
/// A base model with another tokeniser, a sliding window and other quantisations.
pub(crate) const GEMMA: &str = "gemma-3-270m";

/// Where a model's file is. Pulled if it is not here yet, as `busbar models pull` does.
pub(crate) fn model_file(name: &str) -> PathBuf {
    let home = std::env::var_os("BUSBAR_HOME").map_or_else(default_home, PathBuf::from);
    let catalog = Catalog::builtin().expect("the catalog is right");
    let entry = catalog.entry(name).expect("the catalog knows the test models");
    Store::new(home)
        .pull(entry, &Silent, &Cancel::new())
        .expect("the model can be pulled")
}

fn default_home() -> PathBuf {
    let home = PathBuf::from(std::env::var_os("HOME").expect("there is a home directory"));
    if cfg!(target_os = "macos") {
        return home.join("Library/Application Support/busbar");
    }
    std::env::var_os("XDG_DATA_HOME")
        .map_or_else(|| home.join(".local/share"), PathBuf::from)
        .join("busbar")
}

/// An engine on a model with a small window. One thread: tests share two cores, and threads that
/// wait for one another on a busy machine are slower than one.
pub(crate) fn config(name: &str) -> TextEngineConfig {
    let mut config = TextEngineConfig::new(name.into(), model_file(name));
    config.context_window = Some(1024);
    config.threads = NonZeroUsize::new(1);
    config
}

/// The engine of a configuration.
pub(crate) fn engine(config: &TextEngineConfig) -> TextEngine {
    TextEngine::load(config, Arc::new(RealClock)).expect("the engine starts")
}

/// What the time is.
#[derive(Debug)]
pub(crate) struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A question, with a seed and at most `most` tokens of answer.
pub(crate) fn ask(question: &str, most: u32) -> ChatRequest {
    request(Prompt::Messages(vec![Message::user(question)]), most)
}

/// Text to be continued, with a seed and at most `most` tokens.
pub(crate) fn go_on(text: &str, most: u32) -> ChatRequest {
    request(Prompt::Text(text.into()), most)
}

fn request(prompt: Prompt, most: u32) -> ChatRequest {
    let mut request = ChatRequest::new(Context::new(RequestId::new("test")), "test".into(), prompt);
    request.max_tokens = Some(Tokens(most));
    request.sampling.seed = Some(7);
    request
}
