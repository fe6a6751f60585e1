//! The OpenAI formats: requests to hosts of chat completions and what they answer, in the documented
//! shapes, in what hosts make of them, and in everything that both can say; responses; pictures.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod support;

#[path = "openai/everything.rs"]
mod everything;
#[path = "openai/failures.rs"]
mod failures;
#[path = "openai/images.rs"]
mod images;
#[path = "responses/answers.rs"]
mod responses_answered;
#[path = "responses/asked.rs"]
mod responses_asked;
#[path = "responses/hosted.rs"]
mod responses_hosted;
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

use support::events::without_usage;

/// What a stream of these events says, but for usage on the way, up to its first failure.
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
            return (without_usage(out), Err(error));
        }
    }
    (without_usage(out), Ok(()))
}
