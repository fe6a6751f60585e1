//! Hosts of each format, played after their documented shapes: what they must have been asked, and what
//! they answer.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_testkit::{Received, Say};
use busbar_wire::{Chunk, event_stream};
use serde_json::{Value, json};

use crate::Scene;

/// A format in which a host is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    OpenAi,
    Anthropic,
    Converse,
    /// InvokeModel with Claude's body.
    Invoke,
    /// A container of SageMaker that takes `messages`.
    Container,
}

impl Host {
    pub(crate) const ALL: [Self; 5] = [
        Self::OpenAi,
        Self::Anthropic,
        Self::Converse,
        Self::Invoke,
        Self::Container,
    ];

    /// The section that leads to it.
    pub(crate) fn section(self, url: &str) -> (&'static str, String) {
        let (kind, endpoint, own, model) = match self {
            Self::OpenAi => ("openai-compatible", "/v1", "", ""),
            Self::Anthropic => ("anthropic", "", "", "upstream = 'claude-sonnet-4-5'"),
            Self::Converse => ("bedrock", "", "region = 'us-east-1'", CLAUDE),
            Self::Invoke => ("bedrock", "", "region = 'us-east-1'", CLAUDE_INVOKED),
            Self::Container => ("sagemaker", "", "region = 'us-east-1'", "format = 'chat'"),
        };
        let abilities = "images = true\ntools = true\nstructured_output = true\nreasoning = true";
        let text = format!(
            "endpoint = '{url}{endpoint}'\n{own}\n[[models]]\nid = 'claude-far'\n{model}\n{abilities}\n"
        );
        (kind, text)
    }

    /// What it answers.
    pub(crate) fn answer(self, scene: Scene, request: &Received) -> Vec<Say> {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let streamed = body["stream"] == true || request.path.contains("stream");
        match (self, streamed) {
            (Self::OpenAi | Self::Container, false) => json_of(&chat(scene)),
            (Self::Anthropic | Self::Invoke, false) => json_of(&message(scene)),
            (Self::Converse, false) => json_of(&converse(scene)),
            (Self::OpenAi, true) => Say::stream("text/event-stream", &sse(&chat_chunks(scene))),
            (Self::Anthropic, true) => Say::stream("text/event-stream", &sse(&message_events(scene))),
            (Self::Container, true) => {
                let parts = sse(&chat_chunks(scene)).into_iter();
                framed(parts.map(|part| ("PayloadPart", part, "application/octet-stream")))
            }
            (Self::Invoke, true) => {
                let chunks = message_events(scene).into_iter().map(|event| {
                    let bytes = BASE64_STANDARD.encode(event.to_string());
                    let data = json!({ "bytes": bytes }).to_string().into_bytes();
                    ("chunk", data, "application/json")
                });
                framed(chunks)
            }
            (Self::Converse, true) => {
                let events = converse_events(scene).into_iter();
                framed(events.map(|(name, data)| (name, data.to_string().into_bytes(), "application/json")))
            }
        }
    }

