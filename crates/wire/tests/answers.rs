//! What answers look like on the wire, compared with files that were checked by hand.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::time::Duration;

use busbar_core::{
    AnswerMetrics, Delta, Done, Event, FinishReason, Progress, TokenLogprob, Tokens, ToolCallId, Transcript,
    Usage,
};
use busbar_wire::{
    AnswerWriter, Head, Metrics,
    openai::{
        chat::{ChatAnswer, ChatChunk, ChatWriter},
        completions::{CompletionAnswer, CompletionWriter},
        embeddings::{EmbeddingList, EncodingFormat},
        models::{ModelList, ModelObject},
    },
};
use bytes::Bytes;
use serde_json::Value;

fn head(include_usage: bool) -> Head {
    Head {
        id: "chatcmpl-1".into(),
        created: 1_767_225_600,
        model: "m".into(),
        include_usage,
    }
}

fn usage() -> Usage {
    Usage {
        input: Tokens(10),
        cached_input: Tokens(32),
        output: Tokens(5),
        ..Usage::default()
    }
}

fn metrics() -> AnswerMetrics {
    AnswerMetrics {
        model: "m".into(),
        first_chunk: Some(Duration::from_micros(80_250)),
        total: Duration::from_micros(280_250),
        usage: usage(),
        cost: Some(busbar_core::Money::picodollars(35_000)),
        cost_estimated: false,
        course: None,
    }
}

fn token(text: &str, logprob: f32) -> TokenLogprob {
    TokenLogprob {
        token: text.into(),
        bytes: text.into(),
        logprob,
        top: Vec::new(),
    }
}

fn said() -> Vec<Event> {
    let chosen = TokenLogprob {
        top: vec![token("é", -0.25), token("e", f32::NEG_INFINITY)],
        ..token("é", -0.25)
    };
    vec![
        Event::Progress(Progress {
            stage: "prompt",
            done: 1,
            total: 1,
        }),
        Event::text(""),
        Event::Delta(Delta {
            text: "Caf".into(),
            logprobs: vec![token("Caf", -1.5)],
        }),
        Event::Delta(Delta {
            text: "é".into(),
            logprobs: vec![chosen],
        }),
    ]
}

fn called() -> Vec<Event> {
    let id = ToolCallId::new("call_1");
    vec![
        Event::ToolCallStart {
            index: 0,
            id,
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

/// The chunks of a stream, one a line.
fn streamed(mut writer: impl AnswerWriter, events: &[Event], finish: FinishReason) -> String {
    let done = Done::new(finish, usage());
    let mut chunks = Vec::new();
    writer.open(&mut chunks);
    for event in events {
        writer.event(event, &mut chunks);
    }
    writer.end(&done, &metrics(), &mut chunks);
    chunks
        .iter()
        .map(|chunk| format!("{}\n", std::str::from_utf8(&chunk.data).unwrap()))
        .collect()
}

fn whole(mut writer: impl AnswerWriter, events: Vec<Event>, finish: FinishReason) -> Bytes {
    let mut transcript = Transcript::empty();
    for event in events {
        transcript.push(event);
    }
    transcript.finish = finish;
    transcript.usage = usage();
    writer.whole(&transcript, &metrics())
}

#[track_caller]
fn same(json: &[u8], golden: &str) {
    let json: Value = serde_json::from_slice(json).unwrap();
    let golden: Value = serde_json::from_str(golden).unwrap();
    assert_eq!(json, golden, "{json:#}");
}

#[test]
fn a_streamed_chat_answer() {
    let lines = streamed(ChatWriter::new(head(true)), &said(), FinishReason::Stop);
    assert_eq!(lines, include_str!("golden/chat_stream.jsonl"));
    for line in lines.lines() {
        let chunk: ChatChunk = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&chunk).unwrap(), line);
    }
}

#[test]
fn a_streamed_chat_answer_that_calls_a_tool() {
    let lines = streamed(ChatWriter::new(head(false)), &called(), FinishReason::ToolCalls);
    assert_eq!(lines, include_str!("golden/chat_stream_tools.jsonl"));
}

#[test]
fn a_whole_chat_answer() {
    let json = whole(ChatWriter::new(head(false)), said(), FinishReason::Length);
    same(&json, include_str!("golden/chat_answer.json"));
    let answer: ChatAnswer = serde_json::from_slice(&json).unwrap();
    assert_eq!(serde_json::to_vec(&answer).unwrap(), json);
}

#[test]
fn a_whole_chat_answer_that_calls_a_tool() {
    let json = whole(ChatWriter::new(head(false)), called(), FinishReason::ToolCalls);
    same(&json, include_str!("golden/chat_answer_tools.json"));
}

#[test]
fn a_streamed_completion() {
    let lines = streamed(CompletionWriter::new(head(true)), &said(), FinishReason::Stop);
    assert_eq!(lines, include_str!("golden/completion_stream.jsonl"));
}

#[test]
fn a_whole_completion() {
    let json = whole(CompletionWriter::new(head(false)), said(), FinishReason::Length);
    same(&json, include_str!("golden/completion_answer.json"));
    let answer: CompletionAnswer = serde_json::from_slice(&json).unwrap();
    assert_eq!(serde_json::to_vec(&answer).unwrap(), json);
}

#[test]
fn embeddings_as_numbers_and_as_base64() {
    let vectors = vec![vec![1.0, -0.5], vec![0.0, 0.25]];
    let embeddings = busbar_core::Embeddings {
        vectors,
        usage: usage(),
    };
    let list =
        |encoding| EmbeddingList::new(embeddings.clone(), encoding, Metrics::from(&metrics())).encode();
    same(
        &list(EncodingFormat::Float),
        include_str!("golden/embeddings_float.json"),
    );
    same(
        &list(EncodingFormat::Base64),
        include_str!("golden/embeddings_base64.json"),
    );
}

#[test]
fn a_list_of_models() {
    let card = busbar_core::ModelCard {
        id: "smollm2-135m-instruct".into(),
        title: "SmolLM2 135M Instruct".into(),
        host: "llama.cpp".into(),
        licence: "Apache-2.0".into(),
        capabilities: busbar_core::Capabilities {
            tasks: vec![busbar_core::Task::Chat, busbar_core::Task::Embed],
            context_window: Tokens(8192),
            max_output: Tokens(8192),
            chat: true,
            tools: false,
            structured_output: true,
            embedding_dimensions: Some(576),
            ..busbar_core::Capabilities::default()
        },
        price: None,
    };
    let list = ModelList::new(vec![ModelObject::new(&card, 1_767_225_600, true)]);
    same(&list.encode(), include_str!("golden/models.json"));
}
