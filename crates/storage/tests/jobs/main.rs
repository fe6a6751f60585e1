//! The runner, webhooks and the image kind, on stores in memory and a clock that stands still.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;
mod image;
mod later;
mod runner;
mod webhooks;
