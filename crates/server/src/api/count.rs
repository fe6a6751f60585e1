//! How many tokens a prompt is, in Anthropic's format.

use axum::extract::{Request, State};
use busbar_core::{Error, ErrorKind};
use busbar_wire::anthropic::{MessagesBody, TokenCount, Variant};

use super::reply;
use crate::{Server, body, caller::Caller, error::Handled, openapi::RequestHeaders};

/// The tokens of a prompt, without an answer.
#[utoipa::path(
    post, path = "/v1/messages/count_tokens", operation_id = "countMessageTokens", tag = "text",
    params(RequestHeaders),
    responses((status = 200, description = "How many tokens the model would read."))
)]
pub(crate) async fn messages(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    let body = body::read(&server, &caller, request).await?;
    let body = MessagesBody::read(&body, Variant::Direct)?;
    let model = server.models().get(body.model())?;
    let request = body.into_counted(caller.context)?;
    let counter = model.tokens.ok_or_else(|| {
        let message = format!("`{}` does not tell how many tokens a prompt is", model.card.id);
        Error::new(ErrorKind::Unsupported, message).with_param("model")
    })?;
    Ok(reply::json(TokenCount::encode(counter.count_prompt(&request)?)))
}
