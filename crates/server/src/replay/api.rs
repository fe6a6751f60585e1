//! The endpoints of kept streams.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use busbar_core::{Error, Tenant};

use super::{headers::LastEvent, last_event};
use crate::{
    Server,
    caller::Caller,
    error::{Handled, no_content},
    sse,
};

/// `GET /v1/streams/{stream}`: goes on after `Last-Event-ID`, from the start without one.
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

/// `DELETE /v1/streams/{stream}`: stops it.
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
    Ok(sse::rest(server, stream, reader.into_items(), last.seq))
}
