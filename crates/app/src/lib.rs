//! The composition root: from a configuration to running parts.
//!
//! `assembled` is the server, in one readable list; `serve` gives it a listener, `Function` is it without one;
//! `Talk` is what the other commands talk to; `Shelf` is the
//! catalog and the store; `doctor` looks whether all of it can work on this machine.
//!
//! **Invariant:** the only crate that names concrete types. It decides nothing that a part could decide.

pub mod about;
mod assembled;
mod card;
mod clock;
mod conversations;
pub mod cpu;
mod directory;
mod distribution;
pub mod doctor;
mod error;
mod fetch;
mod figures;
mod function;
mod hosted;
mod images;
mod imagine;
mod later;
mod ledger;
mod load;
mod local;
mod logs;
mod look;
mod plan;
mod reload;
mod remote;
mod routes;
mod serve;
mod shelf;
mod sight;
mod signals;
mod stages;
mod talk;
mod worker;

pub use busbar_jobs::{Delivery, MediaType, Receipt, Timestamp, image::ImageRecipe};
pub use busbar_tasks::{Length, Style, SummaryEvent, SummaryRequest};
pub use busbar_wire::{
    configuration::{ConfigurationChange, ConfigurationStatus, ConfigurationVersion},
    routes::{ExplanationObject, RouteList},
};
pub use conversations::{Conversations, Heard};
pub use error::{Error, Result};
pub use function::Function;
pub use images::{Hands, ImageFiles, ImagePlan};
pub use imagine::{Easel, Stroke};
pub use ledger::{JobSight, Ledger};
pub use load::Role;
pub use logs::init_logs;
pub use look::{Look, Sent};
pub use plan::Plan;
pub use reload::{Calls, Configured, changes, configure, current, roll_back, summary, versions};
pub use remote::Remote;
pub use routes::Outlook;
pub use serve::{Ended, serve};
pub use shelf::Shelf;
pub use sight::SightPlan;
pub use stages::Registry;
pub use talk::Talk;
pub use worker::work;
