//! Reads answers: chunks become events, and their end becomes one `Done`.

use busbar_core::{
    Delta, Done, Error, ErrorKind, Event, FinishReason, Result, Thought, ThoughtDelta, Tokens, Transcript,
    Usage,
};

use super::{
    calls::Calls,
    chunk::{Choice, Chunk, Piece},
    reported::{self, Reported},
};
use crate::{
    openai::STREAM_END,
    upstream::{AnswerReader, Incoming},
};

/// Reads one streamed answer, event by event.
#[derive(Debug, Default)]
pub struct ChatReader {
    id: String,
    calls: Calls,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    /// Pieces of text so far, for hosts that tell no usage.
    pieces: u32,
    done: bool,
}

impl AnswerReader for ChatReader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        if self.done {
            return Ok(());
        }
        if frame.data.trim_ascii() == STREAM_END {
            return self.end(out);
        }
        if frame.failure || frame.event == "error" {
            return Err(failure(frame.data));
        }
        let chunk = match parse(frame.data) {
            Ok(chunk) => chunk,
            // An event with a name is none of this format, whatever it says.
            Err(_) if !matches!(frame.event, "" | "message") => return Ok(()),
            Err(error) => return Err(error),
        };
        self.chunk(chunk, out)
    }

    /// Some hosts leave the last word out: the reason to end was the end.
    fn over(&mut self, out: &mut Vec<Event>) -> Result<()> {
        match self.finish {
            Some(_) if !self.done => self.end(out),
            _ => Ok(()),
        }
    }
}

/// A whole answer.
pub(super) fn whole(body: &[u8]) -> Result<Transcript> {
    let mut reader = ChatReader::default();
    let mut events = Vec::new();
    let chunk = parse(body)?;
    if chunk.error.is_none() && chunk.choices.as_ref().is_none_or(Vec::is_empty) {
        return Err(bad("the model's host sent something that is no answer"));
    }
    reader.chunk(chunk, &mut events)?;
    // There is but one piece, which says nothing of tokens.
    reader.pieces = 0;
    reader.end(&mut events)?;
    let mut transcript = Transcript::empty();
    for event in events {
        if let Some(done) = transcript.push(event) {
            transcript.end(done);
        }
    }
    Ok(transcript)
}

fn parse(data: &[u8]) -> Result<Chunk> {
    // serde would take a list for the fields in their order.
    if data.trim_ascii_start().first() != Some(&b'{') {
        return Err(bad(
            "the model's host sent something that is no part of an answer",
        ));
    }
    let chunk: Chunk = serde_json::from_slice(data).map_err(|error| {
        bad("the model's host sent something that is no part of an answer").with_source(error)
    })?;
    // Some engines send a failure as it is, without an object around it.
    if chunk.choices.is_none() && chunk.error.is_none() && is_bare_failure(data) {
        return Err(failure(data));
    }
    Ok(chunk)
}

impl ChatReader {
    fn chunk(&mut self, chunk: Chunk, out: &mut Vec<Event>) -> Result<()> {
        let (groq_usage, groq_error) = chunk.x_groq.map_or((None, None), |groq| (groq.usage, groq.error));
        if let Some(error) = chunk.error.or(groq_error) {
            return Err(error.into_error());
        }
        if self.id.is_empty() {
            self.id = chunk.id.unwrap_or_default();
        }
        if let Some(usage) = chunk.usage.or(groq_usage) {
            let usage = usage.into_usage();
            self.usage = Some(usage);
            out.push(Event::Usage(usage));
        }
        for choice in chunk.choices.into_iter().flatten() {
            // Only one answer is ever asked for.
            if choice.index.unwrap_or_default() == 0 {
                self.choice(choice, out)?;
            }
        }
        Ok(())
    }

