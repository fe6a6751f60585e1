//! Real models and requests for the engine's tests.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Instant, SystemTime},
};

use busbar_core::{ChatRequest, Clock, Context, Message, Prompt, RequestId, Tokens};
use busbar_engine_text::{TextEngine, TextEngineConfig};

pub(crate) use crate::models::{GEMMA, SMOLLM2, model_file};

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
