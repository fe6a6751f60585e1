//! Hosts elsewhere, played on this machine: what they do to us, and what we say to them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod early;
mod every;
mod pictures;
mod relay;
mod scene;
mod speakers;
mod traces;
mod upstream;
mod vectors;
mod vendors;
