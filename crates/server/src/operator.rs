//! Who may steer the server: see and change its configuration, and say which model is in production. A server knows no keys, so what counts is where a request comes
//! from. A web page of elsewhere is never an operator, whoever looks at it.

use std::net::SocketAddr;

use axum::{extract::FromRequestParts, http::request::Parts};
use busbar_core::{Error, ErrorKind};

use crate::{
    Server,
    error::Failure,
    layers::{is_called_this_machine, is_of_foreign_page},
};

/// Headers that a proxy adds: whoever is behind it is not on this machine for certain.
const PROXIED: &[&str] = &["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operators {
    /// Nobody.
    Nobody,
    /// Programs on this machine.
    Local,
    /// Whoever reaches the server.
    Anyone,
}

/// Whose connection a request came by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Somebody who may: a handler that takes one is reached by nobody else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator;

impl FromRequestParts<Server> for Operator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Failure> {
        let operators = server.settings().operators;
        let reason = match operators {
            _ if is_of_foreign_page(parts) => {
                "steering this server is no matter of web pages of other origins"
            }
            Operators::Anyone => return Ok(Self),
            Operators::Local if is_local(parts) => return Ok(Self),
            Operators::Local => {
                "this server is steered from its own machine only: by the loopback address, and through no \
                 proxy; the setting `server.operators` says who may"
            }
            Operators::Nobody => {
                "nobody steers this server over HTTP; the setting `server.operators` says so"
            }
        };
        let error = Error::new(ErrorKind::Invalid, reason).with_code("not_an_operator");
        Err(Failure::forbidden(error))
    }
}

/// Whether it comes from this machine, and not on behalf of somebody else: not by a proxy, nor by a name
/// that was pointed here.
fn is_local(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<Peer>();
    let near = peer.is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback());
    let proxied = PROXIED.iter().any(|name| parts.headers.contains_key(*name));
    near && !proxied && is_called_this_machine(parts)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn check(peer: Option<&str>, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::get("/v1/config");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        if let Some(peer) = peer {
            parts.extensions.insert(Peer(peer.parse().unwrap()));
        }
        is_local(&parts)
    }

    #[test]
    fn whoever_is_on_this_machine_and_calls_it_so_is_local() {
        for peer in ["127.0.0.1:5000", "[::1]:5000", "[::ffff:127.0.0.1]:5000"] {
            assert!(check(Some(peer), &[("host", "localhost:8080")]), "{peer}");
        }
    }

    #[test]
    fn whoever_is_elsewhere_or_behind_a_proxy_or_calls_by_another_name_is_not() {
        let here = Some("127.0.0.1:5000");
        assert!(!check(Some("10.0.0.7:5000"), &[("host", "localhost")]));
        assert!(!check(None, &[("host", "localhost")]));
        assert!(!check(here, &[]));
        assert!(!check(here, &[("host", "evil.example")]));
        for name in PROXIED {
            assert!(
                !check(here, &[("host", "localhost"), (name, "10.0.0.7")]),
                "{name}"
            );
        }
    }
}
