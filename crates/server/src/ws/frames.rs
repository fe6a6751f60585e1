//! What happens to a request, as frames.

use busbar_core::{AnswerMetrics, Error};
use busbar_wire::{
    Metrics,
    openai::{self, TokenUsage, error::ErrorBody},
    ws::ServerFrame,
};
use bytes::Bytes;
use serde_json::value::RawValue;

use super::WsLimits;
use crate::{Item, Part, error};

/// The first frame of a connection.
pub(super) fn ready(limits: &WsLimits) -> Bytes {
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    ServerFrame::Ready {
        heartbeat_ms: millis(limits.heartbeat),
        idle_timeout_ms: millis(limits.idle_timeout),
        max_in_flight: limits.max_in_flight,
    }
    .encode()
}

/// An item of an answer.
pub(super) fn item(id: &str, item: &Item) -> Bytes {
    let seq = item.seq;
    match &item.part {
        Part::Chunk(chunk) => match serde_json::from_slice::<&RawValue>(&chunk.data) {
            Ok(data) => ServerFrame::Chunk { id, seq, data }.encode(),
            Err(_) => failed(Some(id), Some(seq), &Error::internal("a chunk is not JSON")),
        },
        Part::Done(ended) => ServerFrame::Done {
            id,
            seq,
            finish_reason: openai::finish_reason(ended.finish),
            usage: TokenUsage::from(&ended.usage),
            metrics: Metrics::from(&ended.metrics),
        }
        .encode(),
        Part::Cancelled { metrics, .. } => cancelled(id, seq, metrics),
        Part::Failed { error, .. } => failed(Some(id), Some(seq), error),
    }
}

/// The end of a request that the client stopped.
pub(super) fn cancelled(id: &str, seq: u64, metrics: &AnswerMetrics) -> Bytes {
    ServerFrame::Done {
        id,
        seq,
        finish_reason: "cancelled",
        usage: TokenUsage::from(&metrics.usage),
        metrics: Metrics::from(metrics),
    }
    .encode()
}

/// A failure: of a request, or of a frame that could not be understood.
pub(super) fn failed(id: Option<&str>, seq: Option<u64>, error: &Error) -> Bytes {
    ServerFrame::Error {
        id,
        seq,
        status: error::status(error),
        error: ErrorBody::from(error).error,
    }
    .encode()
}
