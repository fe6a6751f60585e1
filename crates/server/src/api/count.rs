//! How many tokens a prompt is, in Anthropic's format.

use axum::extract::{Request, State};
use busbar_core::{ChatRequest, Error, ErrorKind, Model, Result, Tokens};
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
    Ok(reply::json(TokenCount::encode(tokens(&model, &request)?)))
}

/// How many tokens a prompt is to a model.
///
/// # Errors
/// `Unsupported` where nobody here knows; what is wrong with the prompt.
pub(crate) fn tokens(model: &Model, request: &ChatRequest) -> Result<Tokens> {
    let counter = model.tokens.as_ref().ok_or_else(|| {
        let message = format!("`{}` does not tell how many tokens a prompt is", model.card.id);
        Error::new(ErrorKind::Unsupported, message).with_param("model")
    })?;
    counter.count_prompt(request)
}
