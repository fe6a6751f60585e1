//! Vectors.

use std::time::Duration;

use axum::extract::{Request, State};
use busbar_core::{Error, ErrorKind};
use busbar_telemetry::Operation;
use busbar_wire::{
    Metrics,
    openai::embeddings::{EmbeddingBody, EmbeddingList},
};

use super::reply;
use crate::{Server, body, caller::Caller, error::Handled, layers::Watching, record::Record};

/// Vectors for texts.
pub(crate) async fn create(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    let body = body::read(&server, &caller, request).await?;
    let asked = EmbeddingBody::read(&body)?;
    let encoding = asked.encoding();
    let (card, model) = server.models().embedder(asked.model())?;
    let deadline = caller.context.deadline;
    let mut request = asked.into_request(caller.context, &card.capabilities)?;
    request.model = card.id.clone();
    let mut record = Record::open(&server, Operation::Embeddings, card.id.clone(), caller.arrived)?;
    let mut watching = Watching::begin(&server);
    let left = deadline.map_or(Duration::MAX, |at| at.saturating_duration_since(server.now()));
    let embedded = tokio::time::timeout(left, model.embed(request)).await;
    watching.end();
    let embeddings = embedded
        .unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::DeadlineExceeded,
                "the request's time was up",
            ))
        })
        .inspect_err(|error| record.fail(error))?;
    let metrics = Metrics::from(&record.finish(embeddings.usage));
    let list = EmbeddingList::new(embeddings, encoding, metrics.clone());
    Ok(reply::measured(list.encode(), &metrics))
}
