//! The seam to llama.cpp: its start, a model file, and one context with its cache.
//!
//! **Invariant:** only this folder names the crates `llama_cpp_2` and `llama_cpp_sys_2`.

mod backend;
mod batch;
mod context;
mod watch;
mod weights;

pub(crate) use context::{Context, ContextConfig, Entry, PassError, Passed};
pub(crate) use watch::Between;
pub(crate) use weights::{Weights, WeightsConfig};
