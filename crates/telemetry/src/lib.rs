//! What Busbar tells about itself: structured logs and metrics.
//!
//! **Invariant:** prompts, keys and file bytes never get here. Nothing outside this crate names
//! the metrics' format or the logging library's set-up; callers use the functions below.

mod logs;
mod metrics;
mod process;

pub use busbar_core::Secret;
pub use logs::{LogFormat, LogSettings, LogsError, init, request_span};
pub use metrics::{
    Answer, BuildInfo, CONTENT_TYPE, EngineFigures, Follower, Http, Metrics, Operation, Outcome, Under,
    Watched, names,
};
