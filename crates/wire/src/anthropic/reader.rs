//! Reads what hosts answer: the events of a stream, or a whole message.

use busbar_core::{Error, ErrorKind, Event, Result, Thought, ThoughtDelta, ToolCall, ToolCallId, Transcript};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error::{self, Reported},
    tally::{Counts, Stopped, Tally},
};
use crate::upstream::{AnswerReader, Incoming};

/// Reads one streamed answer.
#[derive(Debug, Default)]
pub(super) struct MessagesReader {
    tally: Tally,
    /// Blocks that have begun and not ended, by the format's numbers.
    open: Vec<(u32, Open)>,
    /// How many tool calls have begun.
    calls: u32,
    finished: bool,
}

/// What a block is.
#[derive(Debug)]
enum Open {
    /// Text or a thought; its pieces say which.
    Said,
    Call {
        /// Which call of this answer.
        index: u32,
        /// Whether anything of its arguments has come.
        any: bool,
    },
    /// Nothing of ours: what tools did that run with the host.
    Other,
}

/// An event of any type; each type has some of the fields.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(rename = "type")]
    kind: String,
    index: Option<u32>,
    message: Option<Begun>,
    #[serde(borrow)]
    content_block: Option<Block<'a>>,
    delta: Option<Delta>,
    usage: Option<Counts>,
    error: Option<Reported>,
}

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Begun {
    usage: Option<Counts>,
}

/// A block of any type.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    data: Option<String>,
    id: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

/// A piece of any type.
#[derive(Deserialize)]
struct Delta {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    partial_json: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    #[serde(flatten)]
    stopped: Stopped,
}

/// A whole answer, or an error in its place.
#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow)]
    content: Option<Vec<Block<'a>>>,
    #[serde(flatten)]
    stopped: Stopped,
    usage: Option<Counts>,
    error: Option<Reported>,
}

impl AnswerReader for MessagesReader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        if self.finished {
            return Ok(());
        }
        if frame.failure {
            return Err(error::framed(frame.data));
        }
        let Some(event) = parse(frame.data)? else {
            return Ok(());
        };
        match event.kind.as_str() {
            "message_start" => {
                let begun = event.message.ok_or_else(|| lacks("message"))?;
                self.count(&begun.usage.unwrap_or_default(), out);
            }
            "content_block_start" => {
                let block = event.content_block.ok_or_else(|| lacks("content_block"))?;
                self.begin(event.index.ok_or_else(|| lacks("index"))?, block, out)?;
            }
            "content_block_delta" => {
                let delta = event.delta.ok_or_else(|| lacks("delta"))?;
                self.go_on(event.index.ok_or_else(|| lacks("index"))?, delta, out)?;
            }
            "content_block_stop" => self.end(event.index.ok_or_else(|| lacks("index"))?, out),
            "message_delta" => {
                let delta = event.delta.ok_or_else(|| lacks("delta"))?;
                self.tally.stop(delta.stopped);
                self.count(&event.usage.unwrap_or_default(), out);
            }
            "message_stop" => {
                self.finished = true;
                out.push(Event::Done(self.tally.done()));
            }
            "error" => return Err(event.error.unwrap_or_default().into_error()),
            // `ping`, and what will be.
            _ => {}
        }
        Ok(())
    }
}

impl MessagesReader {
    /// Counts are told as soon as they come: whoever leaves before the end is billed by them.
    fn count(&mut self, counts: &Counts, out: &mut Vec<Event>) {
        let before = self.tally.usage();
        self.tally.count(counts);
        let now = self.tally.usage();
        out.extend((now != before).then_some(Event::Usage(now)));
    }

    fn begin(&mut self, number: u32, block: Block<'_>, out: &mut Vec<Event>) -> Result<()> {
        let open = match block.kind.as_str() {
            "text" => {
                out.extend(piece(block.text).map(Event::text));
                Open::Said
            }
            "thinking" => {
                out.extend(piece(block.thinking).map(ThoughtDelta::Text).map(Event::Thought));
                out.extend(
                    piece(block.signature)
                        .map(ThoughtDelta::Signature)
                        .map(Event::Thought),
                );
                Open::Said
            }
            "redacted_thinking" => {
                let sealed = block.data.ok_or_else(|| lacks("data"))?;
                out.push(Event::Thought(ThoughtDelta::Sealed(sealed)));
                Open::Said
            }
            "tool_use" => self.call(block, out)?,
            _ => Open::Other,
        };
        self.open.push((number, open));
        Ok(())
    }

    fn call(&mut self, block: Block<'_>, out: &mut Vec<Event>) -> Result<Open> {
        let index = self.calls;
        self.calls += 1;
        out.push(Event::ToolCallStart {
            index,
            id: ToolCallId::new(block.id.ok_or_else(|| lacks("id"))?),
            name: block.name.ok_or_else(|| lacks("name"))?,
        });
        // An empty object is what stands here before the pieces come; some hosts give it all at once.
        let input = block.input.map(RawValue::get).filter(|input| !is_empty(input));
        let any = input.is_some();
        out.extend(input.map(|input| Event::ToolCallDelta {
            index,
            arguments: input.to_owned(),
        }));
        Ok(Open::Call { index, any })
    }

