//! Watches an answer in a model's own format that is passed on as it came.

use busbar_core::{Done, Error, Usage};

use super::{chat_format, chunk};
use crate::{
    anthropic::MessagesWatch,
    bedrock::{Family, error},
    reading::ReadingWatch,
    upstream::Incoming,
    watch::Watch,
};

/// A watch for an answer of a family, of those that answer in text.
pub fn watch(family: Family) -> Option<Box<dyn Watch>> {
    match family {
        Family::Claude => Some(Box::<ClaudeWatch>::default()),
        family => chat_format(family).map(|format| Box::new(ReadingWatch::new(format)) as Box<dyn Watch>),
    }
}

/// Claude's events come by the hundred, and few of them are looked at.
#[derive(Debug, Default)]
struct ClaudeWatch {
    own: MessagesWatch,
    failure: Option<Error>,
}

impl Watch for ClaudeWatch {
    fn see(&mut self, frame: &Incoming<'_>) {
        if frame.failure {
            self.failure = Some(error::of_stream(frame));
            return;
        }
        if let Ok(Some((name, data))) = chunk::event(frame) {
            self.own.see(&Incoming {
                event: &name,
                failure: false,
                data: &data,
            });
        }
    }

    fn done(&self) -> Option<Done> {
        self.own.done()
    }

    fn failure(&self) -> Option<Error> {
        self.failure.clone().or_else(|| self.own.failure())
    }

    fn usage(&self) -> Usage {
        self.own.usage()
    }

    fn whole(&self, body: &[u8]) -> Option<Done> {
        self.own.whole(body)
    }
}
