//! Reads a streamed answer: chunks become events, and their end becomes one `Done`.

use busbar_core::{Event, Result};

use crate::{
    openai::hosts::ChatReader,
    sse::SseEvent,
    upstream::{AnswerReader as _, Incoming},
};

/// Reads one streamed answer, event by event.
#[derive(Debug, Default)]
pub struct AnswerReader(ChatReader);

impl AnswerReader {
    /// What one event of the stream says. The last is [`Event::Done`].
    ///
    /// # Errors
    /// The error that the stream carries; `BadUpstream` where an event is no chunk of an answer.
    pub fn read(&mut self, event: &SseEvent) -> Result<Vec<Event>> {
        let frame = Incoming {
            event: &event.event,
            failure: false,
            data: event.data.as_bytes(),
        };
        let mut events = Vec::new();
        self.0.read(&frame, &mut events)?;
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{Done, FinishReason, Tokens};

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
        assert_eq!(events.len(), 3, "{events:?}");
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
