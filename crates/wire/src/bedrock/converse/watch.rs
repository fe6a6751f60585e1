//! Watches an answer that is passed on as it came.

use busbar_core::{Done, Error, Event, Usage};

use super::{ConverseReader, reader};
use crate::{
    bedrock::error,
    upstream::{AnswerReader as _, Incoming},
    watch::Watch,
};

/// Watches one answer: only its last two events say anything that matters, and failures.
#[derive(Debug, Default)]
pub struct ConverseWatch {
    reader: ConverseReader,
    done: Option<Done>,
    failure: Option<Error>,
}

impl Watch for ConverseWatch {
    fn see(&mut self, frame: &Incoming<'_>) {
        if frame.failure {
            self.failure = Some(error::of_stream(frame));
            return;
        }
        // The start of a block is looked at, too: a call of a tool decides what the end means.
        if !matches!(frame.event, "contentBlockStart" | "messageStop" | "metadata") {
            return;
        }
        let mut events = Vec::new();
        if let Err(error) = self.reader.read(frame, &mut events) {
            self.failure.get_or_insert(error);
        }
        self.done = events.into_iter().find_map(|event| match event {
            Event::Done(done) => Some(done),
            _ => None,
        });
    }

    fn done(&self) -> Option<Done> {
        self.done.clone()
    }

    fn failure(&self) -> Option<Error> {
        self.failure.clone()
    }

    fn usage(&self) -> Usage {
        // Nothing is told before the end.
        self.done.as_ref().map(|done| done.usage).unwrap_or_default()
    }

    fn whole(&self, body: &[u8]) -> Option<Done> {
        let transcript = reader::whole(body).ok()?;
        Some(Done {
            finish: transcript.finish,
            usage: transcript.usage,
            stop_text: transcript.stop_text,
        })
    }
}
