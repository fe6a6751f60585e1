//! Text in a dialect: chat completions and plain completions, whole or streamed.

use axum::{
    extract::{Request, State},
    response::Response,
};
use busbar_wire::Metrics;

use super::reply;
use crate::{
    Answer, Server,
    answer::Kind,
    body,
    caller::Caller,
    dialects::{self, Dialect},
    error::Handled,
    layers::Watching,
    sse,
};

/// Chat completions.
pub(crate) async fn chat(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    generate(&dialects::CHAT, &server, caller, request).await
}

/// Plain completions.
pub(crate) async fn complete(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    generate(&dialects::COMPLETIONS, &server, caller, request).await
}

async fn generate(dialect: &Dialect, server: &Server, caller: Caller, request: Request) -> Handled {
    let body = body::read(server, &caller, request).await?;
    let asked = (dialect.read)(&body, caller.context)?;
    let kind = Kind {
        operation: dialect.operation,
        id_prefix: dialect.id_prefix,
        arrived: caller.arrived,
    };
    if asked.stream {
        let answer = Answer::start(server, kind, asked).await?;
        return Ok(stream(dialect, server, answer));
    }
    let mut watching = Watching::begin(server);
    let response = whole(dialect, Answer::start(server, kind, asked).await).await;
    watching.end();
    response
}

fn stream(dialect: &Dialect, server: &Server, answer: Answer) -> Response {
    let head = answer.head().clone();
    let items = answer.items((dialect.writer)(head.clone()));
    let mut response = sse::answer(server, head.id, items);
    reply::model(response.headers_mut(), &head.model);
    response
}

async fn whole(dialect: &Dialect, answer: busbar_core::Result<Answer>) -> Handled {
    let answer = answer?;
    let mut writer = (dialect.writer)(answer.head().clone());
    let (transcript, metrics) = answer.whole().await?;
    let body = writer.whole(&transcript, &metrics);
    Ok(reply::measured(body, &Metrics::from(&metrics)))
}
