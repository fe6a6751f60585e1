//! `/v1/ws`: many requests at once on one connection, as `docs/protocol.md` says.
//!
//! A connection is one task that reads and writes, and one task for each request in flight; they
//! meet in the outbox. Dropping the connection drops them all.

mod connection;
mod converse;
mod exchange;
mod frames;
mod in_flight;
mod limits;
mod outbox;
mod presence;
mod present;
mod pulse;
mod queue;
mod source;

use axum::{
    extract::{FromRequestParts as _, Request, State, WebSocketUpgrade},
    response::Response,
};
use busbar_core::{Error, ErrorKind};

use crate::{Server, caller::Caller, error::Handled, layers};
use connection::Connection;

pub use converse::{Post, Utterance};
pub use limits::WsLimits;
pub use presence::Presence;

/// Where it is.
const PATH: &str = "/v1/ws";

/// What a frame has beside the body in it.
const ENVELOPE: usize = 64 * 1024;

/// A buffer that is taken for every connection, be it ever so idle.
const READ_BUFFER: usize = 8 * 1024;

/// `GET /v1/ws`.
pub(crate) async fn upgrade(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    layers::may_connect(server.settings(), &request)?;
    let running = server.drain().admit()?;
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &server)
        .await
        .map_err(|rejection| {
            let message = format!("`{PATH}` is for WebSocket connections: {}", rejection.body_text());
            Error::new(ErrorKind::Invalid, message).with_code("not_a_websocket")
        })?;
    let largest = server.settings().body_limit + ENVELOPE;
    let response: Response = upgrade
        .read_buffer_size(READ_BUFFER)
        .max_message_size(largest)
        .max_frame_size(largest)
        .on_upgrade(move |socket| Connection::new(server, caller).serve(socket, running));
    Ok(response)
}
