//! An answer as numbered chunks: what every transport sends, and what resuming keeps.

use std::{collections::VecDeque, pin::Pin};

use busbar_core::{AnswerMetrics, Done, Error, ErrorKind, Event, FinishReason, Usage};
use busbar_telemetry::Under;
use busbar_wire::{AnswerWriter, Chunk};
use futures_util::{Stream, stream};

use crate::{answer::Events, choices};

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
            Part::Done(ended) => self.seq + ended.chunks.len().saturating_sub(1) as u64,
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
    /// A chunk.
    Chunk(Chunk),
    /// The end of a whole answer.
    Done(Ended),
    /// The end of one that the client stopped.
    Cancelled {
        /// Its figures so far.
        metrics: AnswerMetrics,
        /// What the dialect says of it.
        chunk: Chunk,
    },
    /// The end of one that failed.
    Failed {
        /// Why.
        error: Error,
        /// What the dialect says of it.
        chunk: Chunk,
    },
}

/// The end of a whole answer.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The chunks that say so; the first has the item's number, the others those after it.
    pub chunks: Vec<Chunk>,
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
    /// What the writer writes into; kept, so that no event costs an allocation.
    written: Vec<Chunk>,
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
            written: Vec::new(),
        };
        chunks.writer.open(&mut chunks.written);
        chunks.push_written();
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
        let error = Error::new(ErrorKind::Cancelled, "the stream was cancelled");
        let chunk = self.writer.fail(&error);
        self.push(Part::Cancelled { metrics, chunk });
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
                Ok(Event::Done(done)) if !self.events.ended => {
                    self.writer.choose(self.events.choice);
                    self.writer.close(&done, &mut self.written);
                    self.push_written();
                }
                Ok(Event::Done(done)) => {
                    let ended = self.ended(done);
                    self.push(Part::Done(ended));
                }
                Ok(event) => {
                    self.writer.choose(self.events.choice);
                    self.writer.event(&event, &mut self.written);
                    self.push_written();
                }
                Err(error) => {
                    let chunk = self.writer.fail(&error);
                    self.push(Part::Failed { error, chunk });
                }
            }
        }
    }

    fn ended(&mut self, done: Done) -> Ended {
        let metrics = self.events.record.finish(self.events.spent());
        let done = Done {
            usage: choices::told(&self.events.used),
            ..done
        };
        let mut chunks = Vec::with_capacity(2);
        self.writer.choose(self.events.choice);
        self.writer.end(&done, &metrics, &mut chunks);
        Ended {
            chunks,
            finish: done.finish,
            usage: done.usage,
            metrics,
        }
    }

    fn push_written(&mut self) {
        let mut written = std::mem::take(&mut self.written);
        for chunk in written.drain(..) {
            self.push(Part::Chunk(chunk));
        }
        self.written = written;
    }

    fn push(&mut self, part: Part) {
        self.seq += 1;
        self.ready.push_back(Item { seq: self.seq, part });
    }
}
