//! The seam to llama.cpp: its start, a model file, and one context with its cache.
//!
//! **Invariant:** only this folder names the `llama_cpp_2` crate.

mod backend;
mod context;
#[cfg(unix)]
mod process;
mod weights;

pub(crate) use context::{Context, ContextConfig, Entry};
pub(crate) use weights::{Weights, WeightsConfig};
