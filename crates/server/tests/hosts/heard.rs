//! What clients hear, read out of each dialect by hand.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_wire::{
    event_stream::{MESSAGE_LIMIT, Parser},
    sse,
};
use serde_json::Value;

use crate::{Scene, asked::Dialect};

/// An answer, out of its dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Heard {
    pub(crate) text: String,
    pub(crate) thought: String,
    /// Name and arguments of the call.
    pub(crate) call: Option<(String, Value)>,
    /// Why it ended, in the dialect's own word.
    pub(crate) finish: String,
    /// Prompt tokens that were computed, those that were found, and those of the answer.
    pub(crate) tokens: [u64; 3],
}

impl Heard {
    /// What is to be heard.
    pub(crate) fn expected(scene: Scene, dialect: Dialect) -> Self {
        let finish = match (dialect, scene) {
            (Dialect::Chat, Scene::Tools) => "tool_calls",
            (Dialect::Chat, Scene::Schema) => "length",
            (Dialect::Chat, Scene::Thought) => "stop",
            (Dialect::Responses, Scene::Schema) => "incomplete",
            (Dialect::Responses, _) => "completed",
            (_, Scene::Tools) => "tool_use",
            (_, Scene::Schema) => "max_tokens",
            (_, Scene::Thought) => "end_turn",
        };
        let (text, thought) = match scene {
            Scene::Tools => ("Again.", ""),
            Scene::Schema => ("{\"sum\":", ""),
            Scene::Thought => ("12231", "27 * 450 and 81"),
        };
        Self {
            text: text.into(),
            thought: thought.into(),
            call: (scene == Scene::Tools).then(|| ("look_up".into(), serde_json::json!({"city": "Rome"}))),
            finish: finish.into(),
            tokens: match scene {
                Scene::Tools => [30, 80, 12],
                Scene::Schema => [30, 0, 4],
                Scene::Thought => [30, 0, 12],
            },
        }
    }

    /// An answer that came whole.
    pub(crate) fn whole(dialect: Dialect, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap();
        match dialect {
            Dialect::Chat => chat(&body),
            Dialect::Responses => response(&body),
            Dialect::Messages | Dialect::Invoke => message(&body),
            Dialect::Converse => converse(&body),
        }
    }

    /// An answer that came in pieces.
    pub(crate) fn streamed(dialect: Dialect, body: &[u8]) -> Self {
        match dialect {
            Dialect::Chat => chunks(&data(body)),
            Dialect::Responses => {
                // The last event repeats the whole; the pieces must say the same.
                let events = data(body);
                let deltas: String = events
                    .iter()
                    .filter(|event| event["type"] == "response.output_text.delta")
                    .filter_map(|event| event["delta"].as_str())
                    .collect();
                let last = response(&events.last().unwrap()["response"]);
                assert_eq!(deltas, last.text);
                last
            }
            Dialect::Messages => events(&data(body)),
            Dialect::Converse => converse_events(&messages(body)),
            Dialect::Invoke => {
                let chunks = messages(body).into_iter().map(|(name, chunk)| {
                    assert_eq!(name, "chunk", "{chunk}");
                    let bytes = BASE64_STANDARD.decode(chunk["bytes"].as_str().unwrap()).unwrap();
                    serde_json::from_slice(&bytes).unwrap()
                });
                events(&chunks.collect::<Vec<_>>())
            }
        }
    }
}

/// The data of server-sent events.
fn data(body: &[u8]) -> Vec<Value> {
    let events = sse::Parser::new(1 << 20).push(body).unwrap();
    let data = events.iter().filter(|event| event.data != "[DONE]");
    data.map(|event| serde_json::from_str(&event.data).unwrap())
        .collect()
}

