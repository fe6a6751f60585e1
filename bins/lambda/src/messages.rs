//! WebSocket connections as API Gateway hands them over: an event when one is made, one for each message, one when
//! it is gone. What is said goes to the gateway while the event is answered; the answer itself says nothing.

use axum::{body::Body, response::Response};
use busbar_app::{Conversations, Heard};
use lambda_http::{Error, Request, RequestExt as _, request::RequestContext};

/// What a gateway calls the making of a connection.
const MADE: &str = "CONNECT";
/// What it calls its end.
const GONE: &str = "DISCONNECT";

/// What an event of a connection is about.
pub(crate) enum Event {
    /// A message.
    Message(Heard),
    /// A connection of this name was made.
    Made(String),
    /// It is gone.
    Gone(String),
    /// Nothing that would be answered.
    Nothing,
}

/// What an event is about; `None`: it is a request.
pub(crate) fn event(request: &Request) -> Option<Event> {
    let Some(RequestContext::WebSocket(context)) = request.request_context_ref() else {
        return None;
    };
    let kind = context.event_type.as_deref().unwrap_or_default();
    let (Some(host), Some(connection)) = (&context.domain_name, &context.connection_id) else {
        return Some(Event::Nothing);
    };
    match kind {
        MADE => return Some(Event::Made(connection.clone())),
        GONE => return Some(Event::Gone(connection.clone())),
        _ => {}
    }
    Some(Event::Message(Heard {
        host: host.clone(),
        stage: context.stage.clone().unwrap_or_default(),
        connection: connection.clone(),
        request: context.request_id.clone().unwrap_or_else(|| connection.clone()),
        at: u64::try_from(context.request_time_epoch).unwrap_or_default(),
        message: request.body().to_vec().into(),
    }))
}

/// Answers it.
pub(crate) async fn answer(event: Event, conversations: &Conversations) -> Result<Response, Error> {
    match event {
        Event::Message(heard) => conversations.answer(&heard).await?,
        Event::Made(connection) => conversations.connected(&connection).await?,
        Event::Gone(connection) => conversations.left(&connection).await?,
        Event::Nothing => {}
    }
    Ok(Response::new(Body::empty()))
}