    fn go_on(&mut self, number: u32, delta: Delta, out: &mut Vec<Event>) -> Result<()> {
        let open = self.open.iter_mut().rev().find(|(open, _)| *open == number);
        let Some((_, open)) = open else {
            return Err(malformed("goes on with a block that has not begun"));
        };
        match delta.kind.as_deref() {
            Some("text_delta") => {
                let text = delta.text.ok_or_else(|| lacks("text"))?;
                out.extend(piece(Some(text)).map(Event::text));
            }
            Some("thinking_delta") => {
                let text = delta.thinking.ok_or_else(|| lacks("thinking"))?;
                out.extend(piece(Some(text)).map(ThoughtDelta::Text).map(Event::Thought));
            }
            Some("signature_delta") => {
                let proof = delta.signature.ok_or_else(|| lacks("signature"))?;
                out.extend(
                    piece(Some(proof))
                        .map(ThoughtDelta::Signature)
                        .map(Event::Thought),
                );
            }
            Some("input_json_delta") => {
                let json = delta.partial_json.ok_or_else(|| lacks("partial_json"))?;
                if let (Open::Call { index, any }, Some(arguments)) = (open, piece(Some(json))) {
                    *any = true;
                    out.push(Event::ToolCallDelta {
                        index: *index,
                        arguments,
                    });
                }
            }
            Some(_) => {}
            None => return Err(lacks("type")),
        }
        Ok(())
    }

    fn end(&mut self, number: u32, out: &mut Vec<Event>) {
        let Some(place) = self.open.iter().rposition(|(open, _)| *open == number) else {
            return;
        };
        // A call without arguments has no pieces, but its arguments are an object all the same.
        if let (_, Open::Call { index, any: false }) = self.open.remove(place) {
            out.push(Event::ToolCallDelta {
                index,
                arguments: "{}".to_owned(),
            });
        }
    }
}

/// A whole answer.
pub(super) fn whole(body: &[u8]) -> Result<Transcript> {
    let answer: Whole<'_> =
        serde_json::from_slice(body).map_err(|error| malformed("is no message").with_source(error))?;
    if let Some(error) = answer.error {
        return Err(error.into_error());
    }
    let mut transcript = Transcript::empty();
    for block in answer.content.ok_or_else(|| lacks("content"))? {
        add(block, &mut transcript)?;
    }
    let mut tally = Tally::default();
    tally.count(&answer.usage.unwrap_or_default());
    tally.stop(answer.stopped);
    transcript.end(tally.done());
    Ok(transcript)
}

fn add(block: Block<'_>, transcript: &mut Transcript) -> Result<()> {
    match block.kind.as_str() {
        "text" => transcript
            .text
            .push_str(&block.text.ok_or_else(|| lacks("text"))?),
        "thinking" => transcript.thoughts.push(Thought::Open {
            text: block.thinking.ok_or_else(|| lacks("thinking"))?,
            signature: piece(block.signature),
        }),
        "redacted_thinking" => {
            let sealed = block.data.ok_or_else(|| lacks("data"))?;
            transcript.thoughts.push(Thought::Sealed(sealed));
        }
        "tool_use" => transcript.tool_calls.push(ToolCall {
            id: ToolCallId::new(block.id.ok_or_else(|| lacks("id"))?),
            name: block.name.ok_or_else(|| lacks("name"))?,
            arguments: block.input.map_or("{}", RawValue::get).to_owned(),
        }),
        // What tools did that run with the host.
        _ => {}
    }
    Ok(())
}

/// An event; `None` where it is of a type that is not known, whatever else it says.
fn parse(data: &[u8]) -> Result<Option<Frame<'_>>> {
    const KNOWN: &[&str] = &[
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "error",
    ];
    match serde_json::from_slice(data) {
        Ok(frame) => Ok(Some(frame)),
        Err(error) => match serde_json::from_slice::<Typed>(data) {
            Ok(typed) if !KNOWN.contains(&typed.kind.as_str()) => Ok(None),
            _ => Err(malformed("is no event of a message").with_source(error)),
        },
    }
}

/// A piece, where it says something.
fn piece(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn is_empty(input: &str) -> bool {
    input == "null"
        || input
            .strip_prefix('{')
            .is_some_and(|rest| rest.trim_start() == "}")
}

fn lacks(field: &str) -> Error {
    malformed(&format!("lacks `{field}`"))
}

fn malformed(what: &str) -> Error {
    Error::new(
        ErrorKind::BadUpstream,
        format!("the model's host sent something that {what}"),
    )
}
