//! What every kind of host says, each in its own words: "one two three" as a stream and whole, and how a
//! stream tells that it failed.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_wire::{Chunk, event_stream};
use serde_json::{Value, json};

const SSE: &str = "text/event-stream";

/// A kind of host, and what it says.
#[derive(Clone)]
pub(crate) struct Speaker {
    /// The kind, as configurations have it.
    pub kind: &'static str,
    /// Of the model.
    pub settings: &'static str,
    /// Whether its models go on with a text rather than a conversation.
    pub plain: bool,
    /// The media type of its streams.
    pub media_type: &'static str,
    /// A stream, piece by piece.
    pub stream: Vec<Vec<u8>>,
    /// After how many pieces two pieces of text are there.
    pub begun: usize,
    /// A piece that says that the rest will not come; that it is busy.
    pub failure: Vec<u8>,
    /// A whole answer.
    pub whole: String,
    /// The end of the address that streams are asked at.
    pub path: &'static str,
    /// Tokens read, found computed, written; `None`: whole answers tell nothing of them.
    pub usage: [u32; 3],
    /// Whether a whole answer says so in its body.
    pub counted_whole: bool,
}

impl Speaker {
    /// What to call it in a message.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.kind, self.settings.replace('\n', " "))
    }
}

fn data(value: &Value) -> Vec<u8> {
    format!("data: {value}\n\n").into_bytes()
}

fn named(value: &Value) -> Vec<u8> {
    let event = value["type"].as_str().unwrap();
    format!("event: {event}\ndata: {value}\n\n").into_bytes()
}

/// A message of Converse's stream.
fn message(event: &'static str, value: &Value) -> Vec<u8> {
    let chunk = Chunk::named(event, value.to_string().into());
    event_stream::encode(&chunk, "application/json").to_vec()
}

/// A chunk of an answer in a model's own words.
fn chunk(value: &Value) -> Vec<u8> {
    message(
        "chunk",
        &json!({ "bytes": BASE64_STANDARD.encode(value.to_string()), "p": "ab" }),
    )
}

/// A part of what a container streams.
fn part(bytes: &[u8]) -> Vec<u8> {
    let chunk = Chunk::named("PayloadPart", bytes.to_vec().into());
    event_stream::encode(&chunk, "application/octet-stream").to_vec()
}

fn exception(class: &'static str) -> Vec<u8> {
    let data = json!({ "message": "busy" }).to_string();
    event_stream::encode(&Chunk::named(class, data.into()).failed(), "application/json").to_vec()
}

fn claude_events() -> Vec<Value> {
    let delta = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    vec![
        json!({"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "x", "content": [], "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 7, "cache_read_input_tokens": 5, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        delta("one "),
        delta("two "),
        delta("three"),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 3}}),
        json!({"type": "message_stop"}),
    ]
}

fn claude_whole() -> String {
    json!({"id": "m", "type": "message", "role": "assistant", "model": "x", "content": [{"type": "text", "text": "one two three"}], "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 7, "cache_read_input_tokens": 5, "output_tokens": 3}}).to_string()
}

fn anthropic() -> Speaker {
    Speaker {
        kind: "anthropic",
        settings: "upstream = 'claude-3-haiku-20240307'",
        plain: false,
        media_type: SSE,
        stream: claude_events().iter().map(named).collect(),
        begun: 4,
        failure: named(&json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}})),
        whole: claude_whole(),
        path: "/v1/messages",
        usage: [7, 5, 3],
        counted_whole: true,
    }
}

fn completion_chunks() -> Vec<Value> {
    let chunk = |delta: Value, finish: Value| json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    vec![
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "one "}), Value::Null),
        chunk(json!({"content": "two "}), Value::Null),
        chunk(json!({"content": "three"}), Value::Null),
        chunk(json!({}), json!("stop")),
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 5}}}),
    ]
}

fn completion_whole() -> String {
    json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "one two three"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 5}}}).to_string()
}

/// Whoever speaks OpenAI's chat completions.
pub(crate) fn chat_completions(kind: &'static str) -> Speaker {
    let mut stream: Vec<_> = completion_chunks().iter().map(data).collect();
    stream.push(b"data: [DONE]\n\n".to_vec());
    Speaker {
        kind,
        settings: "upstream = 'm'",
        plain: false,
        media_type: SSE,
        stream,
        begun: 3,
        failure: data(
            &json!({"error": {"message": "busy", "type": "server_error", "code": "server_overloaded"}}),
        ),
        whole: completion_whole(),
        path: "/chat/completions",
        usage: [7, 5, 3],
        counted_whole: true,
    }
}

