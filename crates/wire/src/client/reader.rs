//! Reads a streamed answer: chunks become events, and their end becomes one `Done`.

use busbar_core::{Done, Error, Event, FinishReason, Result, Tokens, Usage};
use serde::Deserialize;

use super::failure::Reported;
use crate::sse::SseEvent;

/// Reads one streamed answer, event by event.
#[derive(Debug, Default)]
pub struct AnswerReader {
    finish: Option<FinishReason>,
    usage: Usage,
    /// Pieces of text so far, for servers that tell no usage.
    pieces: u32,
}

impl AnswerReader {
    /// What one event of the stream says. The last is [`Event::Done`].
    ///
    /// # Errors
    /// The error that the stream carries; `Internal` where an event is no chunk of an answer.
    pub fn read(&mut self, event: &SseEvent) -> Result<Vec<Event>> {
        if event.data == "[DONE]" {
            return Ok(vec![Event::Done(self.done())]);
        }
        let chunk: Chunk = serde_json::from_str(&event.data).map_err(|error| {
            Error::internal("the server sent something that is no chunk of an answer").with_source(error)
        })?;
        if let Some(error) = chunk.error {
            return Err(error.into_error());
        }
        if let Some(usage) = chunk.usage {
            self.usage = usage.into_usage();
        }
        Ok(chunk
            .choices
            .into_iter()
            .flat_map(|choice| self.choice(choice))
            .collect())
    }

    fn choice(&mut self, choice: Choice) -> Vec<Event> {
        if let Some(finish) = choice.finish_reason {
            self.finish = Some(finish_reason(&finish));
        }
        let mut events = Vec::new();
        let text = choice
            .delta
            .content
            .or(choice.text)
            .filter(|text| !text.is_empty());
        if let Some(text) = text {
            self.pieces += 1;
            events.push(Event::text(text));
        }
        for call in choice.delta.tool_calls {
            let function = call.function.unwrap_or_default();
            if let Some(name) = function.name {
                events.push(Event::ToolCallStart {
                    index: call.index,
                    id: call.id.unwrap_or_default().into(),
                    name,
                });
            }
            if let Some(arguments) = function.arguments.filter(|arguments| !arguments.is_empty()) {
                events.push(Event::ToolCallDelta {
                    index: call.index,
                    arguments,
                });
            }
        }
        events
    }

    fn done(&self) -> Done {
        let mut usage = self.usage;
        if usage == Usage::default() {
            // Nearly every server sends a piece for each token.
            usage.output = Tokens(self.pieces);
        }
        Done {
            finish: self.finish.unwrap_or(FinishReason::Stop),
            usage,
            stop_text: None,
        }
    }
}

pub(super) fn finish_reason(name: &str) -> FinishReason {
    match name {
        "length" => FinishReason::Length,
        "tool_calls" => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Counts>,
    error: Option<Reported>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Piece,
    /// Where a text is continued, it stands here.
    text: Option<String>,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Piece {
    content: Option<String>,
    #[serde(default)]
    tool_calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    index: u32,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Default, Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<String>,
}

/// Token counts as servers send them.
#[derive(Deserialize)]
pub(super) struct Counts {
    #[serde(default)]
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
    #[serde(default)]
    prompt_tokens_details: Option<Cached>,
}

#[derive(Deserialize)]
struct Cached {
    #[serde(default)]
    cached_tokens: u32,
}

impl Counts {
    pub(super) fn into_usage(self) -> Usage {
        let cached = self
            .prompt_tokens_details
            .map_or(0, |details| details.cached_tokens);
        Usage {
            input: Tokens(self.prompt_tokens.saturating_sub(cached)),
            cached_input: Tokens(cached),
            output: Tokens(self.completion_tokens),
            ..Usage::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&str]) -> Vec<Result<Event>> {
        let mut reader = AnswerReader::default();
        let mut events = Vec::new();
        for data in chunks {
            let event = SseEvent {
                event: "message".into(),
                data: (*data).into(),
                id: None,
            };
            match reader.read(&event) {
                Ok(read) => events.extend(read.into_iter().map(Ok)),
                Err(error) => events.push(Err(error)),
            }
        }
        events
    }

    fn done(events: &[Result<Event>]) -> Done {
        match events.last() {
            Some(Ok(Event::Done(done))) => done.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn text_usage_and_end_are_read() {
        let events = read(&[
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":5}}}"#,
            "[DONE]",
        ]);
        assert_eq!(events.len(), 2, "{events:?}");
        assert_eq!(*events[0].as_ref().unwrap(), Event::text("Hi"));
        let done = done(&events);
        assert_eq!(done.finish, FinishReason::Length);
        let usage = done.usage;
        assert_eq!(
            (usage.input, usage.cached_input, usage.output),
            (Tokens(4), Tokens(5), Tokens(4))
        );
    }

    #[test]
    fn a_server_without_usage_has_its_pieces_counted() {
        let events = read(&[
            r#"{"choices":[{"text":"a"}]}"#,
            r#"{"choices":[{"text":"b"}]}"#,
            "[DONE]",
        ]);
        assert_eq!(done(&events).usage.output, Tokens(2));
    }

    #[test]
    fn a_tool_call_is_put_together_from_its_pieces() {
        let events = read(&[
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}]}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#,
        ]);
        let [
            Ok(Event::ToolCallStart { name, .. }),
            Ok(Event::ToolCallDelta { arguments, .. }),
        ] = &*events
        else {
            panic!("{events:?}");
        };
        assert_eq!((&**name, &**arguments), ("f", "{}"));
    }

    #[test]
    fn an_error_within_the_stream_is_that_error() {
        let events = read(&[
            r#"{"error":{"message":"the model broke","type":"server_error","param":null,"code":null}}"#,
        ]);
        assert_eq!(events[0].as_ref().unwrap_err().message(), "the model broke");
        assert!(read(&["<html>"])[0].is_err());
    }
}
