//! Wire formats, in both directions: what clients send becomes `busbar_core` types, and what models
//! answer becomes bytes.
//!
//! **Invariant:** pure. Nothing here opens a socket or a file, reads a clock or owns a runtime; bytes
//! come in, values or bytes go out, and no input makes it panic. Only this crate knows a format.

pub mod answer;
pub mod anthropic;
pub mod bedrock;
mod body;
pub mod client;
pub mod configuration;
pub mod emf;
pub mod event_stream;
mod framing;
pub mod jobs;
mod metrics;
pub mod openai;
mod peek;
pub mod predict;
mod problem;
mod reading;
pub mod registry;
mod resumed;
pub mod routes;
pub mod sagemaker;
pub mod splice;
pub mod sse;
pub mod stores;
pub mod summaries;
pub mod trace;
pub mod upstream;
pub mod watch;
pub mod ws;

pub use answer::{AnswerWriter, Head};
pub use framing::{Chunk, Framing};
pub use metrics::{Metrics, RouteMetrics};
pub use peek::Peek;
pub use problem::Problem;
pub use resumed::ResumedNote;
