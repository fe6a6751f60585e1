//! Writes an answer as a message, or as the events of one.

use std::time::Duration;

use busbar_core::{AnswerMetrics, Done, Error, Event, Thought, ThoughtDelta, Transcript, Usage};
use bytes::Bytes;

use super::{
    Variant,
    answer::{Answer, Block, BlockDelta, End, Invocation, StreamEvent},
    arguments, error,
    tally::{Counts, stop_reason},
};
use crate::{AnswerWriter, Chunk, Head, Metrics, answer::json, resumed::ResumedNote};

/// Writes one answer as a message.
///
/// Text, a thought and each tool call are blocks, and a block ends before the next one begins. Only a
/// call whose arguments are not whole stays open beside the next one, so that nothing of it is lost where
/// a model writes several at once.
#[derive(Debug)]
pub struct MessagesWriter {
    head: Head,
    variant: Variant,
    /// How many blocks have begun.
    begun: u32,
    /// What may go on, in the order in which it began.
    open: Vec<Open>,
}

/// A block that may go on.
#[derive(Debug)]
struct Open {
    block: u32,
    kind: Kind,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Text,
    Thought,
    Call {
        /// Which call of this answer.
        index: u32,
        /// Its arguments so far.
        arguments: String,
    },
}

impl MessagesWriter {
    /// What the ids of such answers begin with.
    pub const ID_PREFIX: &str = "msg_";

    /// A writer for an answer.
    pub fn new(head: Head, variant: Variant) -> Self {
        Self {
            head,
            variant,
            begun: 0,
            open: Vec::new(),
        }
    }

    /// The block for this kind: the open one, or a new one after all others were closed.
    fn block(&mut self, kind: Kind, first: Block<'_>, out: &mut Vec<Chunk>) -> u32 {
        if let Some(open) = self.open.last().filter(|open| open.kind == kind) {
            return open.block;
        }
        self.close_all(out);
        self.begin(kind, first, out)
    }

    fn begin(&mut self, kind: Kind, first: Block<'_>, out: &mut Vec<Chunk>) -> u32 {
        let block = self.start(first, out);
        self.open.push(Open { block, kind });
        block
    }

    fn start(&mut self, content_block: Block<'_>, out: &mut Vec<Chunk>) -> u32 {
        let index = self.begun;
        self.begun += 1;
        out.push(chunk(&StreamEvent::ContentBlockStart { index, content_block }));
        index
    }

    fn close_all(&mut self, out: &mut Vec<Chunk>) {
        for open in self.open.drain(..) {
            out.push(chunk(&StreamEvent::ContentBlockStop { index: open.block }));
        }
    }

    /// Closes what cannot go on once another call begins.
    fn close_for_call(&mut self, out: &mut Vec<Chunk>) {
        self.open.retain(|open| match &open.kind {
            Kind::Call { arguments, .. } if !arguments::is_whole(arguments) => true,
            _ => {
                out.push(chunk(&StreamEvent::ContentBlockStop { index: open.block }));
                false
            }
        });
    }

    fn thought(&mut self, delta: &ThoughtDelta, out: &mut Vec<Chunk>) {
        const NEW: Block<'_> = Block::Thinking {
            thinking: "",
            signature: "",
        };
        match delta {
            ThoughtDelta::Text(text) if text.is_empty() => {}
            ThoughtDelta::Text(thinking) => {
                let index = self.block(Kind::Thought, NEW, out);
                let delta = BlockDelta::Thinking { thinking };
                out.push(chunk(&StreamEvent::ContentBlockDelta { index, delta }));
            }
            ThoughtDelta::Signature(signature) => {
                let index = self.block(Kind::Thought, NEW, out);
                let delta = BlockDelta::Signature { signature };
                out.push(chunk(&StreamEvent::ContentBlockDelta { index, delta }));
                // It ends the thought.
                self.close_all(out);
            }
            ThoughtDelta::Sealed(data) => {
                self.close_all(out);
                let index = self.start(Block::RedactedThinking { data }, out);
                out.push(chunk(&StreamEvent::ContentBlockStop { index }));
            }
        }
    }

    fn more_of_call(&mut self, call: u32, piece: &str, out: &mut Vec<Chunk>) {
        let of_call = |open: &&mut Open| matches!(open.kind, Kind::Call { index, .. } if index == call);
        // A call that was closed had all its arguments.
        let Some(open) = self.open.iter_mut().find(of_call) else {
            return;
        };
        if let Kind::Call { arguments, .. } = &mut open.kind {
            arguments.push_str(piece);
        }
        let index = open.block;
        let delta = BlockDelta::Input { partial_json: piece };
        out.push(chunk(&StreamEvent::ContentBlockDelta { index, delta }));
    }

    fn answer<'a>(&'a self, content: Vec<Block<'a>>, usage: &Usage) -> Answer<'a> {
        Answer {
            id: &self.head.id,
            kind: "message",
            role: "assistant",
            model: &self.head.model,
            content,
            stop_reason: None,
            stop_sequence: None,
            usage: Counts::from(usage),
            busbar: None,
        }
    }
}

