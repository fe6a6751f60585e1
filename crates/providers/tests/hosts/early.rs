//! What hosts tell of usage before the end: it reaches whoever has to bill an answer that nobody hears
//! to its end, by the long way and by the short one.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_core::{Context, Event, Format, Model, RelayItem, RelayRequest, RequestId, Usage};
use busbar_testkit::{FakeUpstream, Say};
use busbar_wire::{Chunk, anthropic, bedrock, event_stream, openai::chat};
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::scene::{ask, host, models};

const START: &str = r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"cache_read_input_tokens":5,"cache_creation_input_tokens":3,"output_tokens":1}}}"#;
const BLOCK: &str =
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"one "}}"#;

/// A vendor, and how its answers begin.
struct Case {
    kind: &'static str,
    settings: &'static str,
    format: Format,
    media_type: &'static str,
    beginning: Vec<Vec<u8>>,
    /// Input, cached, kept, output, as told by the time that the first piece of text is there.
    told: Option<[u32; 4]>,
}

fn sse(data: &[&str]) -> Vec<Vec<u8>> {
    data.iter()
        .map(|data| format!("data: {data}\n\n").into_bytes())
        .collect()
}

fn chunks(data: &[&str]) -> Vec<Vec<u8>> {
    let framed = |data: &&str| {
        let payload = format!(r#"{{"bytes":"{}"}}"#, BASE64_STANDARD.encode(data));
        let chunk = Chunk::named("chunk", payload.into());
        event_stream::encode(&chunk, "application/json").to_vec()
    };
    data.iter().map(framed).collect()
}

fn invoke(model: &'static str, family: bedrock::Family, data: &[&str], told: Option<[u32; 4]>) -> Case {
    Case {
        kind: "bedrock",
        settings: model,
        format: bedrock::invoke::format(family).unwrap(),
        media_type: event_stream::MEDIA_TYPE,
        beginning: chunks(data),
        told,
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            kind: "anthropic",
            settings: "upstream = 'claude-3-haiku-20240307'",
            format: anthropic::FORMAT,
            media_type: "text/event-stream",
            beginning: sse(&[START, BLOCK]),
            told: Some([7, 5, 3, 1]),
        },
        Case {
            kind: "vllm",
            settings: "",
            format: chat::FORMAT,
            media_type: "text/event-stream",
            // As engines send it that were told to count all the time.
            beginning: sse(&[
                r#"{"id":"c","choices":[{"index":0,"delta":{"content":"one "},"finish_reason":null}],"usage":{"prompt_tokens":12,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":5}}}"#,
            ]),
            told: Some([7, 5, 0, 1]),
        },
        invoke(
            "upstream = 'anthropic.claude-3-haiku-20240307-v1:0'\napi = 'invoke'",
            bedrock::Family::Claude,
            &[START, BLOCK],
            Some([7, 5, 3, 1]),
        ),
        invoke(
            "upstream = 'meta.llama3-8b-instruct-v1:0'\napi = 'invoke'",
            bedrock::Family::Llama,
            &[
                r#"{"generation":"one ","prompt_token_count":12,"generation_token_count":1,"stop_reason":null}"#,
            ],
            Some([12, 0, 0, 1]),
        ),
        invoke(
            "upstream = 'amazon.titan-text-express-v1'\napi = 'invoke'",
            bedrock::Family::TitanText,
            &[
                r#"{"outputText":"one ","index":0,"totalOutputTextTokenCount":1,"completionReason":null,"inputTextTokenCount":12}"#,
            ],
            Some([12, 0, 0, 1]),
        ),
        // These tell nothing before the end.
        invoke(
            "upstream = 'mistral.mistral-7b-instruct-v0:2'\napi = 'invoke'",
            bedrock::Family::Mistral,
            &[r#"{"outputs":[{"text":"one ","stop_reason":null}]}"#],
            None,
        ),
    ]
}

fn numbers(usage: Usage) -> [u32; 4] {
    [
        usage.input.0,
        usage.cached_input.0,
        usage.cache_write.0,
        usage.output.0,
    ]
}

fn model_at(upstream: &FakeUpstream, case: &Case) -> Model {
    let region = if case.kind == "bedrock" {
        "region = 'us-east-1'\n"
    } else {
        ""
    };
    let url = upstream.url();
    let settings = case.settings;
    let text = format!("{region}endpoint = '{url}'\n[[models]]\nid = 'near'\n{settings}\n");
    models(case.kind, Some("key"), &text).remove(0)
}

#[tokio::test]
async fn what_is_told_before_the_end_is_known_when_the_first_piece_is() {
    for case in cases() {
        let (media_type, beginning) = (case.media_type, case.beginning.clone());
        let upstream = host(move |_| {
            let mut steps = Say::begun(media_type, &beginning);
            steps.push(Say::Hold);
            steps
        })
        .await;
        let model = model_at(&upstream, &case);

        let mut events = model.chat.clone().unwrap().chat(ask("x")).await.unwrap();
        let mut told = None;
        loop {
            match events.next().await.unwrap().unwrap() {
                Event::Usage(usage) => told = Some(numbers(usage)),
                Event::Delta(delta) => break assert_eq!(delta.text, "one "),
                other => panic!("{}: {other:?}", case.kind),
            }
        }
        // A host may count in the very event that has the text.
        if told.is_none() && case.told.is_some() {
            let Event::Usage(usage) = events.next().await.unwrap().unwrap() else {
                panic!("{}: nothing was told", case.settings);
            };
            told = Some(numbers(usage));
        }
        assert_eq!(told, case.told, "{} {}", case.kind, case.settings);
        drop(events);

        let request = RelayRequest {
            context: Context::new(RequestId::new("r")),
            format: case.format,
            body: Bytes::from_static(br#"{"model":"near","messages":[]}"#),
            heads: Vec::new(),
            stream: true,
        };
        let mut items = model.relay.unwrap().relay(request).await.unwrap();
        let (mut passed, mut told) = (Vec::new(), None);
        while passed.len() < case.beginning.concat().len() {
            match items.next().await.unwrap().unwrap() {
                RelayItem::Usage(usage) => told = Some(numbers(usage)),
                RelayItem::Bytes(bytes) => passed.extend_from_slice(&bytes),
                RelayItem::Done(done) => panic!("{done:?}"),
            }
        }
        assert_eq!(passed, case.beginning.concat());
        assert_eq!(told, case.told, "{} {}, passed on", case.kind, case.settings);
    }
}

#[tokio::test]
async fn a_count_is_no_beginning_of_an_answer() {
    let upstream = host(|_| {
        let mut steps = Say::begun("text/event-stream", &sse(&[START]));
        steps.push(Say::Close);
        steps
    })
    .await;
    let case = cases().remove(0);
    let model = model_at(&upstream, &case).chat.unwrap();
    // Another model may still be asked.
    assert!(model.chat(ask("x")).await.is_err());
}
