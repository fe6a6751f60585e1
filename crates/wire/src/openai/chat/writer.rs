//! Writes an answer as chat completions.

use busbar_core::{AnswerMetrics, Delta, Done, Error, Event, ThoughtDelta, ToolCall, Transcript, Usage};
use bytes::Bytes;

use super::{
    AnswerMessage, AnswerToolCall, CalledFunction, ChatAnswer, ChatChoice, ChatChunk, ChunkChoice,
    ChunkDelta, ChunkFunction, ChunkToolCall, ThinkingBlock, blocks, readable,
};
use crate::{
    AnswerWriter, Chunk, Head, Metrics,
    answer::json,
    openai::{TokenUsage, error::ErrorBody, finish_reason, logprobs::ChatLogprobs},
    resumed::ResumedNote,
};

/// Writes one answer as chat completions.
#[derive(Debug)]
pub struct ChatWriter {
    head: Head,
    /// How many answers there are.
    choices: u32,
    /// The one that is being written.
    index: u32,
}

impl ChatWriter {
    /// What the ids of such answers begin with.
    pub const ID_PREFIX: &str = "chatcmpl-";

    /// A writer for an answer.
    pub fn new(head: Head) -> Self {
        Self {
            head,
            choices: 1,
            index: 0,
        }
    }

    /// The same, for so many answers side by side.
    #[must_use]
    pub fn with_choices(self, choices: u32) -> Self {
        Self { choices, ..self }
    }

    fn chunk(&self, choices: Vec<ChunkChoice>) -> ChatChunk {
        ChatChunk {
            id: self.head.id.clone(),
            object: "chat.completion.chunk".to_owned(),
            created: self.head.created,
            model: self.head.model.clone(),
            choices,
            usage: self.head.include_usage.then_some(None),
            busbar: None,
            busbar_resumed: None,
        }
    }

    fn delta(&self, delta: ChunkDelta, logprobs: Option<ChatLogprobs>) -> Chunk {
        Chunk::plain(json(&self.chunk(vec![ChunkChoice {
            index: self.index,
            delta,
            logprobs,
            finish_reason: None,
        }])))
    }

    /// Why the answer that is being written ended.
    fn closed(&self, done: &Done) -> ChatChunk {
        self.chunk(vec![ChunkChoice {
            index: self.index,
            delta: ChunkDelta::default(),
            logprobs: None,
            finish_reason: Some(finish_reason(done.finish).to_owned()),
        }])
    }

    fn usage(&self, usage: &Usage) -> Chunk {
        let mut chunk = self.chunk(Vec::new());
        chunk.usage = Some(Some(TokenUsage::from(usage)));
        Chunk::plain(json(&chunk))
    }

    fn one(&self, event: &Event) -> Option<Chunk> {
        match event {
            Event::Delta(delta) => {
                if is_empty(delta) {
                    return None;
                }
                let content = Some(delta.text.clone());
                let logprobs = ChatLogprobs::of(&delta.logprobs);
                Some(self.delta(
                    ChunkDelta {
                        content,
                        ..ChunkDelta::default()
                    },
                    logprobs,
                ))
            }
            Event::ToolCallStart { index, id, name } => {
                let call = ChunkToolCall {
                    index: *index,
                    id: Some(id.as_str().to_owned()),
                    kind: Some("function".to_owned()),
                    function: ChunkFunction {
                        name: Some(name.clone()),
                        arguments: String::new(),
                    },
                };
                Some(self.delta(of_call(call), None))
            }
            Event::ToolCallDelta { index, arguments } => {
                let function = ChunkFunction {
                    name: None,
                    arguments: arguments.clone(),
                };
                let call = ChunkToolCall {
                    index: *index,
                    id: None,
                    kind: None,
                    function,
                };
                Some(self.delta(of_call(call), None))
            }
            Event::Thought(piece) => {
                let text = match piece {
                    ThoughtDelta::Text(text) => Some(text.clone()),
                    ThoughtDelta::Signature(_) | ThoughtDelta::Sealed(_) => None,
                };
                let delta = ChunkDelta {
                    reasoning_content: text,
                    thinking_blocks: ThinkingBlock::of_piece(piece).into_iter().collect(),
                    ..ChunkDelta::default()
                };
                Some(self.delta(delta, None))
            }
            Event::Resumed(resumed) => {
                let mut chunk = self.chunk(vec![ChunkChoice {
                    index: self.index,
                    delta: ChunkDelta::default(),
                    logprobs: None,
                    finish_reason: None,
                }]);
                chunk.busbar_resumed = Some(ResumedNote::from(resumed));
                Some(Chunk::plain(json(&chunk)))
            }
            // The dialect has no word for progress; the end is written by `end`.
            Event::Progress(_) | Event::Usage(_) | Event::Done(_) => None,
        }
    }
}

