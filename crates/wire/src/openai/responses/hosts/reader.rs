//! Reads answers: what has become of which item, until the response says that it is whole.

use std::collections::BTreeMap;

use busbar_core::{Delta, Done, Error, ErrorKind, Event, Result, ThoughtDelta, Transcript, Usage};

use super::answer::{Item, Response, Told, tokens};
use crate::{
    openai::{STREAM_END, hosts::Reported},
    upstream::{AnswerReader, Incoming},
};

/// Reads one streamed answer, event by event.
#[derive(Debug, Default)]
pub struct ResponsesReader {
    /// What was told of which item of the output.
    told: BTreeMap<u32, Telling>,
    calls: u32,
    done: bool,
}

/// What was told of an item.
#[derive(Clone, Copy, Debug, Default)]
struct Telling {
    /// Which call it is.
    call: Option<u32>,
    /// Whether text or arguments of it came in pieces.
    pieces: bool,
    /// Whether a thought came as it is: then it is not told in short again.
    in_full: bool,
}

impl AnswerReader for ResponsesReader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        if self.done || frame.data.trim_ascii() == STREAM_END {
            return Ok(());
        }
        let told: Told = parse(frame.data)?;
        let at = told.output_index;
        match told.kind.as_str() {
            "response.output_text.delta" | "response.refusal.delta" => {
                self.at(at).pieces = true;
                let delta = Delta {
                    text: told.delta.unwrap_or_default(),
                    logprobs: tokens(told.logprobs),
                };
                say(delta, out);
            }
            "response.reasoning_text.delta" => {
                self.at(at).in_full = true;
                self.think(at, told.delta, out);
            }
            "response.reasoning_summary_text.delta" if !self.at(at).in_full => {
                self.think(at, told.delta, out);
            }
            // Between two parts of a summary; as they stand in a whole one.
            "response.reasoning_summary_part.added" if told.summary_index > 0 && !self.at(at).in_full => {
                self.think(at, Some("\n\n".to_owned()), out);
            }
            "response.function_call_arguments.delta" => self.give(at, told.delta, out),
            "response.output_item.added" => {
                if let Some(item) = told.item.filter(|item| item.kind == "function_call") {
                    self.call(at, item, out)?;
                }
            }
            "response.output_item.done" => {
                if let Some(item) = told.item {
                    self.whole(at, item, out)?;
                }
            }
            "response.completed" | "response.incomplete" => self.end(&told.response.unwrap_or_default(), out),
            "response.failed" | "error" => return Err(failure(told, frame.data)),
            _ if frame.failure || told.error.is_some() => return Err(failure(told, frame.data)),
            // Others tell nothing that is not told by these.
            _ => {}
        }
        Ok(())
    }
}

impl ResponsesReader {
    fn at(&mut self, index: u32) -> &mut Telling {
        self.told.entry(index).or_default()
    }

    fn think(&mut self, at: u32, text: Option<String>, out: &mut Vec<Event>) {
        self.at(at).pieces = true;
        let text = text.unwrap_or_default();
        if !text.is_empty() {
            out.push(Event::Thought(ThoughtDelta::Text(text)));
        }
    }

    fn give(&mut self, at: u32, arguments: Option<String>, out: &mut Vec<Event>) {
        let Some(index) = self.at(at).call else { return };
        let arguments = arguments.unwrap_or_default();
        if !arguments.is_empty() {
            self.at(at).pieces = true;
            out.push(Event::ToolCallDelta { index, arguments });
        }
    }

    fn call(&mut self, at: u32, item: Item, out: &mut Vec<Event>) -> Result<()> {
        if self.at(at).call.is_some() {
            return Ok(());
        }
        let (Some(id), Some(name)) = (item.call_id, item.name.filter(|name| !name.is_empty())) else {
            return Err(bad("the model's host sent a tool call without a name"));
        };
        let index = self.calls;
        self.calls += 1;
        self.at(at).call = Some(index);
        out.push(Event::ToolCallStart {
            index,
            id: id.into(),
            name,
        });
        Ok(())
    }

    /// An item is whole: what was not told in pieces is told now.
    fn whole(&mut self, at: u32, mut item: Item, out: &mut Vec<Event>) -> Result<()> {
        let came = self.at(at).pieces;
        match item.kind.as_str() {
            "message" if !came => {
                let (text, logprobs) = item.said();
                say(Delta { text, logprobs }, out);
            }
            "reasoning" => {
                let shown = item.thought();
                if !came {
                    self.think(at, shown.clone(), out);
                }
                let seal = match shown {
                    Some(_) => ThoughtDelta::Signature,
                    None => ThoughtDelta::Sealed,
                };
                out.extend(item.encrypted_content.map(seal).map(Event::Thought));
            }
            "function_call" => {
                let arguments = item.arguments.take();
                self.call(at, item, out)?;
                if !came {
                    self.give(at, arguments, out);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, response: &Response, out: &mut Vec<Event>) {
        let finish = response.finish(self.calls > 0);
        let usage = response
            .usage
            .map_or_else(Usage::default, super::answer::Counts::into_usage);
        self.done = true;
        out.push(Event::Done(Done::new(finish, usage)));
    }
}

/// A whole answer.
pub(super) fn whole(body: &[u8]) -> Result<Transcript> {
    let mut response: Response = parse(body)?;
    if let Some(error) = response.error.take() {
        return Err(error.into_error());
    }
    let Some(items) = response.output.take() else {
        return Err(bad("the model's host sent something that is no answer"));
    };
    if !matches!(
        response.status.as_deref(),
        None | Some("completed" | "incomplete")
    ) {
        return Err(bad("the model's host sent an answer that is not whole"));
    }
    let mut reader = ResponsesReader::default();
    let mut events = Vec::new();
    for (at, item) in (0..).zip(items) {
        reader.whole(at, item, &mut events)?;
    }
    reader.end(&response, &mut events);
    let mut transcript = Transcript::empty();
    for event in events {
        if let Some(done) = transcript.push(event) {
            transcript.end(done);
        }
    }
    Ok(transcript)
}

fn say(delta: Delta, out: &mut Vec<Event>) {
    if !delta.text.is_empty() || !delta.logprobs.is_empty() {
        out.push(Event::Delta(delta));
    }
}

fn parse<T: serde::de::DeserializeOwned>(data: &[u8]) -> Result<T> {
    let nothing = "the model's host sent something that is no part of an answer";
    // serde would take a list for the fields in their order.
    if data.trim_ascii_start().first() != Some(&b'{') {
        return Err(bad(nothing));
    }
    serde_json::from_slice(data).map_err(|error| bad(nothing).with_source(error))
}

/// A failure says what it is within a response, in an object, or by itself.
fn failure(told: Told, data: &[u8]) -> Error {
    let within = told.response.and_then(|response| response.error);
    let reported = within.or(told.error).or_else(|| Reported::bare(data));
    reported.map_or_else(
        || bad("the model's host told of a failure that cannot be read"),
        Reported::into_error,
    )
}

fn bad(message: &str) -> Error {
    Error::new(ErrorKind::BadUpstream, message)
}