    fn choice(&mut self, choice: Choice, out: &mut Vec<Event>) -> Result<()> {
        if let Some(error) = choice.error {
            return Err(error.into_error());
        }
        let mut piece = choice.delta.or(choice.message).unwrap_or_default();
        let (thought_in_parts, said) = piece
            .content
            .take()
            .map(super::chunk::Said::split)
            .unwrap_or_default();
        let thoughts = thoughts(&mut piece, &thought_in_parts);
        let text = [
            said,
            piece.refusal.take().unwrap_or_default(),
            choice.text.unwrap_or_default(),
        ]
        .concat();
        let logprobs = choice
            .logprobs
            .map(super::chunk::Logprobs::into_tokens)
            .unwrap_or_default();
        let speaks = !text.is_empty() || !logprobs.is_empty();
        if speaks || !thoughts.is_empty() {
            self.calls.tell_all(&self.id, out)?;
            self.pieces += 1;
        }
        out.extend(thoughts.into_iter().map(Event::Thought));
        if speaks {
            out.push(Event::Delta(Delta { text, logprobs }));
        }
        for call in piece.tool_calls.into_iter().flatten() {
            self.calls.push(call, &self.id, out)?;
        }
        if let Some(function) = piece.function_call {
            self.calls.push_function(function, &self.id, out)?;
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => Ok(()),
            Some("error") => Err(bad("the model's host broke the answer off")),
            Some(reason) => {
                self.finish = Some(finish_reason(reason));
                self.calls.tell_all(&self.id, out)
            }
        }
    }

    fn end(&mut self, out: &mut Vec<Event>) -> Result<()> {
        self.calls.tell_all(&self.id, out)?;
        // Without a reason the end may be anything; half a call must never reach a conversation.
        if self.finish.is_none() && !self.calls.are_whole() {
            return Err(bad(
                "the model's host ended its answer in the middle of a tool call",
            ));
        }
        let finish = match self.finish.unwrap_or(FinishReason::Stop) {
            // Some hosts say `stop` whatever happened.
            FinishReason::Stop if !self.calls.is_empty() => FinishReason::ToolCalls,
            finish => finish,
        };
        // Nearly every host sends a piece for each token.
        let counted = Usage {
            output: Tokens(self.pieces),
            ..Usage::default()
        };
        self.done = true;
        out.push(Event::Done(Done::new(finish, self.usage.unwrap_or(counted))));
        Ok(())
    }
}

/// What is thought in a piece. Blocks repeat what the text says, unless there is no text.
fn thoughts(piece: &mut Piece, in_parts: &str) -> Vec<ThoughtDelta> {
    let blocks = piece.thinking_blocks.take().unwrap_or_default();
    let plain = piece
        .reasoning_content
        .take()
        .filter(|text| !text.is_empty())
        .or(piece.reasoning.take())
        .unwrap_or_default()
        + in_parts;
    let mut thoughts = Vec::new();
    let in_blocks: Vec<Thought> = blocks
        .into_iter()
        .filter_map(|block| block.into_thought())
        .collect();
    let has_text = |thought: &Thought| matches!(thought, Thought::Open { text, .. } if !text.is_empty());
    if !plain.is_empty() && !in_blocks.iter().any(has_text) {
        thoughts.push(ThoughtDelta::Text(plain));
    }
    for thought in in_blocks {
        match thought {
            Thought::Sealed(data) => thoughts.push(ThoughtDelta::Sealed(data)),
            Thought::Open { text, signature } => {
                thoughts.extend((!text.is_empty()).then_some(ThoughtDelta::Text(text)));
                thoughts.extend(signature.map(ThoughtDelta::Signature));
            }
        }
    }
    thoughts
}

/// Why an answer ended, in the words of any host.
pub(crate) fn finish_reason(name: &str) -> FinishReason {
    match name {
        "length" | "max_tokens" | "model_length" => FinishReason::Length,
        "tool_calls" | "tool_use" | "function_call" => FinishReason::ToolCalls,
        "content_filter" | "safety" => FinishReason::Filtered,
        _ => FinishReason::Stop,
    }
}

fn is_bare_failure(data: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Named {
        object: String,
    }
    serde_json::from_slice(data).is_ok_and(|named: Named| named.object == "error")
}

fn failure(data: &[u8]) -> Error {
    #[derive(serde::Deserialize)]
    struct Body {
        error: Reported,
    }
    let reported = serde_json::from_slice::<Body>(data)
        .map(|body| body.error)
        .or_else(|_| serde_json::from_slice::<reported::Reported>(data));
    reported.map_or_else(
        |_| bad("the model's host told of a failure that cannot be read"),
        Reported::into_error,
    )
}

fn bad(message: &str) -> Error {
    Error::new(ErrorKind::BadUpstream, message)
}
