//! Connections that a gateway holds for us: what is said on them is handed to it, one frame a call.

use std::fmt;

use busbar_core::{BoxFuture, Result};
use bytes::Bytes;

use crate::{http::Client, settings::Problem, vendors::HOLDER};

/// A connection that a gateway holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The gateway's host name.
    pub host: String,
    /// What comes before everything in its paths; may be empty.
    pub stage: String,
    /// What the gateway calls the connection.
    pub id: String,
}

/// A gateway that holds connections.
pub trait Connections: fmt::Debug + Send + Sync + 'static {
    /// Hands over a frame.
    ///
    /// # Errors
    /// `Cancelled`: nobody is there any more. Otherwise why the gateway did not take it.
    fn post<'a>(&'a self, to: &'a Connection, frame: Bytes) -> BoxFuture<'a, Result<()>>;
}

/// Where the gateway is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateway {
    /// The region.
    pub region: Option<String>,
    /// Instead of the address that a connection names.
    pub endpoint: Option<String>,
}

/// Makes whoever speaks to the gateway. Asks nobody yet.
pub(crate) type Hold = fn(&Gateway, Client) -> Result<Box<dyn Connections>, Problem>;

/// Whoever speaks to the gateway that holds a function's connections.
///
/// # Errors
/// What is wrong with where it is.
pub fn connections(gateway: &Gateway, client: Client) -> Result<Box<dyn Connections>, Problem> {
    HOLDER(gateway, client)
}
