//! How an answer is written, whatever the dialect: chunk by chunk, each a JSON text.

use busbar_core::{AnswerMetrics, Done, Event, Transcript, Usage};
use bytes::Bytes;

/// What every chunk of one answer repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The answer's id; also its stream's name.
    pub id: String,
    /// When it began, seconds since 1970.
    pub created: u64,
    /// The model that serves.
    pub model: String,
    /// Whether the client wants its usage as a last chunk.
    pub include_usage: bool,
}

/// Writes one answer in one dialect.
pub trait AnswerWriter: Send {
    /// The chunk that comes before anything was said, where the dialect has one.
    fn open(&mut self) -> Option<Bytes>;

    /// The chunk for an event, where the dialect has one for it. The end has a method of its own.
    fn event(&mut self, event: &Event) -> Option<Bytes>;

    /// The last chunk of content: why it ended, and the metrics.
    fn end(&mut self, done: &Done, metrics: &AnswerMetrics) -> Bytes;

    /// The chunk after the last that carries usage, where the client asked for one.
    fn usage(&mut self, usage: &Usage) -> Option<Bytes>;

    /// The whole answer as one JSON text.
    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes;
}

/// A value of ours as JSON. Ours have string keys and finite numbers only, so this does not fail.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Bytes {
    serde_json::to_vec(value).map(Bytes::from).unwrap_or_default()
}
