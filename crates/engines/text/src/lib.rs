//! Local text generation on llama.cpp: any GGUF model, continuous batching, one thread that computes.
//!
//! ```text
//! engine ─► prompt (template, grammar, tokens) ─► scheduler (queue, slots, passes) ─► llama
//!    ▲                                                   │
//!    └──── events ◄─ text (UTF-8, stop texts, tools) ◄─ sample
//! ```
//! **Invariant:** what a seeded request is answered does not depend on what runs beside it.
//! **Invariant:** only `llama/` names llama.cpp's crate; everything else is plain Rust.

mod config;
mod engine;
pub mod gguf;
pub mod grammar;
mod llama;
mod prompt;
pub mod sample;
pub mod scheduler;
pub mod template;
pub mod text;
pub mod threads;
pub mod tools;
pub mod vocab;

#[cfg(test)]
#[path = "../tests/engine/models.rs"]
mod testing;

pub use config::TextEngineConfig;
pub use engine::TextEngine;
pub use scheduler::StatsSnapshot;
