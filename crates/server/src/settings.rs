//! What the server is told about limits, times and who may speak to it. Checked by whoever reads the
//! configuration.

use std::time::Duration;

use crate::{Operators, ReplayLimits, WsLimits};

/// Limits, times, and who may speak to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The largest request body, bytes.
    pub body_limit: usize,
    /// How long one answer may take in all; a client may ask for less.
    pub request_timeout: Duration,
    /// How often a silent event stream gets a comment.
    pub keep_alive: Duration,
    /// By which names it may be spoken to.
    pub hosts: Hosts,
    /// Who may see and change the configuration.
    pub operators: Operators,
    /// Web pages of which origins may read its answers.
    pub origins: Origins,
    /// How long browsers may remember that they may.
    pub origins_max_age: Duration,
    /// Whether clients reach it by HTTPS, be it through a proxy.
    pub https: bool,
    /// Streams that outlive their connections.
    pub replay: ReplayLimits,
    /// WebSocket connections.
    pub ws: WsLimits,
    /// Where answers are put that come later; without a place there are none.
    pub later: Option<LaterPlaces>,
}

/// Places in a store of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaterPlaces {
    /// Below which places requests may be.
    pub inputs: Vec<String>,
    /// Where answers are put.
    pub outputs: String,
    /// Where it is put why there is no answer.
    pub failures: String,
}

/// By which names a server may be spoken to: what a request's `Host` may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Any.
    Any,
    /// Names of this machine's loopback address. Without this, any web page whose name its owner
    /// points to 127.0.0.1 could read a server that is meant for this machine alone.
    Loopback,
}

/// Origins of web pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// None but our own.
    None,
    /// Any at all.
    Any,
    /// These: scheme, host and port, as browsers send them.
    These(Vec<String>),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_limit: 32 * 1024 * 1024,
            request_timeout: Duration::from_secs(600),
            keep_alive: Duration::from_secs(15),
            hosts: Hosts::Any,
            operators: Operators::Nobody,
            origins: Origins::None,
            origins_max_age: Duration::from_secs(3600),
            https: false,
            replay: ReplayLimits::default(),
            ws: WsLimits::default(),
            later: None,
        }
    }
}
