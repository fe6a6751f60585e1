//! Text in a dialect: chat completions and plain completions, whole or streamed.

use std::time::Duration;

use axum::extract::{Request, State};
use busbar_wire::openai::{
    chat::{ChatAnswer, ChatBody, ChatChunk},
    completions::{CompletionAnswer, CompletionBody},
};

use super::reply;
use crate::{
    Answer, Server,
    answer::Kind,
    body,
    caller::Caller,
    dialects::{self, Dialect, Incoming},
    error::{Handled, OpenAiErrors},
    layers::Watching,
    openapi::{RequestHeaders, ResumeHeader},
    relay::Passing,
    replay::{self, Wish},
    sse,
};

/// Chat completions: a conversation goes on.
///
/// With `stream` the answer comes as server-sent events: chunks, then `[DONE]`.
#[utoipa::path(
    post, path = "/v1/chat/completions", operation_id = "createChatCompletion", tag = "text",
    params(RequestHeaders, ResumeHeader),
    request_body = ChatBody,
    responses(
        (status = 200, description = "The answer, whole or as server-sent events.",
            content((ChatAnswer = "application/json"), (ChatChunk = "text/event-stream"))),
        OpenAiErrors,
    )
)]
pub(crate) async fn chat(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    generate(&dialects::CHAT, &server, caller, Incoming::default(), request).await
}

/// Plain completions: a text goes on as it stands, without a chat template.
///
/// With `stream` the answer comes as server-sent events: chunks, then `[DONE]`.
#[utoipa::path(
    post, path = "/v1/completions", operation_id = "createCompletion", tag = "text",
    params(RequestHeaders, ResumeHeader),
    request_body = CompletionBody,
    responses(
        (status = 200, description = "The answer, whole or as server-sent events.",
            content((CompletionAnswer = "application/json"), (CompletionAnswer = "text/event-stream"))),
        OpenAiErrors,
    )
)]
pub(crate) async fn complete(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    generate(
        &dialects::COMPLETIONS,
        &server,
        caller,
        Incoming::default(),
        request,
    )
    .await
}

/// Responses: a conversation goes on, as a list of items.
///
/// With `stream` the answer comes as server-sent events by name. Nothing is stored.
#[utoipa::path(
    post, path = "/v1/responses", operation_id = "createResponse", tag = "text",
    params(RequestHeaders, ResumeHeader),
    responses((status = 200, description = "The response, whole or as server-sent events."), OpenAiErrors)
)]
pub(crate) async fn responses(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    generate(
        &dialects::RESPONSES,
        &server,
        caller,
        Incoming::default(),
        request,
    )
    .await
}

/// Messages: a conversation goes on, in Anthropic's format.
///
/// With `stream` the answer comes as server-sent events by name.
#[utoipa::path(
    post, path = "/v1/messages", operation_id = "createMessage", tag = "text",
    params(RequestHeaders),
    responses((status = 200, description = "The message, whole or as server-sent events."))
)]
pub(crate) async fn messages(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    generate(&dialects::MESSAGES, &server, caller, Incoming::default(), request).await
}

/// Answers in a dialect. `path` is what the path says.
pub(crate) async fn generate(
    dialect: &'static Dialect,
    server: &Server,
    caller: Caller,
    path: Incoming<'_>,
    request: Request,
) -> Handled {
    let last_event = replay::last_event(request.headers())?;
    let window = replay::window(request.headers())?;
    let heads = dialect.heads(request.headers())?;
    let body = body::read(server, &caller, request).await?;
    if let Some(last) = last_event {
        // The request was made before and its stream goes on: what the body says is known.
        return replay::rest(server, &caller.context.tenant, &last);
    }
    let incoming = Incoming {
        body: &body,
        heads: &heads,
        ..path
    };
    if window.is_none()
        && let Some(passing) = Passing::of(server, dialect, &caller, incoming, &body)?
        && let Some(answered) = passing.run(server, dialect).await
    {
        return answered;
    }
    // Apart, since it is large and what is passed on has no need of it.
    Box::pin(read(dialect, server, caller, incoming, window)).await
}

/// Answers a request by what it says.
async fn read(
    dialect: &'static Dialect,
    server: &Server,
    caller: Caller,
    incoming: Incoming<'_>,
    window: Option<Duration>,
) -> Handled {
    let asked = (dialect.read)(incoming, caller.context)?;
    let kind = Kind {
        operation: dialect.operation,
        id_prefix: dialect.id_prefix,
        arrived: caller.arrived,
    };
    if asked.stream {
        let wish = window.map(|window| Wish {
            tenant: asked.request.context.tenant.clone(),
            window,
        });
        let answer = Answer::start(server, kind, asked).await?;
        return stream(dialect, server, answer, wish);
    }
    let mut watching = Watching::begin(server);
    let response = whole(Answer::start(server, kind, asked).await).await;
    watching.end();
    response
}

fn stream(dialect: &'static Dialect, server: &Server, answer: Answer, resume: Option<Wish>) -> Handled {
    let head = answer.head().clone();
    let trail = answer.trail().clone();
    let chunks = answer.chunks();
    let items = match resume {
        None => chunks.into_items(),
        Some(wish) => server.replay().keep(&wish, dialect, &head, chunks)?.into_items(),
    };
    let mut response = sse::answer(server, dialect.framing, head.id, items);
    reply::model(response.headers_mut(), &head.model);
    trail.look(|course| reply::course(response.headers_mut(), course));
    Ok(response)
}

async fn whole(answer: busbar_core::Result<Answer>) -> Handled {
    let (body, metrics) = answer?.whole().await?;
    Ok(reply::counted(body, &metrics))
}
