//! Hosts elsewhere, played on this machine: what they do to us, and what we say to them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod early;
mod pictures;
mod relay;
mod scene;
mod traces;
mod upstream;
mod vendors;
