//! Calls to addresses that clients name: what they point to is fetched, and what they want to be told is
//! sent, without anybody reaching what only this machine can.
//!
//! ```text
//! target (read like a browser) ─► resolve, once ─► rules (on what is connected to) ─► connect ─► exchange
//!    ▲                                                                                            │
//!    └───────────────── every redirect begins anew ◄──────────────────────────────────────────────┘
//! ```
//! **Invariant:** no connection is made to an address that [`Rules`] have not been asked about: names are
//! resolved once for each connection, and what came out is what is connected to.
//! **Invariant:** no proxy, cookie, credential or other thing of this machine goes along.
//! **Invariant:** what failures say is the same whatever is behind an address that may not be reached.

mod client;
mod connect;
mod failure;
mod picture;
mod resolve;
mod rules;
mod special;
mod status;
mod target;

pub use client::{Ask, Client};
pub use failure::Failure;
pub use picture::{Limits, PictureFetcher};
pub use rules::Rules;
pub use special::special;
pub use status::{Answer, Outcome};
pub use target::Target;
