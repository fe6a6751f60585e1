//! The outermost layer: a request gets its id, its span and its figures, and what failed inside gets
//! its answer.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Version, header},
    response::Response,
};
use busbar_core::{RequestId, Trace};
use busbar_telemetry::request_span;
use busbar_wire::trace;
use tracing::Span;

use super::body::{Exchange, Watched};
use crate::{Server, caller::Arrival, dialects, error::Failure, ids, shapes::Shape};

/// Carries the id that ties an answer to its log lines.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request that was opened and is to be closed with its answer.
pub(super) struct Opened {
    id: RequestId,
    exchange: Exchange,
    shape: Shape,
    /// Whether the answer can say that the connection ends with it.
    can_close: bool,
    pub(super) span: Span,
}

impl Opened {
    /// Opens a request: its id and the time go with it from here.
    pub(super) fn of(server: &Server, request: &mut Request) -> Self {
        let trace = trace(request.headers()).map(Arc::new);
        let id = request_id(request, trace.as_deref());
        let began = server.now();
        request.extensions_mut().insert(Arrival {
            request: id.clone(),
            trace: trace.clone(),
            at: began,
        });
        let exchange = Exchange {
            route: request.extensions().get::<MatchedPath>().cloned(),
            method: method(request),
            status: 0,
            began,
            _under: server.metrics().http_in_flight(),
            server: server.clone(),
        };
        Self {
            shape: dialects::shape(request.uri().path()),
            can_close: request.version() != Version::HTTP_2,
            span: request_span(&id, trace.as_deref(), exchange.method, exchange.route()),
            id,
            exchange,
        }
    }

    /// Closes it: the answer gets its id, what failed its words, and the end of the body is the end.
    pub(super) fn close(self, mut response: Response) -> Response {
        let Self {
            id,
            mut exchange,
            shape,
            can_close,
            span,
        } = self;
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
        if can_close && exchange.server.drain().is_draining() {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        exchange.status = response.status().as_u16();
        response.map(|body| axum::body::Body::new(Watched::new(body, exchange)))
    }
}

/// The trace that the request is a part of. Whoever is not understood has said nothing.
fn trace(headers: &HeaderMap) -> Option<Trace> {
    let one = |name: &str, read: fn(&[u8]) -> Option<Trace>| {
        let mut values = headers.get_all(name).iter();
        let value = values.next()?;
        // Of two, nobody knows which is meant.
        values.next().is_none().then(|| read(value.as_bytes()))?
    };
    let of_w3c = one(trace::PARENT, trace::parent).map(|parent| Trace {
        state: trace::state(headers.get_all(trace::STATE).iter().map(HeaderValue::as_bytes)),
        ..parent
    });
    of_w3c.or_else(|| one(trace::XRAY, trace::xray))
}

fn request_id(request: &Request, trace: Option<&Trace>) -> RequestId {
    let sent = request.headers().get(REQUEST_ID).map(HeaderValue::as_bytes);
    let sent = sent
        .filter(|id| ids::is_presentable(id))
        .and_then(|id| std::str::from_utf8(id).ok());
    let new = || RequestId::new(&trace.map_or_else(ids::request, ids::request_in));
    sent.map_or_else(new, RequestId::new)
}

/// Methods are free text too; those that no route here takes share a name.
fn method(request: &Request) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let sent = request.method().as_str();
    KNOWN.into_iter().find(|known| *known == sent).unwrap_or("other")
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
