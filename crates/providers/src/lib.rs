//! Models that are hosted elsewhere: an endpoint, credentials and a format from `wire` make a model.
//!
//! **Invariants:** a provider makes one attempt; its failures become one of our kinds in `status.rs`
//! and nowhere else; dropping an answer closes the connection that it came by; no format is known here.

pub mod auth;
pub mod bring;
pub mod chat;
pub mod classify;
pub mod connections;
pub mod documents;
pub mod embed;
pub mod endpoint;
pub mod framing;
pub mod host;
pub mod http;
pub mod image;
pub mod key;
mod known;
pub mod one_call;
mod pattern;
pub mod picture_prices;
pub mod prices;
pub mod relay;
pub mod settings;
pub mod status;
pub mod vaults;
pub mod vendors;
mod whole;

pub use vendors::{Shared, build, key_variable, kinds, services};
