//! llama.cpp's own start, once in a process.

use std::sync::OnceLock;

use busbar_core::{Error, Result};
use llama_cpp_2::{LogOptions, llama_backend::LlamaBackend, send_logs_to_tracing};

static BACKEND: OnceLock<Option<LlamaBackend>> = OnceLock::new();

/// The running backend. What llama.cpp logs goes the way of our own logs.
pub(super) fn backend() -> Result<&'static LlamaBackend> {
    let started = BACKEND.get_or_init(|| {
        send_logs_to_tracing(LogOptions::default());
        LlamaBackend::init().ok()
    });
    started
        .as_ref()
        .ok_or_else(|| Error::internal("llama.cpp could not be started in this process"))
}
