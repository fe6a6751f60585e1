//! An answer as numbered chunks: what every transport sends, and what resuming keeps.

use std::{collections::VecDeque, pin::Pin};

use busbar_core::{AnswerMetrics, Done, Error, Event, FinishReason, Usage};
use busbar_telemetry::Under;
use busbar_wire::AnswerWriter;
use bytes::Bytes;
use futures_util::{Stream, stream};

use crate::answer::Events;

/// The items of one answer: chunks, then exactly one of the other parts. Dropping it cancels the
/// generation.
pub type Items = Pin<Box<dyn Stream<Item = Item> + Send>>;

/// An item of an answer.
#[derive(Clone, Debug)]
pub struct Item {
    /// Counts from 1; the same on every transport.
    pub seq: u64,
    /// What it says.
    pub part: Part,
}

impl Item {
    /// The number of the last event that it becomes; only the end is more than one.
    pub(crate) fn last(&self) -> u64 {
        match &self.part {
            Part::Done(ended) if ended.usage_chunk.is_some() => self.seq + 1,
            _ => self.seq,
        }
    }

    /// Whether nothing follows it.
    pub(crate) fn is_end(&self) -> bool {
        !matches!(self.part, Part::Chunk(_))
    }
}

/// What an item says.
#[derive(Clone, Debug)]
pub enum Part {
    /// A chunk, as JSON.
    Chunk(Bytes),
    /// The end of a whole answer.
    Done(Ended),
    /// The end of one that the client stopped.
    Cancelled(AnswerMetrics),
    /// The end of one that failed.
    Failed(Error),
}

/// The end of a whole answer.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The chunk that has the finish reason and the metrics, as JSON.
    pub chunk: Bytes,
    /// The chunk of usage, as JSON, where the client wants one. Its number is the next one.
    pub usage_chunk: Option<Bytes>,
    /// Why it ended.
    pub finish: FinishReason,
    /// What it used.
    pub usage: Usage,
    /// What it tells about itself.
    pub metrics: AnswerMetrics,
}

/// Numbers what an answer's writer writes.
pub(crate) struct Chunks {
    events: Events,
    writer: Box<dyn AnswerWriter>,
    seq: u64,
    ready: VecDeque<Item>,
    _streaming: Under,
}

impl Chunks {
    pub(crate) fn new(mut events: Events, writer: Box<dyn AnswerWriter>) -> Self {
        let mut chunks = Self {
            _streaming: events.record.streaming(),
            events,
            writer,
            seq: 0,
            ready: VecDeque::new(),
        };
        if let Some(open) = chunks.writer.open() {
            chunks.push(Part::Chunk(open));
        }
        chunks
    }

    /// Stops the generation; what is ready still comes, then [`Part::Cancelled`]. Nothing happens
    /// where it has ended.
    pub(crate) fn cancel(&mut self) {
        if self.events.ended {
            return;
        }
        self.events.end();
        let metrics = self.events.record.cancel();
        self.push(Part::Cancelled(metrics));
    }

    /// As a stream.
    pub(crate) fn into_items(self) -> Items {
        Box::pin(stream::unfold(self, |mut chunks| async move {
            chunks.next().await.map(|item| (item, chunks))
        }))
    }

    /// The next item. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            match self.events.next().await? {
                Ok(Event::Done(done)) => {
                    let ended = self.ended(&done);
                    self.push(Part::Done(ended));
                }
                Ok(event) => {
                    if let Some(chunk) = self.writer.event(&event) {
                        self.push(Part::Chunk(chunk));
                    }
                }
                Err(error) => self.push(Part::Failed(error)),
            }
        }
    }

    fn ended(&mut self, done: &Done) -> Ended {
        let metrics = self.events.record.finish(done.usage);
        Ended {
            chunk: self.writer.end(done, &metrics),
            usage_chunk: self.writer.usage(&done.usage),
            finish: done.finish,
            usage: done.usage,
            metrics,
        }
    }

    fn push(&mut self, part: Part) {
        self.seq += 1;
        self.ready.push_back(Item { seq: self.seq, part });
    }
}
