//! The outermost layer: a request gets its id, its span and its figures, and what failed inside gets
//! its answer.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Version, header},
    middleware::Next,
    response::Response,
};
use busbar_core::RequestId;
use busbar_telemetry::request_span;
use tracing::Instrument as _;

use super::body::{Exchange, Watched};
use crate::{Server, caller::Arrival, dialects, error::Failure, ids};

/// Carries the id that ties an answer to its log lines.
const REQUEST_ID: &str = "x-request-id";

/// The figures' name for paths that no route took. Never the path itself: anybody could make the
/// process grow with paths.
const UNMATCHED: &str = "unmatched";

/// Wraps everything else.
pub(crate) async fn request(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let at = server.now();
    request.extensions_mut().insert(Arrival {
        request: id.clone(),
        at,
    });
    let matched = request.extensions().get::<MatchedPath>();
    let mut exchange = Exchange {
        route: matched.map_or(UNMATCHED, MatchedPath::as_str).to_owned(),
        method: method(&request),
        status: 0,
        began: at,
        _under: server.metrics().http_in_flight(),
        server: server.clone(),
    };
    let is_http2 = request.version() == Version::HTTP_2;
    let shape = dialects::shape(request.uri().path());
    let span = request_span(&id, &exchange.method, &exchange.route);
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        span.in_scope(|| log(&failure, &response));
        response = failure.render(shape, &id, response);
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        if let Some(theirs) = shape.request_id() {
            response.headers_mut().insert(theirs, value.clone());
        }
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if server.drain().is_draining() && !is_http2 {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    exchange.status = response.status().as_u16();
    response.map(|body| axum::body::Body::new(Watched::new(body, exchange)))
}

fn request_id(request: &Request) -> RequestId {
    let sent = request.headers().get(REQUEST_ID).map(HeaderValue::as_bytes);
    let sent = sent
        .filter(|id| ids::is_presentable(id))
        .and_then(|id| std::str::from_utf8(id).ok());
    sent.map_or_else(|| RequestId::new(&ids::request()), RequestId::new)
}

/// Methods are free text too; those that no route here takes share a name.
fn method(request: &Request) -> String {
    match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    }
}

/// Only failures of ours are logged whole: see `error::is_ours`.
fn log(failure: &Failure, response: &Response) {
    let (error, status) = (failure.error(), response.status().as_u16());
    if failure.is_expected() {
        tracing::debug!(status, kind = ?error.kind(), code = error.code(), "{error}");
    } else if failure.is_ours() {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        tracing::warn!(status, kind = ?error.kind(), code = error.code(), cause, "{error}");
    } else {
        tracing::info!(status, kind = ?error.kind(), code = error.code(), param = error.param(), "refused");
    }
}
