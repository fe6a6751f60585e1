//! Continuous batching: which sequence computes which tokens in which pass.
//!
//! ```text
//! chat() ─► Queue ─► Lane (with a seed, or without) ─► Slot (a sequence of the KV cache)
//!                          └─► Plan (one pass) ─► decode ─► sample ─► events
//! ```
//! One thread owns the contexts and everything here. Requests join and leave between passes; a
//! pass takes one token of every answer under way and a bounded piece of the prompts that wait.
//!
//! **Invariant:** what a seeded request is answered does not depend on what runs beside it.

mod job;
mod lane;
mod pace;
mod plan;
mod prefix;
mod queue;
mod reading;
mod slot;
mod stats;
mod worker;

pub use job::{Generation, Job, Output, Work};
pub use queue::{Queue, Refusal};
pub use stats::{Stats, StatsSnapshot};
pub use worker::{Worker, WorkerConfig};
