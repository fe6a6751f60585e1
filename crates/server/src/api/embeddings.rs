//! Vectors.

use axum::extract::{Request, State};
use busbar_telemetry::Operation;
use busbar_wire::{
    Metrics,
    openai::embeddings::{EmbeddingBody, EmbeddingList},
};

use super::reply;
use crate::{
    Server, body,
    caller::Caller,
    deadline::Deadline,
    error::{Handled, OpenAiErrors},
    layers::Watching,
    openapi::RequestHeaders,
    record::Record,
};

/// Vectors for texts.
#[utoipa::path(
    post, path = "/v1/embeddings", operation_id = "createEmbedding", tag = "text",
    params(RequestHeaders),
    request_body = EmbeddingBody,
    responses((status = 200, description = "A vector for each text.", body = EmbeddingList), OpenAiErrors)
)]
pub(crate) async fn create(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    let body = body::read(&server, &caller, request).await?;
    let asked = EmbeddingBody::read(&body)?;
    let encoding = asked.encoding();
    let (card, model) = server.models().embedder(asked.model())?;
    let mut deadline = Deadline::of(&server, &caller.context);
    let mut request = asked.into_request(caller.context, &card.capabilities)?;
    request.model = card.id.clone();
    let operation = Operation::Embeddings;
    let mut record = Record::open(&server, operation, &card, &request.context, caller.arrived)?;
    let mut watching = Watching::begin(&server);
    let embedded = deadline.before(model.embed(request)).await.flatten();
    watching.end();
    let embeddings = embedded.inspect_err(|error| record.fail(error))?;
    let metrics = record.finish(embeddings.usage);
    let list = EmbeddingList::new(embeddings, encoding, Metrics::from(&metrics));
    Ok(reply::counted(list.encode(), &metrics))
}
