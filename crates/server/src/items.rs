//! An answer as numbered chunks: what every transport sends, and what resuming keeps.

use std::{collections::VecDeque, pin::Pin};

use busbar_core::{AnswerMetrics, Done, Error, Event, FinishReason, Usage};
use busbar_wire::AnswerWriter;
use bytes::Bytes;
use futures_util::{Stream, stream};

use crate::answer::Events;

/// The items of one answer: chunks, then exactly one [`Part::Done`] or [`Part::Failed`]. Dropping it
/// cancels the generation.
pub type Items = Pin<Box<dyn Stream<Item = Item> + Send>>;

/// An item of an answer.
#[derive(Clone, Debug)]
pub struct Item {
    /// Counts from 1; the same on every transport.
    pub seq: u64,
    /// What it says.
    pub part: Part,
}

/// What an item says.
#[derive(Clone, Debug)]
pub enum Part {
    /// A chunk, as JSON.
    Chunk(Bytes),
    /// The end of a whole answer.
    Done(Ended),
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
pub(crate) fn of(events: Events, writer: Box<dyn AnswerWriter>) -> Items {
    let under = events.record.streaming();
    let mut numbered = Numbered {
        events,
        writer,
        seq: 0,
        ready: VecDeque::new(),
    };
    if let Some(open) = numbered.writer.open() {
        numbered.push(Part::Chunk(open));
    }
    Box::pin(stream::unfold(
        (numbered, under),
        |(mut numbered, under)| async move { numbered.next().await.map(|item| (item, (numbered, under))) },
    ))
}

struct Numbered {
    events: Events,
    writer: Box<dyn AnswerWriter>,
    seq: u64,
    ready: VecDeque<Item>,
}

impl Numbered {
    async fn next(&mut self) -> Option<Item> {
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
