//! Reads answers: streamed ones event by event, and whole ones.

use std::collections::HashMap;

use busbar_core::{
    Done, Error, ErrorKind, Event, FinishReason, Result, Thought, ThoughtDelta, ToolCall, ToolCallId,
    Transcript,
};
use serde::de::DeserializeOwned;

use super::{
    PLACEHOLDER_TOOL,
    answer::{self, BlockDelta, BlockStart, BlockStop, ConverseAnswer, MessageStop, Metadata, Piece},
    sealed, turns,
};
use crate::{
    bedrock::{error, nonsense},
    upstream::{AnswerReader, Incoming},
};

/// Reads one streamed answer. It is whole once its usage has come, which is the last thing that does.
#[derive(Debug, Default)]
pub struct ConverseReader {
    /// What the blocks with calls of tools are, by their own numbers.
    calls: HashMap<u32, Call>,
    /// How many calls there were.
    count: u32,
    end: Option<(FinishReason, Option<String>)>,
}

#[derive(Clone, Copy, Debug)]
enum Call {
    /// One for the client.
    Real {
        /// Which call of this answer.
        index: u32,
        /// Whether anything of its arguments has come.
        said: bool,
    },
    /// One of a tool that nobody offered, or that the host answers by itself.
    Nobodys,
}

impl ConverseReader {
    fn start(&mut self, start: BlockStart, out: &mut Vec<Event>) -> Result<()> {
        let Some(tool) = start.start.tool_use else {
            return Ok(());
        };
        if tool.name.is_empty() {
            return Err(broken("the host began a call of a tool without a name"));
        }
        let call = match tool.kind.is_some() || tool.name == PLACEHOLDER_TOOL {
            true => Call::Nobodys,
            false => {
                let index = self.count;
                self.count += 1;
                let id = ToolCallId::new(tool.tool_use_id);
                out.push(Event::ToolCallStart {
                    index,
                    id,
                    name: tool.name,
                });
                Call::Real { index, said: false }
            }
        };
        self.calls.insert(start.content_block_index, call);
        Ok(())
    }

    fn delta(&mut self, delta: BlockDelta, out: &mut Vec<Event>) -> Result<()> {
        let Piece {
            text,
            tool_use,
            reasoning_content,
        } = delta.delta;
        out.extend(text.filter(|text| !text.is_empty()).map(Event::text));
        if let Some(thought) = reasoning_content {
            let pieces = [
                thought
                    .text
                    .filter(|text| !text.is_empty())
                    .map(ThoughtDelta::Text),
                thought.signature.map(ThoughtDelta::Signature),
                thought
                    .redacted_content
                    .map(|redacted| ThoughtDelta::Sealed(sealed::read(redacted))),
            ];
            out.extend(pieces.into_iter().flatten().map(Event::Thought));
        }
        let Some(piece) = tool_use else { return Ok(()) };
        match self.calls.get_mut(&delta.content_block_index) {
            Some(Call::Real { index, said }) if !piece.input.is_empty() => {
                *said = true;
                out.push(Event::ToolCallDelta {
                    index: *index,
                    arguments: piece.input,
                });
                Ok(())
            }
            Some(_) => Ok(()),
            None => Err(broken("the host sent arguments of a call that it never began")),
        }
    }

    fn stop(&mut self, stop: &BlockStop, out: &mut Vec<Event>) {
        // Arguments are JSON, also where there are none.
        if let Some(Call::Real { index, said: false }) = self.calls.remove(&stop.content_block_index) {
            out.push(Event::ToolCallDelta {
                index,
                arguments: "{}".to_owned(),
            });
        }
    }

    fn done(&mut self, metadata: &Metadata) -> Result<Event> {
        let Some((finish, stop_text)) = self.end.take() else {
            return Err(broken("the host told the usage of an answer before it had ended"));
        };
        Ok(Event::Done(Done {
            finish: self::finish(finish, self.count > 0),
            usage: metadata.usage.into_usage(),
            stop_text,
        }))
    }
}

impl AnswerReader for ConverseReader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        if frame.failure {
            return Err(error::of_stream(frame));
        }
        match frame.event {
            "contentBlockStart" => self.start(parse(frame)?, out),
            "contentBlockDelta" => self.delta(parse(frame)?, out),
            "contentBlockStop" => {
                self.stop(&parse(frame)?, out);
                Ok(())
            }
            "messageStop" => {
                let stop: MessageStop = parse(frame)?;
                let text =
                    answer::stop_text(&stop.stop_reason, stop.additional_model_response_fields.as_ref());
                self.end = Some((ended(&stop.stop_reason)?, text));
                Ok(())
            }
            "metadata" => {
                let done = self.done(&parse(frame)?)?;
                out.push(done);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// A whole answer.
pub(super) fn whole(body: &[u8]) -> Result<Transcript> {
    let answer: ConverseAnswer = serde_json::from_slice(body).map_err(|error| nonsense("answer", error))?;
    let finish = ended(&answer.stop_reason)?;
    let mut transcript = Transcript::empty();
    for block in answer.output.message.content {
        if let Some(text) = block.text {
            transcript.text.push_str(&text);
        }
        if let Some(thought) = block.reasoning_content {
            transcript.thoughts.extend(self::thought(thought));
        }
        if let Some(call) = block
            .tool_use
            .filter(|call| call.kind.is_none() && call.name != PLACEHOLDER_TOOL)
        {
            transcript.tool_calls.push(self::call(call)?);
        }
    }
    transcript.end(Done {
        finish: self::finish(finish, !transcript.tool_calls.is_empty()),
        usage: answer.usage.into_usage(),
        stop_text: answer::stop_text(
            &answer.stop_reason,
            answer.additional_model_response_fields.as_ref(),
        ),
    });
    Ok(transcript)
}

fn thought(content: super::block::ReasoningContent) -> Option<Thought> {
    turns::thought(content, "reasoningContent").ok()
}

fn call(call: super::block::ToolUse) -> Result<ToolCall> {
    turns::call(call, "toolUse").map_err(|_| broken("the host called a tool without a name"))
}

/// Why it ended, where it ended well.
fn ended(reason: &str) -> Result<FinishReason> {
    answer::finish(reason).ok_or_else(|| {
        let message = match reason {
            "malformed_tool_use" => "the model called a tool in a way that cannot be understood",
            _ => "the model wrote something that cannot be understood",
        };
        broken(message)
    })
}

/// Without a call for the client there is nothing to wait for.
fn finish(finish: FinishReason, has_calls: bool) -> FinishReason {
    match finish {
        FinishReason::ToolCalls if !has_calls => FinishReason::Stop,
        other => other,
    }
}

fn parse<T: DeserializeOwned>(frame: &Incoming<'_>) -> Result<T> {
    serde_json::from_slice(frame.data).map_err(|error| nonsense("piece of an answer", error))
}

fn broken(message: &str) -> Error {
    Error::new(ErrorKind::BadUpstream, message)
}
