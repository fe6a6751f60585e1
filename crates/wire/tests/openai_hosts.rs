//! Requests to hosts of the OpenAI format and what they answer: the documented shapes, what hosts make of
//! them, and everything that both can say.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod support;

#[path = "openai/everything.rs"]
mod everything;
#[path = "openai/failures.rs"]
mod failures;
#[path = "openai/sent.rs"]
mod sent;
#[path = "openai/streams.rs"]
mod streams;
#[path = "openai/watched.rs"]
mod watched;

use busbar_core::{Event, Result};
use busbar_wire::{
    openai::hosts::OPENAI,
    upstream::{ChatFormat as _, Incoming},
};

/// What a stream of these events says, up to its first failure.
fn read(events: &[&str]) -> (Vec<Event>, Result<()>) {
    let mut reader = OPENAI.reader();
    let mut out = Vec::new();
    for data in events {
        let frame = Incoming {
            event: "message",
            failure: false,
            data: data.as_bytes(),
        };
        if let Err(error) = reader.read(&frame, &mut out) {
            return (out, Err(error));
        }
    }
    (out, Ok(()))
}