impl AnswerWriter for MessagesWriter {
    fn open(&mut self, out: &mut Vec<Chunk>) {
        // How long the prompt is, is known at the end; the counts there replace these.
        let message = self.answer(Vec::new(), &Usage::default());
        out.push(chunk(&StreamEvent::MessageStart { message }));
        out.push(chunk(&StreamEvent::Ping { busbar_resumed: None }));
    }

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        match event {
            Event::Delta(delta) if delta.text.is_empty() => {}
            Event::Delta(delta) => {
                let index = self.block(Kind::Text, Block::Text { text: "" }, out);
                let delta = BlockDelta::Text { text: &delta.text };
                out.push(chunk(&StreamEvent::ContentBlockDelta { index, delta }));
            }
            Event::Thought(delta) => self.thought(delta, out),
            Event::ToolCallStart { index, id, name } => {
                self.close_for_call(out);
                let kind = Kind::Call {
                    index: *index,
                    arguments: String::new(),
                };
                let first = Block::ToolUse {
                    id: id.as_str(),
                    name,
                    input: arguments::object(""),
                };
                self.begin(kind, first, out);
            }
            Event::ToolCallDelta { arguments, .. } if arguments.is_empty() => {}
            Event::ToolCallDelta { index, arguments } => self.more_of_call(*index, arguments, out),
            Event::Resumed(resumed) => {
                let busbar_resumed = Some(ResumedNote::from(resumed));
                out.push(chunk(&StreamEvent::Ping { busbar_resumed }));
            }
            // The dialect has no word for progress; the end is written by `end`.
            Event::Progress(_) | Event::Usage(_) | Event::Done(_) => {}
        }
    }

    fn end(&mut self, done: &Done, metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        self.close_all(out);
        out.push(chunk(&StreamEvent::MessageDelta {
            delta: End {
                stop_reason: stop_reason(done),
                stop_sequence: stop_sequence(done),
            },
            usage: Counts::from(&done.usage),
            busbar: Metrics::from(metrics),
        }));
        let invocation = (self.variant == Variant::Bedrock).then(|| invocation(&done.usage, metrics));
        out.push(chunk(&StreamEvent::MessageStop { invocation }));
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        Chunk::named("error", error::error_body(error, None)).failed()
    }

    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes {
        let done = Done {
            finish: transcript.finish,
            usage: transcript.usage,
            stop_text: transcript.stop_text.clone(),
        };
        let mut answer = self.answer(blocks(transcript), &done.usage);
        answer.stop_reason = Some(stop_reason(&done));
        answer.stop_sequence = stop_sequence(&done);
        answer.busbar = Some(Metrics::from(metrics));
        json(&answer)
    }
}

fn blocks(transcript: &Transcript) -> Vec<Block<'_>> {
    let thoughts = transcript.thoughts.iter().map(|thought| match thought {
        Thought::Open { text, signature } => Block::Thinking {
            thinking: text,
            signature: signature.as_deref().unwrap_or_default(),
        },
        Thought::Sealed(data) => Block::RedactedThinking { data },
    });
    let text = (!transcript.text.is_empty()).then_some(Block::Text {
        text: &transcript.text,
    });
    let calls = transcript.tool_calls.iter().map(|call| Block::ToolUse {
        id: call.id.as_str(),
        name: &call.name,
        input: arguments::object(&call.arguments),
    });
    thoughts.chain(text).chain(calls).collect()
}

/// The stop text, where it is why the answer ended.
fn stop_sequence(done: &Done) -> Option<&str> {
    done.stop_text
        .as_deref()
        .filter(|_| stop_reason(done) == "stop_sequence")
}

fn invocation(usage: &Usage, metrics: &AnswerMetrics) -> Invocation {
    Invocation {
        input_token_count: usage.input.0,
        output_token_count: usage.written().0,
        invocation_latency: millis(metrics.total),
        first_byte_latency: metrics.first_chunk.map_or(0, millis),
        cache_read_input_token_count: usage.cached_input.0,
        cache_write_input_token_count: usage.cache_write.0,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn chunk(event: &StreamEvent<'_>) -> Chunk {
    Chunk::named(event.name(), json(event))
}
