//! The endpoints of kept streams.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use busbar_core::{Error, Tenant};
use busbar_wire::Problem;
use utoipa::IntoParams;

use super::{headers::LastEvent, last_event};
use crate::{
    Server,
    caller::Caller,
    error::{Handled, no_content},
    sse,
};

/// The header of a client that comes back.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described here; `headers.rs` reads it")]
pub(crate) struct LastEventHeader {
    /// The last event that the client has, `<stream>:<number>`; from the start without it.
    #[param(rename = "last-event-id")]
    last_event_id: Option<String>,
}

/// Goes on with a stream.
#[utoipa::path(
    get, path = "/v1/streams/{id}", operation_id = "resumeStream", tag = "text",
    params(("id" = String, Path, description = "The answer's id."), LastEventHeader),
    responses(
        (status = 200, description = "Every event after the last one that the client has, then the stream as it goes on.",
            content_type = "text/event-stream"),
        (status = 404, description = "There is no such stream (any more), or what comes next is not kept any more.",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn go_on(
    State(server): State<Server>,
    caller: Caller,
    Path(stream): Path<String>,
    headers: HeaderMap,
) -> Handled {
    let last = last_event(&headers)?;
    if last.as_ref().is_some_and(|last| last.stream != stream) {
        let message = "the header `last-event-id` names another stream than the path does";
        return Err(Error::invalid("last-event-id", message).into());
    }
    let last = last.unwrap_or(LastEvent { stream, seq: 0 });
    rest(&server, &caller.context.tenant, &last)
}

/// Stops a stream.
#[utoipa::path(
    delete, path = "/v1/streams/{id}", operation_id = "cancelStream", tag = "text",
    params(("id" = String, Path, description = "The answer's id.")),
    responses(
        (status = 204, description = "It is stopped, and not kept any longer."),
        (status = 404, description = "There is no such stream (any more).",
            body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel(
    State(server): State<Server>,
    caller: Caller,
    Path(stream): Path<String>,
) -> Handled {
    server.replay().stop(&caller.context.tenant, &stream)?;
    Ok(no_content())
}

/// Everything after an event, and then the stream as it goes on.
pub(crate) fn rest(server: &Server, tenant: &Tenant, last: &LastEvent) -> Handled<Response> {
    let reader = server.replay().read(tenant, &last.stream, last.seq)?;
    server.metrics().stream_resumed();
    let stream = last.stream.clone();
    let framing = reader.dialect().framing;
    Ok(sse::rest(server, framing, stream, reader.into_items(), last.seq))
}
