//! Asynchronous work: a job is accepted, waits, is done with progress, and can be stopped.
//!
//! The parts: a [`Job`] and the pure rules of its life (`lifecycle`), three ports ([`JobStore`],
//! [`Queue`], [`Artifacts`]), the [`Jobs`] that answer clients, the [`Runner`] that works, and the
//! [`Courier`] that brings webhooks.
//!
//! **Invariant:** this crate knows no database, no file and no socket. Its ports are kept by
//! SQLite and files as by services that offer single-item conditional writes, leases with a
//! visibility timeout and objects under names: no port asks for a join, and no promise needs a
//! transaction across two ports.

mod artifact;
mod attempt;
mod backoff;
mod courier;
pub mod endpoint;
mod event;
mod handler;
mod hook;
mod ids;
pub mod image;
mod job;
mod jobs;
mod keyring;
mod lifecycle;
mod news;
mod notice;
mod progress;
mod queue;
mod runner;
mod seldom;
mod signed_url;
mod stop;
mod store;
mod submit;
mod sweep;
mod time;

pub use artifact::{Addresses, Artifact, ArtifactName, Artifacts, Body, MediaType, Stored, Thumbnails};
pub use backoff::Backoff;
pub use courier::{Courier, CourierPolicy, HookAnswer, HookPost, HookRequest};
pub use event::{JobEvent, Milestone};
pub use handler::{JobHandler, Report, Work};
pub use hook::{Hook, HookEvent, HookKeys, HookSignature};
pub use ids::Ids;
pub use job::{Fault, Job, JobId, JobKind, JobState, Output, Phase};
pub use jobs::{Cancelled, Jobs, Policy};
pub use keyring::Keyring;
pub use lifecycle::Refused;
pub use news::Follower;
pub use notice::Notices;
pub use progress::{Meter, Progress};
pub use queue::{Delivery, Depth, Queue, QueueName, Receipt, Receive};
pub use runner::{Runner, RunnerPolicy};
pub use signed_url::{UrlKey, UrlKeys};
pub use stop::{Stop, StopSignal, Stopper};
pub use store::{Cursor, Filter, JobStore, KeyClaim, Listing, Page};
pub use submit::{Input, NewJob, Submitted};
pub use sweep::Swept;
pub use time::Timestamp;