impl AnswerWriter for ChatWriter {
    fn open(&mut self, out: &mut Vec<Chunk>) {
        let delta = ChunkDelta {
            role: Some("assistant".to_owned()),
            content: Some(String::new()),
            ..ChunkDelta::default()
        };
        for index in 0..self.choices {
            self.index = index;
            out.push(self.delta(delta.clone(), None));
        }
        self.index = 0;
    }

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        out.extend(self.one(event));
    }

    fn end(&mut self, done: &Done, metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        let mut chunk = self.closed(done);
        chunk.busbar = Some(Metrics::from(metrics));
        out.push(Chunk::plain(json(&chunk)));
        if self.head.include_usage {
            out.push(self.usage(&done.usage));
        }
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        Chunk::plain(json(&ErrorBody::from(error))).failed()
    }

    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes {
        self.all(std::slice::from_ref(transcript), &transcript.usage, metrics)
    }

    fn choose(&mut self, index: u32) {
        self.index = index;
    }

    fn close(&mut self, done: &Done, out: &mut Vec<Chunk>) {
        out.push(Chunk::plain(json(&self.closed(done))));
    }

    fn all(&mut self, transcripts: &[Transcript], usage: &Usage, metrics: &AnswerMetrics) -> Bytes {
        json(&ChatAnswer {
            id: self.head.id.clone(),
            object: "chat.completion".to_owned(),
            created: self.head.created,
            model: self.head.model.clone(),
            choices: (0..).zip(transcripts).map(choice).collect(),
            usage: TokenUsage::from(usage),
            busbar: Metrics::from(metrics),
        })
    }
}

/// One of the answers, whole.
fn choice((index, transcript): (u32, &Transcript)) -> ChatChoice {
    let silent = transcript.text.is_empty() && !transcript.tool_calls.is_empty();
    let message = AnswerMessage {
        role: "assistant".to_owned(),
        content: (!silent).then(|| transcript.text.clone()),
        refusal: None,
        reasoning_content: readable(&transcript.thoughts),
        thinking_blocks: blocks(&transcript.thoughts),
        tool_calls: transcript.tool_calls.iter().map(AnswerToolCall::from).collect(),
    };
    ChatChoice {
        index,
        message,
        logprobs: ChatLogprobs::of(&transcript.logprobs),
        finish_reason: finish_reason(transcript.finish).to_owned(),
    }
}

impl From<&ToolCall> for AnswerToolCall {
    fn from(call: &ToolCall) -> Self {
        Self {
            id: call.id.as_str().to_owned(),
            kind: "function".to_owned(),
            function: CalledFunction {
                name: call.name.clone(),
                arguments: call.arguments.clone(),
            },
        }
    }
}

fn of_call(call: ChunkToolCall) -> ChunkDelta {
    ChunkDelta {
        tool_calls: vec![call],
        ..ChunkDelta::default()
    }
}

/// A piece that says nothing is not sent.
fn is_empty(delta: &Delta) -> bool {
    delta.text.is_empty() && delta.logprobs.is_empty()
}
