//! The real binary, run as people run it: exit codes, pipes, signals.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod client;
mod command_line;
#[cfg(feature = "text")]
#[cfg(feature = "image")]
mod pictures;
mod reload;
mod serve;
mod support;
