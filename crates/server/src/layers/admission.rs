//! Takes nothing new once the server drains.

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{Server, error::Failure};

/// Refuses new work while draining, before its body is read. What only looks, or comes back to a
/// stream that runs, passes.
pub(crate) async fn admission(State(server): State<Server>, request: Request, next: Next) -> Response {
    let comes_back = request.headers().contains_key("last-event-id");
    if request.method() == Method::POST && !comes_back {
        // The answer itself is admitted where it starts; this only spares us the body.
        if let Err(error) = server.drain().admit() {
            return Failure::from(error).into_response();
        }
    }
    next.run(request).await
}
