//! Whole answers as JSON, with their metrics as headers.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use busbar_core::{AnswerMetrics, Course};
use busbar_wire::{Metrics, RouteMetrics};
use bytes::Bytes;

/// The model that served.
const MODEL: HeaderName = HeaderName::from_static("x-busbar-model");

/// What it cost, US dollars, or `unpriced`.
const COST: HeaderName = HeaderName::from_static("x-busbar-cost-usd");

/// That the cost is an estimate; absent where it is none.
const ESTIMATED: HeaderName = HeaderName::from_static("x-busbar-cost-estimated");

const FIRST_CHUNK: HeaderName = HeaderName::from_static("x-busbar-first-chunk-ms");
const TOTAL: HeaderName = HeaderName::from_static("x-busbar-total-ms");
const SPEED: HeaderName = HeaderName::from_static("x-busbar-tokens-per-second");
const TOKENS_IN: HeaderName = HeaderName::from_static("x-busbar-tokens-in");
const TOKENS_OUT: HeaderName = HeaderName::from_static("x-busbar-tokens-out");

/// How many headers an answer has with metrics and all that the layers add: room for them is made once.
const HEADERS: usize = 20;

/// JSON.
pub(crate) fn json(body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// JSON with metrics, and with what it used, for dialects that tell it in headers of their own.
pub(crate) fn counted(body: Bytes, answer: &AnswerMetrics) -> Response {
    let mut response = measured(body, &Metrics::from(answer));
    response.extensions_mut().insert(answer.usage);
    response
}

/// JSON with metrics.
pub(crate) fn measured(body: Bytes, metrics: &Metrics) -> Response {
    let mut response = json(body);
    let headers = response.headers_mut();
    model(headers, &metrics.model);
    let mut number = |name: HeaderName, value: Option<f64>| {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value.to_string()).ok()) {
            headers.insert(name, value);
        }
    };
    number(FIRST_CHUNK, metrics.first_chunk_ms);
    number(TOTAL, Some(metrics.total_ms));
    number(SPEED, metrics.tokens_per_second);
    headers.insert(TOKENS_IN, metrics.tokens_in.into());
    headers.insert(TOKENS_OUT, metrics.tokens_out.into());
    cost(headers, metrics.cost_usd);
    if metrics.cost_estimated {
        headers.insert(ESTIMATED, HeaderValue::from_static("true"));
    }
    if let Some(route) = &metrics.route {
        routed(headers, route);
    }
    response
}

/// Says what an answer cost, US dollars.
pub(crate) fn cost(headers: &mut HeaderMap, dollars: Option<f64>) {
    let said = dollars.map(|dollars| dollars.to_string());
    let said = HeaderValue::from_str(said.as_deref().unwrap_or("unpriced"));
    headers.extend(said.ok().map(|said| (COST, said)));
}

/// Says what happened to a request that went by a route, as far as it is known.
pub(crate) fn course(headers: &mut HeaderMap, course: &Course) {
    if let Some(route) = RouteMetrics::of(course) {
        routed(headers, &route);
    }
}

fn routed(headers: &mut HeaderMap, route: &RouteMetrics) {
    let mut say = |name: &'static str, value: Option<&str>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    };
    say("x-busbar-route", Some(&route.name));
    say("x-busbar-target", route.target.as_deref());
    say("x-busbar-attempts", Some(&route.attempts.to_string()));
    say("x-busbar-degraded", route.degraded.as_deref());
    say("x-busbar-cache", route.cache.as_deref());
}

/// How long the answer took.
pub(crate) fn total(headers: &mut HeaderMap, total: Duration) {
    let millis = (total.as_secs_f64() * 1_000_000.0).round() / 1000.0;
    if let Ok(value) = HeaderValue::from_str(&millis.to_string()) {
        headers.insert(TOTAL, value);
    }
}

/// Names the model that serves. A name that cannot stand in a header is left out of it.
pub(crate) fn model(headers: &mut HeaderMap, name: &str) {
    if let Ok(value) = HeaderValue::from_str(name) {
        headers.insert(MODEL, value);
    }
}
