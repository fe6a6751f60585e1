//! The engine on real models, in one binary so that llama.cpp is linked once.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "these are tests")]

mod answers;
mod contract;
mod embeddings;
mod files;
mod limits;
mod models;
mod same_seed;
mod support;
