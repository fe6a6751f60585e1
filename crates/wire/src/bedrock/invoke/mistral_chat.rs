//! Conversations as Mistral's models take them by themselves: chat completions, but for a few names.
//!
//! Source: the Bedrock user guide, "Mistral AI chat completion". An answer says why it ended in
//! `stop_reason`, newer models' in `finish_reason`; a streamed one has its pieces in `message`. Counts of
//! tokens stand beside it, as with all bodies of this service.

use busbar_core::{
    AnswerMetrics, ChatRequest, Delta, Done, Error, Event, Format, Prompt, Result, ToolCall, ToolChoice,
    Transcript,
};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{InvokeReader, chunk::Measured, plain::no_word};
use crate::{
    AnswerWriter, Chunk,
    answer::json,
    bedrock::{
        converse::Asked,
        error::{self, StreamOf},
        nonsense,
    },
    openai::{
        STREAM_END,
        chat::{AnswerToolCall, ChatBody, ChatToolChoice},
        finish_reason,
        hosts::{
            ChatReader, OpenAiChat, Quirks,
            quirks::{ReasoningWords, StreamUsage},
        },
    },
    upstream::{AnswerReader, ChatFormat, Incoming, Said},
};

/// The format's name.
pub const FORMAT: Format = Format("bedrock-mistral-chat");

/// What the models know of the fields that it shares with others.
const WORDS: OpenAiChat = OpenAiChat::new(Quirks {
    stream_usage: StreamUsage::NeverAsked,
    reasoning: ReasoningWords::None,
    ..Quirks::COMPATIBLE
});

/// What requests may have, beside stop texts, which are with the models' other body.
const KNOWN: &[&str] = &[
    "messages",
    "tools",
    "tool_choice",
    "max_tokens",
    "temperature",
    "top_p",
    "stop",
];

/// The request that a body means.
///
/// # Errors
/// `Invalid` or `Unsupported`, naming the field as the client wrote it.
pub(super) fn into_request(mut body: ChatBody, asked: Asked) -> Result<ChatRequest> {
    // The one choice that has a name of its own here.
    if let Some(ChatToolChoice::Mode(mode)) = &mut body.tool_choice
        && mode == "any"
    {
        "required".clone_into(mode);
    }
    let request = body.into_request(asked.context)?;
    Ok(super::asked(request, asked.model, asked.whole))
}

/// The format, for hosts elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct MistralChat;

impl ChatFormat for MistralChat {
    fn name(&self) -> Format {
        FORMAT
    }

    fn write(&self, request: &ChatRequest, _model: &str) -> Result<Bytes> {
        if matches!(request.prompt, Prompt::Text(_)) {
            return Err(no_word("prompt"));
        }
        // Which model it is, and whether the answer comes in pieces, stands in the path.
        let body = WORDS.body(request, "", false)?;
        let mut body: Map<String, Value> =
            serde_json::from_slice(&body).map_err(|error| Error::internal(error.to_string()))?;
        if let Some(choice) = body.get_mut("tool_choice") {
            match &request.tool_choice {
                ToolChoice::Required => *choice = "any".into(),
                ToolChoice::Named(_) => return Err(no_word("tool_choice")),
                ToolChoice::Auto | ToolChoice::None => {}
            }
        }
        match body.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            Some(unknown) => Err(no_word(unknown)),
            None => Ok(json(&body)),
        }
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::new(InvokeReader::new(Box::<Reader>::default()))
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        WORDS.whole(&renamed(body)?)
    }

    fn said(&self, body: &[u8]) -> Said {
        error::said(body)
    }
}

/// An answer, or a piece of one, with the end in the words of chat completions.
fn renamed(data: &[u8]) -> Result<Vec<u8>> {
    let mut answer: Map<String, Value> =
        serde_json::from_slice(data).map_err(|error| nonsense("answer", error))?;
    let choices = answer.get_mut("choices").and_then(Value::as_array_mut);
    for choice in choices.into_iter().flatten() {
        let Some(choice) = choice.as_object_mut() else {
            continue;
        };
        if let Some(reason) = choice.remove("stop_reason")
            && choice.get("finish_reason").is_none_or(Value::is_null)
        {
            choice.insert("finish_reason".into(), reason);
        }
    }
    Ok(json(&answer).into())
}

/// Reads one streamed answer, out of its framing.
#[derive(Debug, Default)]
struct Reader(ChatReader);

impl AnswerReader for Reader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        let data = renamed(frame.data)?;
        self.0.read(
            &Incoming {
                data: &data,
                ..*frame
            },
            out,
        )?;
        let measured: Measured =
            serde_json::from_slice(frame.data).map_err(|error| nonsense("piece of an answer", error))?;
        let Some(metrics) = measured.metrics else {
            return Ok(());
        };
        self.0.read(
            &Incoming {
                data: STREAM_END,
                ..*frame
            },
            out,
        )?;
        if let Some(Event::Done(done)) = out.last_mut() {
            done.usage = metrics.usage();
        }
        Ok(())
    }
}

/// Writes one answer, to be framed. A call of a tool is one piece, as these models send it.
#[derive(Debug)]
pub(super) struct MistralChatWriter {
    /// The calls so far.
    called: Transcript,
}

impl MistralChatWriter {
    pub(super) fn new() -> Self {
        Self {
            called: Transcript::empty(),
        }
    }
}

fn answer(text: Option<&str>, calls: &[ToolCall], end: Option<&'static str>) -> Bytes {
    let mut message = json!({ "role": "assistant", "content": text.unwrap_or_default() });
    if !calls.is_empty() {
        let calls: Vec<_> = calls.iter().map(AnswerToolCall::from).collect();
        message["tool_calls"] = json!(calls);
    }
    json(&json!({
        "choices": [{ "index": 0, "message": message, "stop_reason": end, "finish_reason": end }],
    }))
}

impl AnswerWriter for MistralChatWriter {
    fn open(&mut self, _out: &mut Vec<Chunk>) {}

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        match event {
            Event::Delta(Delta { text, .. }) if !text.is_empty() => {
                out.push(Chunk::plain(answer(Some(text), &[], None)));
            }
            Event::ToolCallStart { .. } | Event::ToolCallDelta { .. } => {
                self.called.push(event.clone());
            }
            // The format has no word for the others.
            _ => {}
        }
    }

    fn end(&mut self, done: &Done, _metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        let calls = &self.called.tool_calls;
        out.push(Chunk::plain(answer(
            None,
            calls,
            Some(finish_reason(done.finish)),
        )));
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        error::failed(error, StreamOf::Invoke)
    }

    fn whole(&mut self, transcript: &Transcript, _metrics: &AnswerMetrics) -> Bytes {
        let end = finish_reason(transcript.finish);
        answer(Some(&transcript.text), &transcript.tool_calls, Some(end))
    }
}