    /// What it must have been asked, in its own words.
    #[track_caller]
    pub(crate) fn check(self, scene: Scene, request: &Received) {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let places: &[(&str, Value)] = &match (self, scene) {
            (Self::OpenAi | Self::Container, Scene::Tools) => vec![
                ("/messages/0/content", json!("Be brief.")),
                ("/messages/1/content/0/text", json!("What is here?")),
                (
                    "/messages/1/content/1/image_url/url",
                    json!("data:image/png;base64,iVBORw0KGgo="),
                ),
                ("/messages/2/content", json!("I look.")),
                ("/messages/2/tool_calls/0/id", json!("call_1")),
                ("/messages/2/tool_calls/0/function/name", json!("look_up")),
                ("/messages/3/role", json!("tool")),
                ("/messages/3/tool_call_id", json!("call_1")),
                ("/messages/3/content", json!("no such city")),
                ("/tools/0/function/name", json!("look_up")),
                ("/tools/0/function/parameters/required/0", json!("city")),
                ("/tool_choice", json!("required")),
                ("/temperature", json!(0.5)),
            ],
            (Self::Anthropic | Self::Invoke, Scene::Tools) => vec![
                ("/messages/0/content/0/text", json!("What is here?")),
                ("/messages/0/content/1/source/data", json!("iVBORw0KGgo=")),
                ("/messages/0/content/1/source/media_type", json!("image/png")),
                ("/messages/1/content/0/text", json!("I look.")),
                ("/messages/1/content/1/id", json!("call_1")),
                ("/messages/1/content/1/input", json!({"city": "Paris"})),
                ("/messages/2/content/0/tool_use_id", json!("call_1")),
                ("/tools/0/name", json!("look_up")),
                ("/tools/0/input_schema/required/0", json!("city")),
                ("/tool_choice/type", json!("any")),
                ("/max_tokens", json!(64)),
                ("/temperature", json!(0.5)),
            ],
            (Self::Converse, Scene::Tools) => vec![
                ("/system/0/text", json!("Be brief.")),
                ("/messages/0/content/0/text", json!("What is here?")),
                ("/messages/0/content/1/image/format", json!("png")),
                ("/messages/0/content/1/image/source/bytes", json!("iVBORw0KGgo=")),
                ("/messages/1/content/0/text", json!("I look.")),
                ("/messages/1/content/1/toolUse/input", json!({"city": "Paris"})),
                ("/messages/2/content/0/toolResult/toolUseId", json!("call_1")),
                (
                    "/messages/2/content/0/toolResult/content/0/text",
                    json!("no such city"),
                ),
                ("/toolConfig/tools/0/toolSpec/name", json!("look_up")),
                ("/toolConfig/toolChoice", json!({"any": {}})),
                ("/inferenceConfig/maxTokens", json!(64)),
                ("/inferenceConfig/temperature", json!(0.5)),
            ],
            (Self::OpenAi | Self::Container, Scene::Schema) => vec![
                ("/messages/0/content", json!("1 + 1?")),
                ("/response_format/json_schema/schema/required/0", json!("sum")),
            ],
            (Self::Anthropic | Self::Invoke, Scene::Schema) => vec![
                ("/output_config/format/schema/required/0", json!("sum")),
                ("/max_tokens", json!(4)),
            ],
            (Self::Converse, Scene::Schema) => {
                let schema = body.pointer("/outputConfig/textFormat/structure/jsonSchema/schema");
                let schema: Value = serde_json::from_str(schema.unwrap().as_str().unwrap()).unwrap();
                assert_eq!(schema["required"][0], "sum");
                vec![("/inferenceConfig/maxTokens", json!(4))]
            }
            (Self::OpenAi | Self::Container, Scene::Thought) => vec![("/reasoning_effort", json!("low"))],
            (Self::Anthropic | Self::Invoke, Scene::Thought) => vec![
                ("/thinking/type", json!("enabled")),
                ("/thinking/budget_tokens", json!(2048)),
            ],
            (Self::Converse, Scene::Thought) => {
                let budget = body.pointer("/additionalModelRequestFields/thinking/budget_tokens");
                let effort = body.pointer("/outputConfig/effort");
                assert!(
                    budget == Some(&json!(2048)) || effort == Some(&json!("low")),
                    "{body:#}"
                );
                vec![("/inferenceConfig/maxTokens", json!(8000))]
            }
        };
        for (place, expected) in places {
            assert_eq!(
                body.pointer(place),
                Some(expected),
                "{self:?} {place} in {body:#}"
            );
        }
    }
}

const CLAUDE: &str = "upstream = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'";
const CLAUDE_INVOKED: &str = "upstream = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'\napi = 'invoke'";

fn json_of(body: &Value) -> Vec<Say> {
    Say::whole("200 OK", "application/json", body.to_string())
}

