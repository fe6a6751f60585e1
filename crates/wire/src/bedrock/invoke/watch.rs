//! Watches an answer in a model's own format that is passed on as it came.

use busbar_core::{Done, Error, Usage};
use serde::{Deserialize, de::IgnoredAny};

use super::{Mistral, MistralChat, chat_format, chunk, plain::PlainChat};
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
        Family::Mistral | Family::MistralChat => Some(Box::<MistralWatch>::default()),
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

/// Mistral's models answer in the format in which they were asked, and a body that is passed on may be in
/// either.
#[derive(Default)]
struct MistralWatch(Option<ReadingWatch>);

impl MistralWatch {
    fn told(&mut self, answer: &[u8]) -> &mut ReadingWatch {
        self.0.get_or_insert_with(|| of_mistral(answer))
    }
}

fn of_mistral(answer: &[u8]) -> ReadingWatch {
    #[derive(Deserialize)]
    struct Marks {
        #[serde(rename = "choices")]
        _choices: IgnoredAny,
    }
    match serde_json::from_slice::<Marks>(answer) {
        Ok(_) => ReadingWatch::new(&MistralChat),
        Err(_) => ReadingWatch::new(&PlainChat(Mistral)),
    }
}

impl Watch for MistralWatch {
    fn see(&mut self, frame: &Incoming<'_>) {
        let answer = chunk::event(frame).ok().flatten();
        let answer = answer.map(|(_, data)| data).unwrap_or_default();
        self.told(&answer).see(frame);
    }

    fn done(&self) -> Option<Done> {
        self.0.as_ref().and_then(Watch::done)
    }

    fn failure(&self) -> Option<Error> {
        self.0.as_ref().and_then(Watch::failure)
    }

    fn usage(&self) -> Usage {
        self.0.as_ref().map(Watch::usage).unwrap_or_default()
    }

    fn whole(&self, body: &[u8]) -> Option<Done> {
        of_mistral(body).whole(body)
    }
}
