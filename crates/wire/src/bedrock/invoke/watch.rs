//! Watches an answer in a model's own format that is passed on as it came.

use busbar_core::{Done, Error, Event, Usage};

use super::{chat_format, chunk};
use crate::{
    anthropic::MessagesWatch,
    bedrock::{Family, error},
    upstream::{AnswerReader, ChatFormat, Incoming},
    watch::Watch,
};

/// Watches one answer.
pub struct InvokeWatch {
    own: Own,
    failure: Option<Error>,
}

enum Own {
    /// Events by the hundred, of which few are looked at.
    Claude(Box<MessagesWatch>),
    /// The others are read whole: their chunks have nothing to tell them apart by.
    Read {
        format: &'static dyn ChatFormat,
        reader: Box<dyn AnswerReader>,
        done: Option<Done>,
    },
}

impl InvokeWatch {
    /// A watch for an answer of a family, of those that answer in text.
    pub fn new(family: Family) -> Option<Self> {
        let own = match family {
            Family::Claude => Own::Claude(Box::default()),
            family => {
                let format = chat_format(family)?;
                Own::Read {
                    format,
                    reader: format.reader(),
                    done: None,
                }
            }
        };
        Some(Self { own, failure: None })
    }
}

impl std::fmt::Debug for InvokeWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvokeWatch")
    }
}

impl Watch for InvokeWatch {
    fn see(&mut self, frame: &Incoming<'_>) {
        if frame.failure {
            self.failure = Some(error::of_stream(frame));
            return;
        }
        match &mut self.own {
            Own::Claude(watch) => {
                if let Ok(Some((name, data))) = chunk::event(frame) {
                    watch.see(&Incoming {
                        event: &name,
                        failure: false,
                        data: &data,
                    });
                }
            }
            Own::Read { reader, done, .. } => {
                let mut events = Vec::new();
                if let Err(error) = reader.read(frame, &mut events) {
                    self.failure.get_or_insert(error);
                }
                let end = events.into_iter().find_map(|event| match event {
                    Event::Done(done) => Some(done),
                    _ => None,
                });
                *done = end.or(done.take());
            }
        }
    }

    fn done(&self) -> Option<Done> {
        match &self.own {
            Own::Claude(watch) => watch.done(),
            Own::Read { done, .. } => done.clone(),
        }
    }

    fn failure(&self) -> Option<Error> {
        let own = || match &self.own {
            Own::Claude(watch) => watch.failure(),
            Own::Read { .. } => None,
        };
        self.failure.clone().or_else(own)
    }

    fn usage(&self) -> Usage {
        match &self.own {
            Own::Claude(watch) => watch.usage(),
            Own::Read { done, .. } => done.as_ref().map(|done| done.usage).unwrap_or_default(),
        }
    }

    fn whole(&self, body: &[u8]) -> Option<Done> {
        match &self.own {
            Own::Claude(watch) => watch.whole(body),
            Own::Read { format, .. } => {
                let transcript = format.whole(body).ok()?;
                Some(Done {
                    finish: transcript.finish,
                    usage: transcript.usage,
                    stop_text: transcript.stop_text,
                })
            }
        }
    }
}
