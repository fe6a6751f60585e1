//! Answers: whole, or as events that say what they are.

use busbar_core::{
    AnswerMetrics, Delta, Done, Error, ErrorKind, Event, FinishReason, Result, Tokens, Transcript, Usage,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::turns::Call;
use crate::{
    AnswerWriter, Chunk, Head,
    answer::json,
    bedrock::{
        error::{self, StreamOf},
        invoke::chunk::Measured,
        nonsense,
    },
    upstream::{AnswerReader, Incoming},
};

/// The longest part of an answer's id that a call's id is made of.
const LONGEST: usize = 48;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    generation_id: Option<String>,
    text: Option<String>,
    finish_reason: Option<String>,
    tool_calls: Option<Vec<Call>>,
    meta: Option<Meta>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meta {
    tokens: Option<Counts>,
    billed_units: Option<Counts>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    // Some answers have them as numbers with a point.
    input_tokens: f64,
    output_tokens: f64,
}

impl Meta {
    fn usage(&self) -> Usage {
        let counts = self.tokens.or(self.billed_units).unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what does not fit is the nearest that does"
        )]
        let tokens = |count: f64| Tokens(count as u32);
        Usage {
            input: tokens(counts.input_tokens),
            output: tokens(counts.output_tokens),
            ..Usage::default()
        }
    }
}

/// A piece of a streamed answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Piece {
    event_type: Option<String>,
    generation_id: Option<String>,
    text: Option<String>,
    tool_calls: Option<Vec<Call>>,
    finish_reason: Option<String>,
    response: Option<Answer>,
}

fn finish(reason: &str, calls: bool) -> Result<FinishReason> {
    match reason {
        "MAX_TOKENS" | "ERROR_LIMIT" => Ok(FinishReason::Length),
        "ERROR_TOXIC" => Ok(FinishReason::Filtered),
        "ERROR" => Err(Error::new(
            ErrorKind::BadUpstream,
            "the model's host broke the answer off",
        )),
        _ if calls => Ok(FinishReason::ToolCalls),
        _ => Ok(FinishReason::Stop),
    }
}

fn reason(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Stop | FinishReason::ToolCalls => "COMPLETE",
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::Filtered => "ERROR_TOXIC",
    }
}

/// Tells of calls, which come whole.
fn tell(calls: Vec<Call>, answer: &str, out: &mut Vec<Event>) {
    let plain = answer.chars().filter(char::is_ascii_alphanumeric);
    let answer: String = plain.take(LONGEST).collect();
    for (index, call) in (0..).zip(calls) {
        out.push(Event::ToolCallStart {
            index,
            id: format!("call_{index}_{answer}").into(),
            name: call.name,
        });
        out.push(Event::ToolCallDelta {
            index,
            arguments: Value::Object(call.parameters).to_string(),
        });
    }
}

/// A whole answer.
pub(super) fn whole(body: &[u8]) -> Result<Transcript> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| nonsense("answer", error))?;
    let Some(reason) = answer.finish_reason else {
        let message = "the host sent an answer that does not say why it ended";
        return Err(Error::new(ErrorKind::BadUpstream, message));
    };
    let calls = answer.tool_calls.unwrap_or_default();
    let done = Done::new(
        finish(&reason, !calls.is_empty())?,
        answer.meta.unwrap_or_default().usage(),
    );
    let mut events = vec![Event::text(answer.text.unwrap_or_default())];
    tell(calls, &answer.generation_id.unwrap_or_default(), &mut events);
    let mut transcript = Transcript::empty();
    for event in events {
        transcript.push(event);
    }
    transcript.end(done);
    Ok(transcript)
}

/// Reads one streamed answer, out of its framing.
#[derive(Debug, Default)]
pub(super) struct Reader {
    id: String,
    called: bool,
    finish: Option<FinishReason>,
}

impl AnswerReader for Reader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        let nonsense = |error| nonsense("piece of an answer", error);
        let piece: Piece = serde_json::from_slice(frame.data).map_err(nonsense)?;
        let measured: Measured = serde_json::from_slice(frame.data).map_err(nonsense)?;
        if let Some(id) = piece.generation_id {
            self.id = id;
        }
        if piece.event_type.as_deref() == Some("text-generation") {
            let text = piece.text.unwrap_or_default();
            out.extend((!text.is_empty()).then(|| Event::text(text)));
        }
        let response = piece.response.unwrap_or_default();
        // The end repeats what was called.
        let calls = piece.tool_calls.or(response.tool_calls).unwrap_or_default();
        if !calls.is_empty() && !self.called {
            self.called = true;
            tell(calls, &self.id, out);
        }
        if let Some(reason) = piece.finish_reason {
            self.finish = Some(finish(&reason, self.called)?);
        }
        let Some(metrics) = measured.metrics else {
            return Ok(());
        };
        let Some(finish) = self.finish.take() else {
            let message = "the host told the usage of an answer before it had ended";
            return Err(Error::new(ErrorKind::BadUpstream, message));
        };
        out.push(Event::Done(Done::new(finish, metrics.usage())));
        Ok(())
    }
}

/// Writes one answer, to be framed.
#[derive(Debug)]
pub(in crate::bedrock::invoke) struct CohereWriter {
    head: Head,
    /// What was said so far; the last event has it whole.
    said: Transcript,
}

impl CohereWriter {
    pub(in crate::bedrock::invoke) fn new(head: Head) -> Self {
        Self {
            head,
            said: Transcript::empty(),
        }
    }

    fn body(&self, transcript: &Transcript) -> Value {
        let (input, output) = (transcript.usage.prompt().0, transcript.usage.written().0);
        let counts = json!({ "input_tokens": input, "output_tokens": output });
        let mut body = json!({
            "response_id": self.head.id,
            "generation_id": self.head.id,
            "text": transcript.text,
            "finish_reason": reason(transcript.finish),
            "meta": { "api_version": { "version": "1" }, "billed_units": counts, "tokens": counts },
        });
        if !transcript.tool_calls.is_empty() {
            body["tool_calls"] = calls(transcript);
        }
        body
    }
}

fn calls(transcript: &Transcript) -> Value {
    transcript.tool_calls.iter().map(Call::of).collect()
}

fn event(kind: &str, fields: Value) -> Chunk {
    let mut event = json!({ "is_finished": kind == "stream-end", "event_type": kind });
    if let (Some(event), Value::Object(fields)) = (event.as_object_mut(), fields) {
        event.extend(fields);
    }
    Chunk::plain(json(&event))
}

impl AnswerWriter for CohereWriter {
    fn open(&mut self, out: &mut Vec<Chunk>) {
        out.push(event("stream-start", json!({ "generation_id": self.head.id })));
    }

    fn event(&mut self, told: &Event, out: &mut Vec<Chunk>) {
        if let Event::Delta(Delta { text, .. }) = told
            && !text.is_empty()
        {
            out.push(event("text-generation", json!({ "text": text })));
        }
        self.said.push(told.clone());
    }

    fn end(&mut self, done: &Done, _metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        self.said.end(done.clone());
        if !self.said.tool_calls.is_empty() {
            let calls = json!({ "tool_calls": calls(&self.said) });
            out.push(event("tool-calls-generation", calls));
        }
        let end = json!({ "finish_reason": reason(done.finish), "response": self.body(&self.said) });
        out.push(event("stream-end", end));
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        error::failed(error, StreamOf::Invoke)
    }

    fn whole(&mut self, transcript: &Transcript, _metrics: &AnswerMetrics) -> Bytes {
        json(&self.body(transcript))
    }
}