/// Names and data of binary events.
fn messages(body: &[u8]) -> Vec<(String, Value)> {
    let mut parser = Parser::new(MESSAGE_LIMIT);
    parser.push(body);
    let mut found = Vec::new();
    while let Some(message) = parser.take().unwrap() {
        let frame = message.incoming();
        assert!(!frame.failure, "{}", String::from_utf8_lossy(frame.data));
        found.push((
            frame.event.to_owned(),
            serde_json::from_slice(frame.data).unwrap(),
        ));
    }
    found
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn numbers(usage: &Value, [input, cached, output]: [&str; 3], cached_in_input: bool) -> [u64; 3] {
    let number = |place: &str| usage.pointer(place).and_then(Value::as_u64).unwrap_or(0);
    let (input, cached) = (number(input), number(cached));
    let input = if cached_in_input { input - cached } else { input };
    [input, cached, number(output)]
}

const OF_CHAT: [&str; 3] = [
    "/prompt_tokens",
    "/prompt_tokens_details/cached_tokens",
    "/completion_tokens",
];
const OF_MESSAGES: [&str; 3] = ["/input_tokens", "/cache_read_input_tokens", "/output_tokens"];
const OF_CONVERSE: [&str; 3] = ["/inputTokens", "/cacheReadInputTokens", "/outputTokens"];
const OF_RESPONSES: [&str; 3] = [
    "/input_tokens",
    "/input_tokens_details/cached_tokens",
    "/output_tokens",
];

fn chat(body: &Value) -> Heard {
    let (choice, message) = (&body["choices"][0], &body["choices"][0]["message"]);
    let call = &message["tool_calls"][0]["function"];
    Heard {
        text: text(&message["content"]).into(),
        thought: text(&message["reasoning_content"]).into(),
        call: call["name"].as_str().map(|name| {
            (
                name.into(),
                serde_json::from_str(text(&call["arguments"])).unwrap(),
            )
        }),
        finish: text(&choice["finish_reason"]).into(),
        tokens: numbers(&body["usage"], OF_CHAT, true),
    }
}

fn chunks(chunks: &[Value]) -> Heard {
    let mut heard = Heard::default();
    let (mut name, mut arguments) = (None, String::new());
    for chunk in chunks {
        let delta = &chunk["choices"][0]["delta"];
        heard.text += text(&delta["content"]);
        heard.thought += text(&delta["reasoning_content"]);
        let call = &delta["tool_calls"][0]["function"];
        name = name.or(call["name"].as_str().map(str::to_owned));
        arguments += text(&call["arguments"]);
        heard.finish += text(&chunk["choices"][0]["finish_reason"]);
        if chunk["usage"].is_object() {
            heard.tokens = numbers(&chunk["usage"], OF_CHAT, true);
        }
    }
    heard.call = name.map(|name| (name, serde_json::from_str(&arguments).unwrap()));
    heard
}

fn response(body: &Value) -> Heard {
    let mut heard = Heard {
        finish: text(&body["status"]).into(),
        tokens: numbers(&body["usage"], OF_RESPONSES, true),
        ..Heard::default()
    };
    for item in body["output"].as_array().unwrap() {
        match text(&item["type"]) {
            "message" => heard.text += text(&item["content"][0]["text"]),
            "reasoning" => heard.thought += text(&item["content"][0]["text"]),
            "function_call" => {
                let arguments = serde_json::from_str(text(&item["arguments"])).unwrap();
                heard.call = Some((text(&item["name"]).into(), arguments));
            }
            other => panic!("{other}"),
        }
    }
    heard
}

fn message(body: &Value) -> Heard {
    let mut heard = Heard {
        finish: text(&body["stop_reason"]).into(),
        tokens: numbers(&body["usage"], OF_MESSAGES, false),
        ..Heard::default()
    };
    for block in body["content"].as_array().unwrap() {
        match text(&block["type"]) {
            "text" => heard.text += text(&block["text"]),
            "thinking" => heard.thought += text(&block["thinking"]),
            "tool_use" => heard.call = Some((text(&block["name"]).into(), block["input"].clone())),
            other => panic!("{other}"),
        }
    }
    heard
}

fn events(events: &[Value]) -> Heard {
    let mut heard = Heard::default();
    let (mut name, mut arguments) = (None, String::new());
    for event in events {
        match text(&event["type"]) {
            "message_start" => heard.tokens = numbers(&event["message"]["usage"], OF_MESSAGES, false),
            "content_block_start" => {
                name = name.or(event["content_block"]["name"].as_str().map(str::to_owned));
            }
            "content_block_delta" => {
                heard.text += text(&event["delta"]["text"]);
                heard.thought += text(&event["delta"]["thinking"]);
                arguments += text(&event["delta"]["partial_json"]);
            }
            "message_delta" => {
                heard.finish = text(&event["delta"]["stop_reason"]).into();
                // Counts are sums so far; what is not told again stays.
                let usage = &event["usage"];
                for (slot, place) in heard.tokens.iter_mut().zip(OF_MESSAGES) {
                    *slot = usage.pointer(place).and_then(Value::as_u64).unwrap_or(*slot);
                }
            }
            _ => {}
        }
    }
    heard.call = name.map(|name| (name, serde_json::from_str(&arguments).unwrap()));
    heard
}

fn converse(body: &Value) -> Heard {
    let mut heard = Heard {
        finish: text(&body["stopReason"]).into(),
        tokens: numbers(&body["usage"], OF_CONVERSE, false),
        ..Heard::default()
    };
    for block in body["output"]["message"]["content"].as_array().unwrap() {
        heard.text += text(&block["text"]);
        heard.thought += text(&block["reasoningContent"]["reasoningText"]["text"]);
        let call = &block["toolUse"];
        if let Some(name) = call["name"].as_str() {
            heard.call = Some((name.into(), call["input"].clone()));
        }
    }
    heard
}

fn converse_events(events: &[(String, Value)]) -> Heard {
    let mut heard = Heard::default();
    let (mut name, mut arguments) = (None, String::new());
    for (event, data) in events {
        let delta = &data["delta"];
        heard.text += text(&delta["text"]);
        heard.thought += text(&delta["reasoningContent"]["text"]);
        arguments += text(&delta["toolUse"]["input"]);
        name = name.or(data["start"]["toolUse"]["name"].as_str().map(str::to_owned));
        heard.finish += text(&data["stopReason"]);
        if event == "metadata" {
            heard.tokens = numbers(&data["usage"], OF_CONVERSE, false);
        }
    }
    heard.call = name.map(|name| (name, serde_json::from_str(&arguments).unwrap()));
    heard
}
