//! Policies: models made of models, which survive the failure of some of them.
//!
//! A **route** is a name that clients ask for: tiers of targets, and what to do when one of them fails.
//! A **target** is a model at a place; its health is its own, whatever routes lead to it. One pure
//! function, `plan`, says which targets are asked in which order and why each other one is not; answering
//! and explaining both go by it, so that they cannot disagree.
//!
//! **Invariants:** no I/O, no runtime, no clock but the one that is passed in; no lock is held across an
//! await; a request is tried again here and nowhere else; nothing of a failed answer is mixed into another.

mod ask;
mod budget;
mod cache;
mod dice;
mod facts;
mod hash;
mod health;
mod moment;
mod pattern;
mod plan;
mod route;
mod routing;
mod run;
mod spec;
mod status;
mod target;

pub use dice::{Dice, Seeded};
pub use health::{BreakerRules, LimitRules};
pub use routing::{Placed, Ports, Routing, Rules};
pub use spec::{
    Choose, Flag, Floor, Hours, OnCut, Residency, RouteSpec, TargetSpec, TierSpec, Timeouts, When,
};
pub use target::Place;
