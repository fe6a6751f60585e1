//! Wire formats, in both directions: what clients send becomes `busbar_core` types, and what models
//! answer becomes bytes.
//!
//! **Invariant:** pure. Nothing here opens a socket or a file, reads a clock or owns a runtime; bytes
//! come in, values or bytes go out, and no input makes it panic. Only this crate knows a format.

pub mod answer;
mod body;
pub mod client;
mod metrics;
pub mod openai;
mod problem;
pub mod sse;
pub mod summaries;
pub mod ws;

pub use answer::{AnswerWriter, Head};
pub use metrics::Metrics;
pub use problem::Problem;