fn sse(events: &[Value]) -> Vec<Vec<u8>> {
    let frame = |event: &Value| match event {
        Value::String(text) => format!("data: {text}\n\n"),
        event => match event["type"].as_str() {
            Some(name) => format!("event: {name}\ndata: {event}\n\n"),
            None => format!("data: {event}\n\n"),
        },
    };
    events.iter().map(|event| frame(event).into_bytes()).collect()
}

fn framed(messages: impl Iterator<Item = (&'static str, Vec<u8>, &'static str)>) -> Vec<Say> {
    let encoded: Vec<_> = messages
        .map(|(name, data, media_type)| event_stream::encode(&Chunk::named(name, data.into()), media_type))
        .collect();
    Say::stream(event_stream::MEDIA_TYPE, &encoded)
}

fn chat(scene: Scene) -> Value {
    let (message, reason, usage) = match scene {
        Scene::Tools => (
            json!({"role": "assistant", "content": "Again.", "tool_calls": [
                {"id": "call_2", "type": "function",
                 "function": {"name": "look_up", "arguments": "{\"city\":\"Rome\"}"}}
            ]}),
            "tool_calls",
            json!({"prompt_tokens": 110, "completion_tokens": 12, "total_tokens": 122,
                   "prompt_tokens_details": {"cached_tokens": 80}}),
        ),
        Scene::Schema => (
            json!({"role": "assistant", "content": "{\"sum\":"}),
            "length",
            json!({"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34}),
        ),
        Scene::Thought => (
            json!({"role": "assistant", "reasoning_content": "27 * 450 and 81", "content": "12231"}),
            "stop",
            json!({"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}),
        ),
    };
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": usage
    })
}

fn chat_chunks(scene: Scene) -> Vec<Value> {
    let whole = chat(scene);
    let chunk = |delta: Value, reason: Value| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]
        })
    };
    let deltas = match scene {
        Scene::Tools => vec![
            json!({"role": "assistant", "content": "Aga"}),
            json!({"content": "in."}),
            json!({"tool_calls": [{"index": 0, "id": "call_2", "type": "function",
                                   "function": {"name": "look_up", "arguments": ""}}]}),
            json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"city\":"}}]}),
            json!({"tool_calls": [{"index": 0, "function": {"arguments": "\"Rome\"}"}}]}),
        ],
        Scene::Schema => vec![json!({"role": "assistant", "content": "{\"sum\":"})],
        Scene::Thought => vec![
            json!({"role": "assistant", "reasoning_content": "27 * 450 "}),
            json!({"reasoning_content": "and 81"}),
            json!({"content": "12231"}),
        ],
    };
    let mut chunks: Vec<_> = deltas
        .into_iter()
        .map(|delta| chunk(delta, Value::Null))
        .collect();
    chunks.push(chunk(json!({}), whole["choices"][0]["finish_reason"].clone()));
    chunks.push(json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [], "usage": whole["usage"]
    }));
    chunks.push(json!("[DONE]"));
    chunks
}

fn message(scene: Scene) -> Value {
    let (content, reason, usage) = match scene {
        Scene::Tools => (
            json!([
                {"type": "text", "text": "Again."},
                {"type": "tool_use", "id": "call_2", "name": "look_up", "input": {"city": "Rome"}}
            ]),
            "tool_use",
            json!({"input_tokens": 30, "cache_read_input_tokens": 80, "output_tokens": 12}),
        ),
        Scene::Schema => (
            json!([{"type": "text", "text": "{\"sum\":"}]),
            "max_tokens",
            json!({"input_tokens": 30, "output_tokens": 4}),
        ),
        Scene::Thought => (
            json!([
                {"type": "thinking", "thinking": "27 * 450 and 81", "signature": "c2ln"},
                {"type": "text", "text": "12231"}
            ]),
            "end_turn",
            json!({"input_tokens": 30, "output_tokens": 12}),
        ),
    };
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
        "stop_reason": reason, "stop_sequence": null, "usage": usage
    })
}

