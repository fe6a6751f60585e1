//! `GET /v1/models`.

use busbar_core::{ModelCard, Task};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::json;

/// The models there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelList {
    /// `list`.
    pub object: String,
    /// One entry a model, by name.
    pub data: Vec<ModelObject>,
}

/// A model. The first four fields are the dialect's, the rest is ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Model)]
pub struct ModelObject {
    /// The name to ask for.
    pub id: String,
    /// `model`.
    pub object: String,
    /// When it became available here, seconds since 1970.
    pub created: u64,
    /// What runs it.
    pub owned_by: String,
    /// The name people read.
    pub title: String,
    /// The licence of its weights.
    pub licence: String,
    /// What it does: `chat`, `embed`.
    pub tasks: Vec<String>,
    /// The most tokens that prompt and answer may have together.
    pub context_window: u32,
    /// The most tokens of one answer.
    pub max_output: u32,
    /// Whether it follows conversations; otherwise only `/v1/completions` works.
    pub chat: bool,
    /// Whether it can call tools.
    pub tools: bool,
    /// Whether it can be held to a JSON schema.
    pub structured_output: bool,
    /// Length of its vectors, where it makes them.
    pub embedding_dimensions: Option<u32>,
    /// Whether it serves when no model is named.
    pub default: bool,
}

impl ModelList {
    /// A list of these.
    pub fn new(data: Vec<ModelObject>) -> Self {
        Self {
            object: "list".to_owned(),
            data,
        }
    }

    /// The list as JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl ModelObject {
    /// A model as its card describes it.
    pub fn new(card: &ModelCard, created: u64, default: bool) -> Self {
        let can = &card.capabilities;
        Self {
            id: card.id.as_str().to_owned(),
            object: "model".to_owned(),
            created,
            owned_by: card.host.clone(),
            title: card.title.clone(),
            licence: card.licence.clone(),
            tasks: can
                .tasks
                .iter()
                .copied()
                .map(Task::as_str)
                .map(str::to_owned)
                .collect(),
            context_window: can.context_window.0,
            max_output: can.max_output.0,
            chat: can.chat,
            tools: can.tools,
            structured_output: can.structured_output,
            embedding_dimensions: can.embedding_dimensions,
            default,
        }
    }

    /// The model as JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}
