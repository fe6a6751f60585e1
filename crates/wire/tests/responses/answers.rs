//! How an answer is told. The files that it is compared with were read once by the types of the official
//! Python client.

use busbar_core::{
    Delta, Done, Error, ErrorKind, Event, FinishReason, ThoughtDelta, TokenLogprob, Tokens, Transcript, Usage,
};
use busbar_wire::{
    AnswerWriter as _, Chunk, Head,
    openai::responses::{FRAMING, ResponsesBody, ResponsesWriter},
};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::events::{Answers, answers, metrics, written};

fn writer(fields: &str) -> ResponsesWriter {
    let body = format!(r#"{{"input":"hi","instructions":"Be brief.","metadata":{{"trace":"t"}}{fields}}}"#);
    let echo = ResponsesBody::read(body.as_bytes()).unwrap().echo();
    let head = Head {
        id: "resp_1".into(),
        created: 1_767_225_600,
        model: "m".into(),
        include_usage: false,
    };
    ResponsesWriter::new(head, echo)
}

fn usage() -> Usage {
    Usage {
        input: Tokens(10),
        cached_input: Tokens(32),
        cache_write: Tokens(1),
        output: Tokens(5),
        reasoning: Tokens(2),
    }
}

fn token(text: &str) -> TokenLogprob {
    TokenLogprob {
        token: text.into(),
        bytes: text.into(),
        logprob: -0.25,
        top: Vec::new(),
    }
}

fn said() -> Vec<Event> {
    vec![
        Event::Thought(ThoughtDelta::Text("A ".into())),
        Event::Thought(ThoughtDelta::Text("greeting.".into())),
        Event::Thought(ThoughtDelta::Signature("proof".into())),
        Event::Thought(ThoughtDelta::Sealed("blob".into())),
        Event::Delta(Delta {
            text: "Hel".into(),
            logprobs: vec![token("Hel")],
        }),
        Event::text(""),
        Event::text("lo"),
        Event::ToolCallStart {
            index: 0,
            id: "call_1".into(),
            name: "get_weather".into(),
        },
        Event::ToolCallDelta {
            index: 0,
            arguments: "{\"city\":".into(),
        },
        Event::ToolCallDelta {
            index: 0,
            arguments: "\"Paris\"}".into(),
        },
    ]
}

fn lines(chunks: &[Chunk]) -> String {
    chunks
        .iter()
        .map(|chunk| {
            let json: Value = serde_json::from_slice(&chunk.data).unwrap();
            assert_eq!(
                Some(json["type"].as_str().unwrap()),
                chunk.event,
                "an event is called what it says"
            );
            format!("{}\n", std::str::from_utf8(&chunk.data).unwrap())
        })
        .collect()
}

#[track_caller]
fn same(told: &str, golden: &str) {
    let read = |text: &str| -> Vec<Value> {
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    assert_eq!(read(told), read(golden), "{told}");
}

#[test]
fn a_streamed_answer_that_thinks_speaks_and_calls() {
    let done = Done::new(FinishReason::ToolCalls, usage());
    let told = lines(&written(&mut writer(""), &said(), &done));
    same(&told, include_str!("../golden/responses/stream.jsonl"));
}

#[test]
fn thoughts_are_a_summary_where_one_is_asked_for() {
    let done = Done::new(FinishReason::Length, usage());
    let asked = r#","reasoning":{"effort":"low","summary":"auto"}"#;
    let told = lines(&written(&mut writer(asked), &said()[..5], &done));
    same(&told, include_str!("../golden/responses/stream_summary.jsonl"));
}

#[test]
fn a_whole_answer() {
    let mut transcript = Transcript::empty();
    for event in said() {
        transcript.push(event);
    }
    transcript.end(Done::new(FinishReason::ToolCalls, usage()));
    let asked = r#","tools":[{"type":"function","name":"get_weather","parameters":{"type":"object"},"strict":true}],
        "temperature":0.7,"text":{"format":{"type":"json_object"}},"tool_choice":"required""#;
    let body = writer(asked).whole(&transcript, &metrics(usage()));
    let body: Value = serde_json::from_slice(&body).unwrap();
    let golden: Value = serde_json::from_str(include_str!("../golden/responses/answer.json")).unwrap();
    assert_eq!(body, golden, "{body:#}");
}

#[test]
fn a_failure_ends_the_stream_as_a_response_that_failed() {
    let mut writer = writer("");
    let mut chunks = Vec::new();
    writer.open(&mut chunks);
    writer.event(&Event::text("Once"), &mut chunks);
    let fail = |writer: &mut ResponsesWriter, kind| {
        let chunk = writer.fail(&Error::new(kind, "no more"));
        assert_eq!((chunk.event, chunk.failure), (Some("response.failed"), true));
        serde_json::from_slice::<Value>(&chunk.data).unwrap()
    };
    let failed = fail(&mut writer, ErrorKind::Internal);
    assert_eq!(failed["response"]["status"], "failed");
    assert_eq!(failed["response"]["error"]["code"], "server_error");
    assert_eq!(failed["response"]["error"]["message"], "no more");
    assert_eq!(failed["response"]["output"][0]["content"][0]["text"], "Once");
    assert_eq!(failed["sequence_number"], chunks.len());
    let retry_after = std::time::Duration::from_secs(1);
    let limited = fail(&mut writer, ErrorKind::RateLimited { retry_after });
    assert_eq!(limited["response"]["error"]["code"], "rate_limit_exceeded");
}

#[test]
fn its_last_event_is_the_end_of_the_stream() {
    assert_eq!(FRAMING.end(), None);
    let filtered = Done::new(FinishReason::Filtered, usage());
    let told = written(&mut writer(""), &[Event::text("x")], &filtered);
    let last: Value = serde_json::from_slice(&told.last().unwrap().data).unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(last["response"]["incomplete_details"]["reason"], "content_filter");
}

/// What clients put together from the events of a stream.
fn put_together(chunks: &[Chunk]) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    for (place, chunk) in chunks.iter().enumerate() {
        let event: Value = serde_json::from_slice(&chunk.data).unwrap();
        assert_eq!(
            event["sequence_number"], place,
            "events are numbered without gaps"
        );
        let at = event["output_index"]
            .as_u64()
            .map(|at| usize::try_from(at).unwrap());
        match chunk.event.unwrap() {
            "response.output_item.added" => {
                assert_eq!(at, Some(items.len()));
                items.push(event["item"].clone());
            }
            "response.content_part.added" => {
                let item = &mut items[at.unwrap()];
                assert_eq!(item["id"], event["item_id"]);
                item["content"] = Value::from(vec![event["part"].clone()]);
            }
            "response.output_text.delta" | "response.reasoning_text.delta" => {
                grow(&mut items[at.unwrap()]["content"][0]["text"], &event);
            }
            "response.function_call_arguments.delta" => grow(&mut items[at.unwrap()]["arguments"], &event),
            "response.output_item.done" => {
                let item = &items[at.unwrap()];
                assert_eq!(item["content"][0]["text"], event["item"]["content"][0]["text"]);
                assert_eq!(item["arguments"], event["item"]["arguments"]);
                items[at.unwrap()] = event["item"].clone();
            }
            _ => {}
        }
    }
    items
}

fn grow(text: &mut Value, event: &Value) {
    *text = format!("{}{}", text.as_str().unwrap(), event["delta"].as_str().unwrap()).into();
}

proptest! {
    #[test]
    fn what_clients_put_together_is_what_the_last_event_says((events, done) in answers(Answers::ALL)) {
        let chunks = written(&mut writer(""), &events, &done);
        let last: Value = serde_json::from_slice(&chunks.last().unwrap().data).unwrap();
        prop_assert_eq!(&Value::from(put_together(&chunks)), &last["response"]["output"]);
        let mut transcript = Transcript::empty();
        for event in events {
            transcript.push(event);
        }
        let output = last["response"]["output"].as_array().unwrap();
        let text: String = output
            .iter()
            .filter(|item| item["type"] == "message")
            .map(|item| item["content"][0]["text"].as_str().unwrap())
            .collect();
        prop_assert_eq!(text, transcript.text);
        let calls = output.iter().filter(|item| item["type"] == "function_call");
        let calls: Vec<_> = calls.map(|item| item["arguments"].as_str().unwrap()).collect();
        let expected: Vec<_> = transcript.tool_calls.iter().map(|call| &*call.arguments).collect();
        prop_assert_eq!(calls, expected);
    }
}
