//! Takes nothing new once the server drains.

use axum::{extract::Request, http::Method};

use crate::{Server, error::Failure};

/// Refuses new work while draining, before its body is read. What only looks, or comes back to a
/// stream that runs, passes.
///
/// # Errors
/// Where the request is refused.
pub(super) fn check(server: &Server, request: &Request) -> Result<(), Failure> {
    if request.method() != Method::POST || request.headers().contains_key("last-event-id") {
        return Ok(());
    }
    // The answer itself is admitted where it starts; this only spares us the body.
    Ok(server.drain().check()?)
}
