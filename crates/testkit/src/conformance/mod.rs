//! The contracts of the traits, as tests that every implementation faces.

pub mod artifacts;
pub mod chat;
pub mod classify;
pub mod image;
pub mod job_store;
pub mod notes;
pub mod queue;
pub mod shelf;

/// What a port answered, where the check is about something else than its failures.
#[expect(clippy::panic, reason = "a suite of assertions: it runs inside tests only")]
pub(crate) fn done<T>(answer: busbar_core::Result<T>, what: &str) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => panic!("{what} failed: {error} ({:?})", error.code()),
    }
}
