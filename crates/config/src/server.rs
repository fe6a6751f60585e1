//! `[server]`: where to listen, and what one request may take.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{problem::Problems, size::Size, span::Span};

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawServer {
    listen: String,
    body_limit: Size,
    request_timeout: Span,
    drain_timeout: Span,
    behind_https_proxy: bool,
    any_host: bool,
    operators: String,
}

/// Who may see and change the configuration over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operators {
    /// Nobody.
    Nobody,
    /// Programs on this machine.
    Local,
    /// Whoever reaches the server.
    Anyone,
}

/// Where to listen, and what one request may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// How long one answer may take in all.
    pub request_timeout: Duration,
    /// How long running answers may go on after the signal to stop.
    pub drain_timeout: Duration,
    /// Whether clients reach us by HTTPS through a proxy.
    pub behind_https_proxy: bool,
    /// Whether requests for any host name are answered, also on the loopback address.
    pub any_host: bool,
    /// Who may see and change the configuration.
    pub operators: Operators,
}

impl RawServer {
    pub(crate) fn check(&self, problems: &mut Problems) -> Server {
        if self.body_limit < Size(1024) {
            problems.field(
                "server.body_limit",
                format!("must be at least 1 KiB, not {}", self.body_limit),
            );
        }
        if self.request_timeout.0 < Duration::from_secs(1) {
            problems.field(
                "server.request_timeout",
                format!("must be at least 1s, not {}", self.request_timeout),
            );
        }
        Server {
            listen: self.address(problems),
            body_limit: self.body_limit.bytes(),
            request_timeout: self.request_timeout.0,
            drain_timeout: self.drain_timeout.0,
            behind_https_proxy: self.behind_https_proxy,
            any_host: self.any_host,
            operators: self.operators(problems),
        }
    }

    fn operators(&self, problems: &mut Problems) -> Operators {
        match &*self.operators {
            "nobody" => Operators::Nobody,
            "local" => Operators::Local,
            "anyone" => Operators::Anyone,
            other => {
                let message =
                    format!("`{other}` is nobody we know; write \"nobody\", \"local\" or \"anyone\"");
                problems.field("server.operators", message);
                Operators::Nobody
            }
        }
    }

    fn address(&self, problems: &mut Problems) -> SocketAddr {
        let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let text = self.listen.trim();
        if let Ok(address) = text.parse() {
            return address;
        }
        // A bare port means this machine only: reaching further has to be written out.
        let port = text
            .strip_prefix("localhost:")
            .or_else(|| text.strip_prefix(':'))
            .unwrap_or(text);
        if let Ok(port) = port.parse() {
            return loopback(port);
        }
        problems.field(
            "server.listen",
            format!(
                "`{text}` is no address; write 127.0.0.1:8080, [::1]:8080, or 0.0.0.0:8080 for all interfaces"
            ),
        );
        loopback(0)
    }
}
