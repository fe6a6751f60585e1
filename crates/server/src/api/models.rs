//! The models there are.

use axum::extract::{Path, State};
use busbar_core::Model;
use busbar_wire::openai::models::{ModelList, ModelObject};

use super::reply;
use crate::{Server, error::Handled};

/// All of them.
pub(crate) async fn list(State(server): State<Server>) -> Handled {
    let models = server
        .models()
        .iter()
        .map(|model| object(&server, model))
        .collect();
    Ok(reply::json(ModelList::new(models).encode()))
}

/// One of them.
pub(crate) async fn get(State(server): State<Server>, Path(id): Path<String>) -> Handled {
    let model = server.models().get(&id)?;
    Ok(reply::json(object(&server, model).encode()))
}

fn object(server: &Server, model: &Model) -> ModelObject {
    let default = server.models().default_id() == Some(&model.card.id);
    ModelObject::new(&model.card, server.since(), default)
}
