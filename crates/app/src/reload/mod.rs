//! A configuration that changes while the server runs: where it comes from, which version serves, and how
//! the next one is taken up.
//!
//! A version is checked whole, as at the start, and its models are loaded beside those that serve; then
//! all of it is swapped at once. One that is wrong in any way changes nothing.

mod candidate;
mod due;
mod elsewhere;
mod guests;
mod offer;
mod reasons;
mod reloader;
mod start;
mod steady;
mod steering;
mod watch;
mod worker;

pub use due::Calls;
pub(crate) use due::Looks;
pub(crate) use reloader::{Parts, Reloader};
pub use start::{Configured, configure, current, roll_back, versions};
pub use steering::{changes, summary};
