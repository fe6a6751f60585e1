//! The composition root: from a configuration to running parts.
//!
//! `serve` is the server, in one readable list; `Talk` is what the other commands talk to; `Shelf` is the
//! catalog and the store; `doctor` looks whether all of it can work on this machine.
//!
//! **Invariant:** the only crate that names concrete types. It decides nothing that a part could decide.

pub mod about;
mod clock;
pub mod cpu;
pub mod doctor;
mod error;
mod hosted;
mod images;
mod load;
mod local;
mod logs;
mod plan;
mod reload;
mod remote;
mod serve;
mod shelf;
mod sight;
mod signals;
mod talk;

pub use busbar_tasks::{Length, Style, SummaryEvent, SummaryRequest};
pub use error::{Error, Result};
pub use logs::init_logs;
pub use plan::Plan;
pub use reload::{Configured, configure, current, roll_back, versions};
pub use remote::Remote;
pub use serve::{Ended, serve};
pub use shelf::Shelf;
pub use sight::SightPlan;
pub use talk::Talk;
