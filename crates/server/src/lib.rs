//! The server: HTTP, server-sent events and WebSocket in front of the models.
//!
//! `router` makes a tower service that needs no socket; `serve` gives it one. Every endpoint reads a
//! dialect, starts an `Answer`, and writes it in one of three ways that all carry the same chunks.
//!
//! **Invariant:** knows models by their traits only. Statuses are written in `error.rs` and nowhere
//! else. What clients wrote is never logged.

mod answer;
mod api;
mod body;
mod caller;
mod capable;
mod choices;
mod console;
mod deadline;
mod dialects;
mod drain;
mod error;
mod ids;
mod items;
mod layers;
mod listen;
mod openapi;
mod operator;
mod pictures;
mod record;
mod relay;
mod replay;
mod routes;
mod settings;
mod shapes;
mod sse;
mod state;
mod steering;
mod ws;

pub use answer::{Answer, Asked, Kind};
pub use api::explain;
pub use drain::{Drain, Running};
pub use error::FIRST_REFUSAL;
pub use items::{Ended, Item, Items, Part};
pub use listen::{Listen, Stopped, Tls, TlsError, serve};
pub use openapi::openapi;
pub use operator::Operators;
pub use pictures::Pictures;
pub use replay::ReplayLimits;
pub use routes::router;
pub use settings::{Hosts, LaterPlaces, Origins, Settings};
pub use state::{Parts, Server};
pub use steering::Steering;
pub use ws::{Post, Presence, Utterance, WsLimits};
