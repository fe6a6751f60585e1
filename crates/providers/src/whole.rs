//! A whole answer as the events that it would have been.

use busbar_core::{Delta, Done, Event, Thought, ThoughtDelta, Transcript};

/// The events of a whole answer; the last one is its end.
pub(crate) fn events(transcript: Transcript) -> Vec<Event> {
    let mut events = Vec::new();
    for thought in transcript.thoughts {
        match thought {
            Thought::Sealed(sealed) => events.push(ThoughtDelta::Sealed(sealed)),
            Thought::Open { text, signature } => {
                events.push(ThoughtDelta::Text(text));
                events.extend(signature.map(ThoughtDelta::Signature));
            }
        }
    }
    let mut events: Vec<Event> = events.into_iter().map(Event::Thought).collect();
    if !transcript.text.is_empty() || !transcript.logprobs.is_empty() {
        events.push(Event::Delta(Delta {
            text: transcript.text,
            logprobs: transcript.logprobs,
        }));
    }
    for (index, call) in (0..).zip(transcript.tool_calls) {
        events.push(Event::ToolCallStart {
            index,
            id: call.id,
            name: call.name,
        });
        events.push(Event::ToolCallDelta {
            index,
            arguments: call.arguments,
        });
    }
    events.push(Event::Done(Done {
        finish: transcript.finish,
        usage: transcript.usage,
        stop_text: transcript.stop_text,
    }));
    events
}

#[cfg(test)]
mod tests {
    use busbar_core::{FinishReason, TokenLogprob, Tokens, ToolCall, Usage};

    use super::*;

    #[test]
    fn put_together_again_they_are_the_same_answer() {
        let transcript = Transcript {
            text: "hello".into(),
            thoughts: vec![
                Thought::Open {
                    text: "hm".into(),
                    signature: Some("s".into()),
                },
                Thought::Sealed("x".into()),
                Thought::Open {
                    text: "ah".into(),
                    signature: None,
                },
            ],
            tool_calls: ["a", "b"]
                .map(|name| ToolCall {
                    id: name.into(),
                    name: name.into(),
                    arguments: "{}".into(),
                })
                .into(),
            logprobs: vec![TokenLogprob {
                token: "hello".into(),
                bytes: b"hello".to_vec(),
                logprob: -0.5,
                top: Vec::new(),
            }],
            finish: FinishReason::ToolCalls,
            usage: Usage {
                input: Tokens(3),
                ..Usage::default()
            },
            stop_text: Some("END".into()),
        };
        let mut again = Transcript::empty();
        let mut done = None;
        for event in events(transcript.clone()) {
            assert!(done.is_none(), "nothing comes after the end");
            done = again.push(event);
        }
        again.end(done.unwrap());
        assert_eq!(again, transcript);
    }
}
