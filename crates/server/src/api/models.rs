//! The models there are.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
};
use busbar_core::Model;
use busbar_wire::{
    anthropic,
    openai::models::{ModelList, ModelObject},
};

use super::reply;
use crate::{
    Server,
    error::{Handled, OpenAiErrors},
};

/// All models, by name.
#[utoipa::path(
    get, path = "/v1/models", operation_id = "listModels", tag = "models",
    responses((status = 200, description = "The models there are.", body = ModelList), OpenAiErrors)
)]
pub(crate) async fn list(State(server): State<Server>, headers: HeaderMap) -> Handled {
    if headers.contains_key(anthropic::VERSION_HEADER) {
        let models = server.models().models();
        let cards = models.iter().map(|model| &model.card);
        return Ok(reply::json(anthropic::models::list(cards, server.since())));
    }
    let models = server
        .models()
        .models()
        .iter()
        .map(|model| object(&server, model))
        .collect();
    Ok(reply::json(ModelList::new(models).encode()))
}

/// One model.
#[utoipa::path(
    get, path = "/v1/models/{id}", operation_id = "getModel", tag = "models",
    params(("id" = String, Path, description = "The model's name.")),
    responses((status = 200, description = "The model.", body = ModelObject), OpenAiErrors)
)]
pub(crate) async fn get(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap) -> Handled {
    let model = server.models().get(&id)?;
    if headers.contains_key(anthropic::VERSION_HEADER) {
        return Ok(reply::json(anthropic::models::one(&model.card, server.since())));
    }
    Ok(reply::json(object(&server, &model).encode()))
}

fn object(server: &Server, model: &Model) -> ModelObject {
    let default = server.models().default_id().as_ref() == Some(&model.card.id);
    ModelObject::new(&model.card, server.since(), default)
}