fn message_events(scene: Scene) -> Vec<Value> {
    let whole = message(scene);
    let start = |index: u32, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta =
        |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let stop = |index: u32| json!({"type": "content_block_stop", "index": index});
    let text = |text: &str| json!({"type": "text_delta", "text": text});
    let mut events = vec![json!({"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": whole["usage"]
    }})];
    events.extend(match scene {
        Scene::Tools => vec![
            start(0, json!({"type": "text", "text": ""})),
            delta(0, text("Aga")),
            delta(0, text("in.")),
            stop(0),
            start(
                1,
                json!({"type": "tool_use", "id": "call_2", "name": "look_up", "input": {}}),
            ),
            delta(
                1,
                json!({"type": "input_json_delta", "partial_json": "{\"city\":"}),
            ),
            delta(
                1,
                json!({"type": "input_json_delta", "partial_json": "\"Rome\"}"}),
            ),
            stop(1),
        ],
        Scene::Schema => vec![
            start(0, json!({"type": "text", "text": ""})),
            delta(0, text("{\"sum\":")),
            stop(0),
        ],
        Scene::Thought => vec![
            start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
            delta(
                0,
                json!({"type": "thinking_delta", "thinking": "27 * 450 and 81"}),
            ),
            delta(0, json!({"type": "signature_delta", "signature": "c2ln"})),
            stop(0),
            start(1, json!({"type": "text", "text": ""})),
            delta(1, text("12231")),
            stop(1),
        ],
    });
    events.push(json!({
        "type": "message_delta",
        "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": null},
        "usage": {"output_tokens": whole["usage"]["output_tokens"]}
    }));
    events.push(json!({"type": "message_stop"}));
    events
}

fn converse(scene: Scene) -> Value {
    let (content, reason, usage) = match scene {
        Scene::Tools => (
            json!([
                {"text": "Again."},
                {"toolUse": {"toolUseId": "call_2", "name": "look_up", "input": {"city": "Rome"}}}
            ]),
            "tool_use",
            json!({"inputTokens": 30, "outputTokens": 12, "totalTokens": 122, "cacheReadInputTokens": 80}),
        ),
        Scene::Schema => (
            json!([{"text": "{\"sum\":"}]),
            "max_tokens",
            json!({"inputTokens": 30, "outputTokens": 4, "totalTokens": 34}),
        ),
        Scene::Thought => (
            json!([
                {"reasoningContent": {"reasoningText": {"text": "27 * 450 and 81", "signature": "c2ln"}}},
                {"text": "12231"}
            ]),
            "end_turn",
            json!({"inputTokens": 30, "outputTokens": 12, "totalTokens": 42}),
        ),
    };
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": reason, "usage": usage, "metrics": {"latencyMs": 5}
    })
}

fn converse_events(scene: Scene) -> Vec<(&'static str, Value)> {
    let whole = converse(scene);
    let delta = |index: u32, delta: Value| {
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": index, "delta": delta}),
        )
    };
    let stop = |index: u32| ("contentBlockStop", json!({"contentBlockIndex": index}));
    let mut events = vec![("messageStart", json!({"role": "assistant"}))];
    events.extend(match scene {
        Scene::Tools => vec![
            delta(0, json!({"text": "Aga"})),
            delta(0, json!({"text": "in."})),
            stop(0),
            (
                "contentBlockStart",
                json!({"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "call_2", "name": "look_up"}}}),
            ),
            delta(1, json!({"toolUse": {"input": "{\"city\":"}})),
            delta(1, json!({"toolUse": {"input": "\"Rome\"}"}})),
            stop(1),
        ],
        Scene::Schema => vec![delta(0, json!({"text": "{\"sum\":"})), stop(0)],
        Scene::Thought => vec![
            delta(0, json!({"reasoningContent": {"text": "27 * 450 and 81"}})),
            delta(0, json!({"reasoningContent": {"signature": "c2ln"}})),
            stop(0),
            delta(1, json!({"text": "12231"})),
            stop(1),
        ],
    });
    events.push(("messageStop", json!({"stopReason": whole["stopReason"]})));
    events.push((
        "metadata",
        json!({"usage": whole["usage"], "metrics": {"latencyMs": 5}}),
    ));
    events
}
