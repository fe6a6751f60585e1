//! What every request passes through, outermost first: its id, its span and its figures; the headers
//! of every answer; who may speak to us at all; whether we take anything new.
//!
//! They are one layer of the router: each further one would cost every request a copy of all within it.

mod admission;
mod body;
mod headers;
mod origin;
mod request;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tracing::Instrument as _;

use crate::Server;

pub(crate) use body::Watching;
pub(crate) use origin::{is_called_this_machine, is_of_foreign_page, may_connect};

/// Takes a request through all of them, and its answer back.
pub(crate) async fn around(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    let opened = request::Opened::of(&server, &mut request);
    let span = opened.span.clone();
    let mut response = within(&server, request, next).instrument(span).await;
    headers::add(response.headers_mut(), &server);
    opened.close(response)
}

async fn within(server: &Server, request: Request, next: Next) -> Response {
    let settings = server.settings();
    let page = match origin::page(settings, &request) {
        Ok(page) => page,
        Err(failure) => return failure.into_response(),
    };
    let mut response = if page.is_some() && origin::asks_first(&request) {
        origin::preflight(settings)
    } else if let Err(error) = admission::check(server, &request) {
        error.into_response()
    } else {
        next.run(request).await
    };
    if let Some(page) = page {
        origin::allow(response.headers_mut(), settings, page);
    }
    response
}
