//! Watches a response's body to its end, which is when a request is over.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use axum::{body::Body, extract::MatchedPath};
use busbar_telemetry::{Http, Under};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::Server;

/// The figures' name for paths that no route took. Never the path itself: anybody could make the
/// process grow with paths.
const UNMATCHED: &str = "unmatched";

/// An HTTP request under way; counted when it is dropped.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) server: Server,
    pub(crate) route: Option<MatchedPath>,
    pub(crate) method: &'static str,
    pub(crate) status: u16,
    pub(crate) began: Instant,
    pub(crate) _under: Under,
}

impl Exchange {
    /// The pattern of the route that took it.
    pub(crate) fn route(&self) -> &str {
        self.route.as_ref().map_or(UNMATCHED, MatchedPath::as_str)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let took = self.server.now().saturating_duration_since(self.began);
        self.server.metrics().http(Http {
            route: self.route(),
            method: self.method,
            status: self.status,
            took,
        });
    }
}

/// A body whose end is the end of the exchange.
pub(crate) struct Watched {
    body: Body,
    _exchange: Exchange,
}

impl Watched {
    pub(crate) fn new(body: Body, exchange: Exchange) -> Self {
        Self {
            body,
            _exchange: exchange,
        }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Notices a client that goes away before its answer's end.
#[derive(Debug)]
pub(crate) struct Watching {
    server: Server,
    ended: bool,
}

impl Watching {
    pub(crate) fn begin(server: &Server) -> Self {
        Self {
            server: server.clone(),
            ended: false,
        }
    }

    /// The answer's end was reached.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if !self.ended {
            self.server.metrics().client_disconnected();
        }
    }
}
