//! How an answer is written, whatever the dialect: chunk by chunk, or whole.

use busbar_core::{AnswerMetrics, Done, Error, Event, Transcript, Usage};
use bytes::Bytes;

use crate::Chunk;

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

/// Writes one answer in one dialect. What it writes is pushed, in order.
pub trait AnswerWriter: Send {
    /// What comes before anything was said.
    fn open(&mut self, out: &mut Vec<Chunk>);

    /// An event, where the dialect has a word for it. The end has a method of its own.
    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>);

    /// The end of a whole answer: why, what it used, and the metrics. At least one chunk.
    fn end(&mut self, done: &Done, metrics: &AnswerMetrics, out: &mut Vec<Chunk>);

    /// The end of one that failed, as one chunk.
    fn fail(&mut self, error: &Error) -> Chunk;

    /// The whole answer as one body.
    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes;

    /// What comes next is of this one of several answers to one request. Only writers of dialects that have
    /// several are told of any but the first.
    fn choose(&mut self, _index: u32) {}

    /// One of several answers has ended; others go on.
    fn close(&mut self, _done: &Done, _out: &mut Vec<Chunk>) {}

    /// Several whole answers as one body; `usage` is that of all, whose prompt counts once.
    fn all(&mut self, transcripts: &[Transcript], _usage: &Usage, metrics: &AnswerMetrics) -> Bytes {
        let first = transcripts.first();
        first.map_or_else(Bytes::new, |transcript| self.whole(transcript, metrics))
    }
}

/// A value of ours as JSON. Ours have string keys and finite numbers only, so this does not fail.
pub fn json<T: serde::Serialize>(value: &T) -> Bytes {
    serde_json::to_vec(value).map(Bytes::from).unwrap_or_default()
}