fn responses() -> Speaker {
    let usage = json!({"input_tokens": 12, "input_tokens_details": {"cached_tokens": 5}, "output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 15});
    let said = json!({"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [{"type": "output_text", "text": "one two three", "annotations": []}]});
    let response = |status: &str, output: Value, usage: Value| json!({"id": "resp_1", "object": "response", "created_at": 1, "status": status, "error": null, "incomplete_details": null, "model": "m", "output": output, "usage": usage});
    let delta = |text: &str| json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text});
    let events = [
        json!({"type": "response.created", "response": response("in_progress", json!([]), Value::Null)}),
        json!({"type": "response.in_progress", "response": response("in_progress", json!([]), Value::Null)}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": []}}),
        json!({"type": "response.content_part.added", "item_id": "msg_1", "output_index": 0, "content_index": 0, "part": {"type": "output_text", "text": "", "annotations": []}}),
        delta("one "),
        delta("two "),
        delta("three"),
        json!({"type": "response.output_text.done", "item_id": "msg_1", "output_index": 0, "content_index": 0, "text": "one two three"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": said}),
        json!({"type": "response.completed", "response": response("completed", json!([said]), usage.clone())}),
    ];
    let mut failed = response("failed", json!([]), Value::Null);
    failed["error"] = json!({"code": "server_error", "message": "busy"});
    Speaker {
        kind: "openai",
        settings: "upstream = 'm'\napi = 'responses'",
        plain: false,
        media_type: SSE,
        stream: events.iter().map(named).collect(),
        begun: 6,
        failure: named(&json!({"type": "response.failed", "response": failed})),
        whole: response("completed", json!([said]), usage).to_string(),
        path: "/responses",
        usage: [7, 5, 3],
        counted_whole: true,
    }
}

fn converse_events() -> Vec<(&'static str, Value)> {
    let delta = |text: &str| {
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 0, "delta": {"text": text}}),
        )
    };
    vec![
        ("messageStart", json!({"role": "assistant"})),
        delta("one "),
        delta("two "),
        delta("three"),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        ("messageStop", json!({"stopReason": "end_turn"})),
        (
            "metadata",
            json!({"usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 15, "cacheReadInputTokens": 5}, "metrics": {"latencyMs": 5}}),
        ),
    ]
}

fn converse_whole() -> String {
    json!({"output": {"message": {"role": "assistant", "content": [{"text": "one two three"}]}}, "stopReason": "end_turn", "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 15, "cacheReadInputTokens": 5}, "metrics": {"latencyMs": 5}}).to_string()
}

fn converse() -> Speaker {
    Speaker {
        kind: "bedrock",
        settings: "upstream = 'anthropic.claude-3-haiku-20240307-v1:0'",
        plain: false,
        media_type: event_stream::MEDIA_TYPE,
        stream: converse_events()
            .iter()
            .map(|(event, value)| message(event, value))
            .collect(),
        begun: 3,
        failure: exception("throttlingException"),
        whole: converse_whole(),
        path: "/converse-stream",
        usage: [7, 5, 3],
        counted_whole: true,
    }
}

/// A model that is asked in its own words: its stream's chunks and its whole answer.
fn invoke(settings: &'static str, chunks: &[Value], begun: usize, whole: String) -> Speaker {
    Speaker {
        settings,
        stream: chunks.iter().map(chunk).collect(),
        begun,
        whole,
        path: "/invoke-with-response-stream",
        usage: [12, 0, 3],
        failure: exception("modelStreamErrorException"),
        ..converse()
    }
}

/// What the service adds to the last chunk.
fn counted(mut last: Value) -> Value {
    last["amazon-bedrock-invocationMetrics"] = json!({"inputTokenCount": 12, "outputTokenCount": 3, "invocationLatency": 300, "firstByteLatency": 100});
    last
}

fn own_words() -> Vec<Speaker> {
    let nova = converse_events()
        .into_iter()
        .map(|(event, value)| json!({ event: value }))
        .collect::<Vec<_>>();
    let titan = |text: &str, end: Value, read: Value| json!({"outputText": text, "index": 0, "totalOutputTextTokenCount": 3, "completionReason": end, "inputTextTokenCount": read});
    let llama = |text: &str, end: Value, read: Value| json!({"generation": text, "prompt_token_count": read, "generation_token_count": 3, "stop_reason": end});
    let mistral = |text: &str, end: Value| json!({"outputs": [{"text": text, "stop_reason": end}]});
    let talk = |text: &str, end: Value| json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "stop_reason": end}]});
    let cohere = |text: &str| json!({"is_finished": false, "event_type": "text-generation", "text": text});
    let uncounted = |speaker: Speaker| Speaker {
        counted_whole: false,
        ..speaker
    };
    vec![
        Speaker {
            usage: [7, 5, 3],
            ..invoke(
                "upstream = 'anthropic.claude-3-haiku-20240307-v1:0'\napi = 'invoke'",
                &claude_events(),
                4,
                claude_whole(),
            )
        },
        Speaker {
            usage: [7, 5, 3],
            ..invoke(
                "upstream = 'amazon.nova-micro-v1:0'\napi = 'invoke'",
                &nova,
                3,
                converse_whole(),
            )
        },
        invoke(
            "upstream = 'amazon.titan-text-express-v1'\napi = 'invoke'",
            &[
                titan("one ", Value::Null, json!(12)),
                titan("two ", Value::Null, Value::Null),
                counted(titan("three", json!("FINISH"), Value::Null)),
            ],
            2,
            json!({"inputTextTokenCount": 12, "results": [{"tokenCount": 3, "outputText": "one two three", "completionReason": "FINISH"}]}).to_string(),
        ),
        invoke(
            "upstream = 'meta.llama3-8b-instruct-v1:0'\napi = 'invoke'",
            &[
                llama("one ", Value::Null, json!(12)),
                llama("two ", Value::Null, Value::Null),
                counted(llama("three", json!("stop"), Value::Null)),
            ],
            2,
            json!({"generation": "one two three", "prompt_token_count": 12, "generation_token_count": 3, "stop_reason": "stop"}).to_string(),
        ),
        uncounted(invoke(
            "upstream = 'mistral.mistral-7b-instruct-v0:2'\napi = 'invoke'",
            &[
                mistral("one ", Value::Null),
                mistral("two ", Value::Null),
                counted(mistral("three", json!("stop"))),
            ],
            2,
            mistral("one two three", json!("stop")).to_string(),
        )),
        uncounted(invoke(
            "upstream = 'mistral.mistral-large-2402-v1:0'\napi = 'invoke'",
            &[
                talk("one ", Value::Null),
                talk("two ", Value::Null),
                counted(talk("three", json!("stop"))),
            ],
            2,
            talk("one two three", json!("stop")).to_string(),
        )),
        invoke(
            "upstream = 'cohere.command-r-v1:0'\napi = 'invoke'",
            &[
                json!({"is_finished": false, "event_type": "stream-start", "generation_id": "g"}),
                cohere("one "),
                cohere("two "),
                cohere("three"),
                counted(json!({"is_finished": true, "event_type": "stream-end", "response": {"response_id": "r", "text": "one two three", "generation_id": "g", "finish_reason": "COMPLETE"}, "finish_reason": "COMPLETE"})),
            ],
            3,
            json!({"response_id": "r", "text": "one two three", "generation_id": "g", "finish_reason": "COMPLETE", "meta": {"billed_units": {"input_tokens": 12, "output_tokens": 3}}}).to_string(),
        ),
    ]
}

fn containers() -> Vec<Speaker> {
    let token = |text: &str, whole: Value| {
        let end = match whole {
            Value::Null => Value::Null,
            _ => {
                json!({"finish_reason": "eos_token", "generated_tokens": 3, "seed": null, "input_length": 12})
            }
        };
        part(format!("data:{}\n\n", json!({"index": 1, "token": {"id": 1, "text": text, "logprob": -0.1, "special": false}, "generated_text": whole, "details": end})).as_bytes())
    };
    let mut chunks: Vec<_> = completion_chunks()
        .iter()
        .map(|chunk| part(&data(chunk)))
        .collect();
    chunks.push(part(b"data: [DONE]\n\n"));
    vec![
        Speaker {
            kind: "sagemaker",
            settings: "upstream = 'falcon'",
            plain: true,
            stream: vec![
                token("one ", Value::Null),
                token("two ", Value::Null),
                token("three", json!("one two three")),
            ],
            begun: 2,
            failure: exception("ModelStreamError"),
            whole: json!([{"generated_text": "one two three", "details": {"finish_reason": "eos_token", "generated_tokens": 3, "seed": null, "prefill": [{"id": 1, "text": "x", "logprob": null}], "tokens": []}}]).to_string(),
            path: "/invocations-response-stream",
            usage: [12, 0, 3],
            counted_whole: false,
            ..converse()
        },
        Speaker {
            kind: "sagemaker",
            settings: "upstream = 'ours'\nformat = 'chat'",
            stream: chunks,
            begun: 3,
            failure: exception("InternalStreamFailure"),
            whole: completion_whole(),
            path: "/invocations-response-stream",
            usage: [7, 5, 3],
            ..converse()
        },
    ]
}

/// Every kind of host that answers in text, in each way that it can be spoken to.
pub(crate) fn all() -> Vec<Speaker> {
    let rows = busbar_providers::vendors::compatible::ROWS.iter();
    let mut all = vec![anthropic(), chat_completions("openai"), responses(), converse()];
    all.extend(rows.map(|row| chat_completions(row.kind)));
    all.extend(own_words());
    all.extend(containers());
    all
}
