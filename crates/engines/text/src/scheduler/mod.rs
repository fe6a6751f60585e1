//! Continuous batching: which sequence computes which tokens in which pass.
//!
//! ```text
//! chat() ─► Queue ─► Lane (with a seed, or without) ─► Slot (a sequence of the KV cache)
//!                          └─► Plan, or Turns (one pass) ─► decode ─► sample ─► events
//! ```
//! One thread owns the contexts and everything here. Requests join and leave between passes. A pass
//! of those without a seed takes one token of every answer under way and a bounded piece of the
//! prompts that wait; those with a seed are computed one at a time, in turns.
//!
//! **Invariant:** what a seeded request is answered does not depend on what runs beside it.

mod job;
mod lane;
mod pace;
mod passes;
mod plan;
mod prefix;
mod queue;
mod reading;
mod slot;
mod stats;
mod turns;
mod worker;

pub use job::{Generation, Job, Output, Work};
pub use queue::{Queue, Refusal};
pub use stats::{Stats, StatsSnapshot};
#[cfg(test)]
pub(crate) use turns::PIECE;
pub use worker::{Worker, WorkerConfig};
