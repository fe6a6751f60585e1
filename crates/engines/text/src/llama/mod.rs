//! The seam to llama.cpp: its start, a model file, and one context with its cache.
//!
//! **Invariant:** only this folder names the crates `llama_cpp_2` and `llama_cpp_sys_2`.

mod backend;
mod batch;
mod brake;
mod context;
#[cfg(unix)]
mod process;
mod weights;

pub(crate) use brake::Brake;
pub(crate) use context::{Context, ContextConfig, Entry, PassError, Passed};
pub(crate) use weights::{Weights, WeightsConfig};
