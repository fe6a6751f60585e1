//! A watch for formats whose events cannot be told apart without being read: it reads them all.

use busbar_core::{Done, Error, Event, Usage};

use crate::{
    upstream::{AnswerReader, ChatFormat, Incoming},
    watch::Watch,
};

/// Watches one answer.
pub(crate) struct ReadingWatch {
    format: &'static dyn ChatFormat,
    reader: Box<dyn AnswerReader>,
    usage: Usage,
    done: Option<Done>,
    failure: Option<Error>,
}

impl ReadingWatch {
    pub(crate) fn new(format: &'static dyn ChatFormat) -> Self {
        Self {
            format,
            reader: format.reader(),
            usage: Usage::default(),
            done: None,
            failure: None,
        }
    }
}

impl Watch for ReadingWatch {
    fn see(&mut self, frame: &Incoming<'_>) {
        let mut events = Vec::new();
        if let Err(error) = self.reader.read(frame, &mut events) {
            self.failure.get_or_insert(error);
        }
        for event in events {
            match event {
                Event::Usage(usage) => self.usage = usage,
                Event::Done(done) => {
                    self.usage = done.usage;
                    self.done.get_or_insert(done);
                }
                _ => {}
            }
        }
    }

    fn done(&self) -> Option<Done> {
        self.done.clone()
    }

    fn failure(&self) -> Option<Error> {
        self.failure.clone()
    }

    fn usage(&self) -> Usage {
        self.usage
    }

    fn whole(&self, body: &[u8]) -> Option<Done> {
        let transcript = self.format.whole(body).ok()?;
        Some(Done {
            finish: transcript.finish,
            usage: transcript.usage,
            stop_text: transcript.stop_text,
        })
    }
}
