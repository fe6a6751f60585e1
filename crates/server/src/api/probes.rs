//! What machines ask about the server: is it alive, does it take requests, how is it doing.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use busbar_core::{Error, ErrorKind};
use busbar_telemetry::CONTENT_TYPE;
use bytes::Bytes;

use super::reply;
use crate::{
    Server,
    error::{Failure, Handled, Problems},
};

/// Whether the process runs.
///
/// Says nothing about models: a restart would not help them.
#[utoipa::path(
    get, path = "/healthz", operation_id = "alive", tag = "operation",
    responses((status = 200, description = "It runs."))
)]
pub(crate) async fn alive() -> Response {
    reply::json(Bytes::from_static(br#"{"status":"alive"}"#))
}

/// Whether new requests are taken.
#[utoipa::path(
    get, path = "/readyz", operation_id = "ready", tag = "operation",
    responses((status = 200, description = "They are."), Problems)
)]
pub(crate) async fn ready(State(server): State<Server>) -> Handled {
    if server.drain().is_draining() {
        let error = Error::new(ErrorKind::Unavailable, "the server is shutting down");
        return Err(Failure::from(error.with_code("draining")).expected());
    }
    // Loading says in the log what it does and how it ends.
    let ready = server.models().ready();
    ready.map_err(|error| Failure::from(error).expected())?;
    Ok(reply::json(Bytes::from_static(br#"{"status":"ready"}"#)))
}

/// Everything that is counted, for Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "operation",
    responses((status = 200, description = "Prometheus' text format.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(server): State<Server>) -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))];
    (kind, server.metrics().render()).into_response()
}
