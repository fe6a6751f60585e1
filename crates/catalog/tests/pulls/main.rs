//! Pulling for real: over sockets, through a child process, onto a disk, and against all that goes wrong.
//!
//! **Invariant:** nothing here leaves this machine.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot prepare its stage has failed"
)]

mod at_once;
mod files;
mod folders;
mod https;
mod hub;
#[cfg(unix)]
mod killed;
mod places;
#[cfg(unix)]
mod pypi;
mod store;
mod support;
