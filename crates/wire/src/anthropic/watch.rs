//! Reads the end and the token counts of an answer that is passed on.

use busbar_core::{Done, Error, Usage};
use serde::Deserialize;

use super::{
    error::{self, Reported},
    tally::{Counts, Stopped, Tally},
};
use crate::{upstream::Incoming, watch::Watch};

/// How the events begin that come by the hundred and count nothing.
const UNCOUNTED: &[&[u8]] = &[
    br#"{"type":"content_block_delta""#,
    br#"{"type": "content_block_delta""#,
];

/// Watches one answer.
#[derive(Debug, Default)]
pub struct MessagesWatch {
    tally: Tally,
    ended: bool,
    failure: Option<Error>,
}

#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: String,
    message: Option<Begun>,
    delta: Option<Stopped>,
    usage: Option<Counts>,
    error: Option<Reported>,
}

#[derive(Deserialize)]
struct Begun {
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Whole {
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    stopped: Stopped,
    usage: Counts,
}

impl Watch for MessagesWatch {
    fn see(&mut self, frame: &Incoming<'_>) {
        if frame.failure {
            self.failure = Some(error::framed(frame.data));
            return;
        }
        if frame.event == "content_block_delta" || UNCOUNTED.iter().any(|start| frame.data.starts_with(start))
        {
            return;
        }
        let Ok(frame) = serde_json::from_slice::<Frame>(frame.data) else {
            return;
        };
        match frame.kind.as_str() {
            "message_start" => {
                let begun = frame.message.and_then(|message| message.usage);
                self.tally.count(&begun.unwrap_or_default());
            }
            "message_delta" => {
                self.tally.stop(frame.delta.unwrap_or_default());
                self.tally.count(&frame.usage.unwrap_or_default());
            }
            "message_stop" => self.ended = true,
            "error" => self.failure = Some(frame.error.unwrap_or_default().into_error()),
            _ => {}
        }
    }

    fn done(&self) -> Option<Done> {
        self.ended.then(|| self.tally.done())
    }

    fn failure(&self) -> Option<Error> {
        self.failure.clone()
    }

    fn usage(&self) -> Usage {
        self.tally.usage()
    }

    fn whole(&self, body: &[u8]) -> Option<Done> {
        let whole: Whole = serde_json::from_slice(body).ok()?;
        if whole.kind != "message" {
            return None;
        }
        let mut tally = Tally::default();
        tally.count(&whole.usage);
        tally.stop(whole.stopped);
        Some(tally.done())
    }
}
