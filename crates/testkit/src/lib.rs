//! What tests are made with: models that follow a script, a host elsewhere that is on this
//! machine, a clock that tests move, and the conformance suites that every implementation of a trait faces.
//!
//! **Invariant:** only tests depend on this crate.

mod clock;
pub mod conformance;
mod gate;
mod said;
mod scripted;
mod upstream;

pub use clock::TestClock;
pub use gate::Gate;
pub use said::said_before;
pub use scripted::{Scripted, Step};
pub use upstream::{FakeUpstream, Received, Say};
