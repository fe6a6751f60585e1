//! Writes answers: streamed ones as events with names, and whole ones.

use busbar_core::{AnswerMetrics, Done, Error, Event, Thought, ThoughtDelta, ToolCall, Transcript};
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    answer::{
        self, BlockDelta, BlockStart, BlockStop, ConverseAnswer, InputPiece, Latency, MessageStart,
        MessageStop, Metadata, Output, Piece, ReasoningPiece, Start, TokenUsage, ToolUseStart,
    },
    block::{Block, ToolUse, Turn},
    calls::{Calls, Step},
    sealed, turns_out,
};
use crate::{
    AnswerWriter, Chunk, Head, Metrics,
    answer::json,
    bedrock::error::{self, StreamOf},
};

/// Writes one answer.
#[derive(Debug, Default)]
pub struct ConverseWriter {
    /// The number of the block that is open, or that opens next.
    index: u32,
    open: Option<Open>,
    calls: Calls,
    /// What was said while a call was not whole yet.
    held: Vec<Event>,
}

/// What a block is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Text,
    Thought,
    Call,
}

impl ConverseWriter {
    /// A writer for an answer. The format repeats nothing of its head.
    pub fn new(_head: &Head) -> Self {
        Self::default()
    }

    fn delta(&mut self, open: Open, delta: Piece, out: &mut Vec<Chunk>) {
        if self.open != Some(open) {
            self.close(out);
            self.open = Some(open);
        }
        let content_block_index = self.index;
        out.push(named(
            "contentBlockDelta",
            &BlockDelta {
                delta,
                content_block_index,
            },
        ));
    }

    fn thought(&mut self, thought: &ThoughtDelta, out: &mut Vec<Chunk>) {
        let mut piece = ReasoningPiece::default();
        match thought {
            ThoughtDelta::Text(text) => piece.text = Some(text.clone()),
            ThoughtDelta::Signature(proof) => piece.signature = Some(proof.clone()),
            ThoughtDelta::Sealed(sealed) => {
                // A block is of one kind of thought.
                self.close(out);
                piece.redacted_content = Some(sealed::write(sealed));
            }
        }
        let delta = Piece {
            reasoning_content: Some(piece),
            ..Piece::default()
        };
        self.delta(Open::Thought, delta, out);
        if !matches!(thought, ThoughtDelta::Text(_)) {
            self.close(out);
        }
    }

    /// Closes what is open, and whatever calls wait.
    fn close(&mut self, out: &mut Vec<Chunk>) {
        let mut steps = Vec::new();
        self.calls.end(&mut steps);
        self.steps(steps, out);
        self.stop(out);
    }

    fn stop(&mut self, out: &mut Vec<Chunk>) {
        if self.open.take().is_some() {
            let content_block_index = self.index;
            out.push(named("contentBlockStop", &BlockStop { content_block_index }));
            self.index += 1;
        }
    }

    fn steps(&mut self, steps: Vec<Step>, out: &mut Vec<Chunk>) {
        for step in steps {
            match step {
                Step::Start(id, name) => {
                    self.stop(out);
                    self.open = Some(Open::Call);
                    let tool_use = Some(ToolUseStart {
                        tool_use_id: id.as_str().to_owned(),
                        name,
                        kind: None,
                    });
                    out.push(named(
                        "contentBlockStart",
                        &BlockStart {
                            start: Start { tool_use },
                            content_block_index: self.index,
                        },
                    ));
                }
                Step::Piece(input) => {
                    let delta = Piece {
                        tool_use: Some(InputPiece { input }),
                        ..Piece::default()
                    };
                    out.push(named(
                        "contentBlockDelta",
                        &BlockDelta {
                            delta,
                            content_block_index: self.index,
                        },
                    ));
                }
                Step::Stop => self.stop(out),
            }
        }
    }
}

impl AnswerWriter for ConverseWriter {
    fn open(&mut self, out: &mut Vec<Chunk>) {
        let role = "assistant".to_owned();
        out.push(named("messageStart", &MessageStart { role }));
    }

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        let mut steps = Vec::new();
        if self.calls.is_within() && matches!(event, Event::Delta(_) | Event::Thought(_)) {
            self.held.push(event.clone());
            return;
        }
        match event {
            Event::Delta(delta) if delta.text.is_empty() => {}
            Event::Delta(delta) => {
                let delta = Piece {
                    text: Some(delta.text.clone()),
                    ..Piece::default()
                };
                self.delta(Open::Text, delta, out);
            }
            Event::Thought(thought) => self.thought(thought, out),
            Event::ToolCallStart { index, id, name } => {
                self.calls.start(*index, id.clone(), name.clone(), &mut steps);
            }
            Event::ToolCallDelta { index, arguments } => self.calls.piece(*index, arguments, &mut steps),
            // The format has no word for progress; the end is written by `end`.
            Event::Progress(_) | Event::Usage(_) | Event::Resumed(_) | Event::Done(_) => {}
        }
        self.steps(steps, out);
    }

    fn end(&mut self, done: &Done, metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        self.close(out);
        for event in std::mem::take(&mut self.held) {
            self.event(&event, out);
        }
        self.close(out);
        out.push(named(
            "messageStop",
            &MessageStop {
                stop_reason: answer::stop_reason(done).to_owned(),
                additional_model_response_fields: answer::stop_text_field(done),
            },
        ));
        out.push(named(
            "metadata",
            &Metadata {
                usage: TokenUsage::from(&done.usage),
                metrics: latency(metrics),
                busbar: Some(Metrics::from(metrics)),
            },
        ));
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        error::failed(error, StreamOf::Converse)
    }

    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes {
        let done = Done {
            finish: transcript.finish,
            usage: transcript.usage,
            stop_text: transcript.stop_text.clone(),
        };
        let well_formed = transcript.tool_calls.iter().all(|call| input(call).is_some());
        let stop_reason = if well_formed {
            answer::stop_reason(&done)
        } else {
            "malformed_tool_use"
        };
        json(&ConverseAnswer {
            output: Output {
                message: Turn {
                    role: "assistant".to_owned(),
                    content: blocks(transcript),
                },
            },
            stop_reason: stop_reason.to_owned(),
            usage: TokenUsage::from(&transcript.usage),
            metrics: latency(metrics),
            additional_model_response_fields: answer::stop_text_field(&done),
            busbar: Some(Metrics::from(metrics)),
        })
    }
}

fn blocks(transcript: &Transcript) -> Vec<Block> {
    let thoughts = transcript
        .thoughts
        .iter()
        .map(|thought: &Thought| turns_out::thought(thought));
    let text = (!transcript.text.is_empty()).then(|| Block::text(&transcript.text));
    let calls = transcript.tool_calls.iter().filter_map(|call| {
        Some(Block::tool_use(ToolUse {
            tool_use_id: call.id.as_str().to_owned(),
            name: call.name.clone(),
            // What the model wrote instead of JSON is still shown.
            input: input(call).or_else(|| to_raw_value(&call.arguments).ok())?,
            kind: None,
        }))
    });
    thoughts.chain(text).chain(calls).collect()
}

fn input(call: &ToolCall) -> Option<Box<RawValue>> {
    turns_out::arguments(&call.arguments)
}

fn latency(metrics: &AnswerMetrics) -> Latency {
    Latency {
        latency_ms: u64::try_from(metrics.total.as_millis()).unwrap_or(u64::MAX),
    }
}

fn named<T: Serialize>(event: &'static str, value: &T) -> Chunk {
    Chunk::named(event, json(value))
}
