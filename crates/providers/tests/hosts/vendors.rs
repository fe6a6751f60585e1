//! What is particular to vendors: addresses, signatures, framings, refusals in their own words.

use std::sync::Arc;

use super::scene::{ask, host, models, shared};
use aws_credential_types::{Credentials as Keys, provider::SharedCredentialsProvider};
use busbar_core::{
    ChatModel, ChatModelExt as _, Context, ErrorKind, FinishReason, RelayItem, RelayRequest, RequestId, Tool,
};
use busbar_providers::{
    auth::Auth,
    chat::{Calls, HostedChat},
    endpoint::Endpoint,
    framing::Framing,
    host::{Call, Host},
    http::Patience,
    vendors::aws::{Credentials, Signer, Style},
};
use busbar_testkit::{
    FakeUpstream, Say,
    conformance::chat::{Subject, all},
};
use busbar_wire::{
    Chunk,
    bedrock::converse::{CONVERSE_FORMAT, FORMAT},
    event_stream,
};
use bytes::Bytes;
use futures_util::StreamExt as _;

const HAIKU: &str = "anthropic.claude-3-haiku-20240307-v1:0";

fn message(event: &'static str, data: &str) -> Bytes {
    let chunk = Chunk::named(event, Bytes::copy_from_slice(data.as_bytes()));
    event_stream::encode(&chunk, "application/json")
}

fn exception(class: &'static str, text: &str) -> Bytes {
    let data = format!(r#"{{"message":"{text}"}}"#);
    event_stream::encode(&Chunk::named(class, data.into()).failed(), "application/json")
}

/// The messages of an answer that says "one two three".
fn messages() -> Vec<Bytes> {
    let delta = |text: &str| {
        let data = format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}}}}"#);
        message("contentBlockDelta", &data)
    };
    vec![
        message("messageStart", r#"{"role":"assistant"}"#),
        delta("one "),
        delta("two "),
        delta("three"),
        message("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        message("messageStop", r#"{"stopReason":"end_turn"}"#),
        message(
            "metadata",
            r#"{"usage":{"inputTokens":7,"outputTokens":3,"totalTokens":10},"metrics":{"latencyMs":5}}"#,
        ),
    ]
}

fn bedrock_at(upstream: &FakeUpstream, model: &str) -> busbar_core::Model {
    let text = format!(
        "region = 'us-east-1'\nendpoint = '{}'\n[[models]]\nid = 'near'\n{model}\n",
        upstream.url()
    );
    models("bedrock", Some("bearer-key"), &text).remove(0)
}

fn converse_at(upstream: &FakeUpstream) -> Arc<dyn ChatModel> {
    bedrock_at(upstream, &format!("upstream = '{HAIKU}'"))
        .chat
        .unwrap()
}

#[tokio::test]
async fn converse_keeps_the_contract() {
    let upstream = host(|request| match request.text() {
        text if text.contains("refuse") => {
            Say::whole("400 Bad Request", "application/json", r#"{"message":"no"}"#)
        }
        text if text.contains("break") => {
            let mut steps = Say::begun(event_stream::MEDIA_TYPE, &messages()[..3]);
            steps.push(Say::Close);
            steps
        }
        _ => Say::stream(event_stream::MEDIA_TYPE, &messages()),
    })
    .await;
    all(&Subject {
        model: converse_at(&upstream),
        answered: Box::new(|| ask("answer")),
        refused: Box::new(|| ask("refuse")),
        broken: Some(Box::new(|| ask("break"))),
        live: upstream.counter(),
    })
    .await;
}

#[tokio::test]
async fn a_bearer_asks_converse_at_the_models_own_address() {
    let upstream = host(|_| Say::stream(event_stream::MEDIA_TYPE, &messages())).await;
    let model = bedrock_at(&upstream, &format!("upstream = '{HAIKU}'"));
    let answer = model.chat.unwrap().complete(ask("x")).await.unwrap();
    assert_eq!(answer.text, "one two three");
    assert_eq!((answer.usage.input.0, answer.usage.output.0), (7, 3));
    let received = upstream.received();
    assert_eq!(
        received[0].path,
        "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream"
    );
    assert_eq!(received[0].header("authorization"), Some("Bearer bearer-key"));
    assert_eq!(
        model.card.price.unwrap().of(&answer.usage).to_string(),
        "0.0000055"
    );
}

#[tokio::test]
async fn a_profiles_arn_is_one_segment_of_the_address() {
    let arn =
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-haiku-20240307-v1:0";
    let upstream = host(|_| Say::stream(event_stream::MEDIA_TYPE, &messages())).await;
    let model = bedrock_at(&upstream, &format!("upstream = '{arn}'"))
        .chat
        .unwrap();
    model.complete(ask("x")).await.unwrap();
    assert_eq!(
        upstream.received()[0].path,
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream"
    );
}

#[tokio::test]
async fn a_success_that_carries_the_real_failure_is_that_failure() {
    for (class, text) in [
        ("throttlingException", "slow down"),
        ("internalServerException", "oh"),
        ("serviceUnavailableException", "later"),
    ] {
        let upstream = host(move |_| Say::stream(event_stream::MEDIA_TYPE, &[exception(class, text)])).await;
        let error = converse_at(&upstream)
            .chat(ask("x"))
            .await
            .map(|_| ())
            .unwrap_err();
        assert!(error.is_retryable(), "{class}: {error:?}");
        let upstream = host(move |_| {
            let mut all = messages();
            all.truncate(3);
            all.push(exception(class, text));
            Say::stream(event_stream::MEDIA_TYPE, &[all.concat()])
        })
        .await;
        let mut events = converse_at(&upstream).chat(ask("x")).await.unwrap();
        let mut last = None;
        while let Some(event) = events.next().await {
            last = Some(event);
        }
        assert!(last.unwrap().unwrap_err().is_retryable(), "{class}");
    }
}

#[tokio::test]
async fn one_call_at_a_time_is_kept_to_where_the_host_cannot_be_told() {
    let called = |index: u32| {
        let start = format!(
            r#"{{"contentBlockIndex":{index},"start":{{"toolUse":{{"toolUseId":"call_{index}","name":"look"}}}}}}"#
        );
        let piece = format!(r#"{{"contentBlockIndex":{index},"delta":{{"toolUse":{{"input":"{{}}"}}}}}}"#);
        let stop = format!(r#"{{"contentBlockIndex":{index}}}"#);
        [
            message("contentBlockStart", &start),
            message("contentBlockDelta", &piece),
            message("contentBlockStop", &stop),
        ]
        .concat()
    };
    let upstream = host(move |_| {
        let mut all = messages();
        let calls = [called(1), called(2)].concat();
        all.splice(
            5..6,
            [
                calls.into(),
                message("messageStop", r#"{"stopReason":"tool_use"}"#),
            ],
        );
        Say::stream(event_stream::MEDIA_TYPE, &all)
    })
    .await;
    for (parallel, calls) in [(None, 2), (Some(true), 2), (Some(false), 1)] {
        let mut request = ask("x");
        request.tools = vec![Tool::new("look", serde_json::json!({"type": "object"}))];
        request.parallel_tool_calls = parallel;
        let answer = converse_at(&upstream).complete(request).await.unwrap();
        assert_eq!(answer.tool_calls.len(), calls, "{parallel:?}");
        assert_eq!(answer.tool_calls[0].id.as_str(), "call_1");
        assert_eq!(answer.finish, FinishReason::ToolCalls);
    }
}

#[tokio::test]
async fn a_wrong_request_that_says_busy_is_busy() {
    let upstream = host(|_| {
        let headers = [
            ("content-type", "application/json"),
            (
                "x-amzn-errortype",
                "ServiceUnavailableException:http://internal.amazon.com/",
            ),
        ];
        Say::with(
            "400 Bad Request",
            &headers,
            r#"{"message":"Bedrock is unable to process your request."}"#,
        )
    })
    .await;
    let error = converse_at(&upstream)
        .chat(ask("x"))
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Overloaded { .. }), "{error:?}");
}

#[tokio::test]
async fn a_message_with_a_wrong_checksum_is_no_answer() {
    let upstream = host(|_| {
        let mut bytes = messages().concat();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        Say::stream(event_stream::MEDIA_TYPE, &[bytes])
    })
    .await;
    let error = converse_at(&upstream).complete(ask("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadUpstream);
}

#[tokio::test]
async fn without_a_key_requests_are_signed_as_they_are_sent() {
    let upstream = host(|_| Say::stream(event_stream::MEDIA_TYPE, &messages())).await;
    let keys = Keys::new("AKIDEXAMPLE", "very-secret", Some("session".into()), None, "test");
    let signer = Signer {
        credentials: Arc::new(Credentials::from_provider(SharedCredentialsProvider::new(keys))),
        region: "eu-central-1".into(),
        service: "bedrock",
        style: Style::Usual,
    };
    let endpoint = Endpoint::new(&upstream.url()).unwrap();
    let call = |last| {
        Call::json(
            endpoint.join(&["model", HAIKU, last], None).unwrap(),
            "application/json",
        )
    };
    let model = HostedChat {
        host: Host {
            name: "far".into(),
            client: shared().client,
            auth: Auth::Signed(Arc::new(signer)),
            patience: Patience::default(),
        },
        format: &CONVERSE_FORMAT,
        framing: Framing::EventStream,
        model: HAIKU.into(),
        calls: Calls {
            whole: call("converse"),
            stream: Some(call("converse-stream")),
        },
        text_calls: None,
        counts: None,
        heads: None,
    };
    assert!(!format!("{model:?}").contains("very-secret"));
    model.complete(ask("x")).await.unwrap();
    let received = upstream.received();
    let authorization = received[0].header("authorization").unwrap();
    assert!(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
            && authorization.contains("/eu-central-1/bedrock/aws4_request")
            && authorization.contains("host;x-amz-date;x-amz-security-token"),
        "{authorization}"
    );
    assert_eq!(received[0].header("x-amz-security-token"), Some("session"));
    assert!(upstream.url().ends_with(received[0].header("host").unwrap()));
}

#[tokio::test]
async fn event_streams_pass_through_byte_for_byte() {
    let upstream = host(|_| {
        let bytes = messages().concat();
        let pieces: Vec<_> = bytes.chunks(11).collect();
        Say::stream(event_stream::MEDIA_TYPE, &pieces)
    })
    .await;
    let relay = bedrock_at(&upstream, &format!("upstream = '{HAIKU}'"))
        .relay
        .unwrap();
    let body = Bytes::from_static(br#"{"messages":[{"role":"user","content":[{"text":"x"}]}]}"#);
    let request = RelayRequest {
        context: Context::new(RequestId::new("r")),
        format: FORMAT,
        body: body.clone(),
        heads: Vec::new(),
        stream: true,
    };
    let mut items = relay.relay(request).await.unwrap();
    let mut passed = Vec::new();
    let done = loop {
        match items.next().await.unwrap().unwrap() {
            RelayItem::Bytes(bytes) => passed.extend_from_slice(&bytes),
            RelayItem::Usage(_) => {}
            RelayItem::Done(done) => break done,
        }
    };
    assert_eq!(passed, messages().concat());
    assert_eq!(done.usage.output.0, 3);
    assert_eq!(upstream.received()[0].body, body);
}

#[tokio::test]
async fn a_models_own_words_are_counted_by_the_services_headers() {
    let upstream = host(|_| {
        let headers = [
            ("content-type", "application/json"),
            ("x-amzn-bedrock-input-token-count", "11"),
            ("x-amzn-bedrock-output-token-count", "4"),
            ("x-amzn-bedrock-cache-read-input-token-count", "90"),
        ];
        Say::with(
            "200 OK",
            &headers,
            r#"{"outputs":[{"text":"hello","stop_reason":"stop"}]}"#,
        )
    })
    .await;
    let model = bedrock_at(
        &upstream,
        "upstream = 'mistral.mistral-7b-instruct-v0:2'\napi = 'invoke'",
    );
    let mut request = ask("x");
    request.whole = true;
    let answer = model.chat.unwrap().complete(request).await.unwrap();
    assert_eq!(answer.text, "hello");
    assert_eq!((answer.usage.input.0, answer.usage.output.0), (11, 4));
    assert_eq!(answer.usage.cached_input.0, 90);
    assert!(upstream.received()[0].path.ends_with("/invoke"));
}

#[tokio::test]
async fn an_endpoint_that_cannot_stream_answers_whole() {
    let upstream =
        host(|_| Say::whole("200 OK", "application/json", r#"[{"generated_text":"hello"}]"#)).await;
    let text = format!(
        "region = 'us-east-1'\nendpoint = '{}'\n[[models]]\nid = 'falcon'\nupstream = 'my-falcon'\nstream = false\ninference_component = 'part'\n",
        upstream.url()
    );
    let model = models("sagemaker", Some("key"), &text).remove(0);
    let mut request = ask("x");
    request.prompt = busbar_core::Prompt::Text("Once".into());
    let answer = model.chat.unwrap().complete(request).await.unwrap();
    assert_eq!(answer.text, "hello");
    let received = upstream.received();
    assert_eq!(received[0].path, "/endpoints/my-falcon/invocations");
    assert_eq!(
        received[0].header("x-amzn-sagemaker-inference-component"),
        Some("part")
    );
    assert_eq!(model.card.price, None);
}

#[tokio::test]
async fn a_text_to_be_continued_has_an_address_of_its_own() {
    let upstream = host(|_| {
        let body = r#"{"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":" upon","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;
        Say::whole("200 OK", "application/json", body)
    })
    .await;
    let text = format!("endpoint = '{}/v1'\n[[models]]\nid = 'm'\n", upstream.url());
    let model = models("vllm", None, &text).remove(0);
    let mut request = ask("x");
    request.prompt = busbar_core::Prompt::Text("Once".into());
    request.whole = true;
    assert_eq!(model.chat.unwrap().complete(request).await.unwrap().text, " upon");
    assert_eq!(upstream.received()[0].path, "/v1/completions");
}

#[test]
fn sections_that_are_wrong_say_where() {
    let wrong = |kind: &str, text: &str| {
        let section = busbar_providers::settings::Section {
            name: "far".into(),
            kind: kind.into(),
            key: None,
            fields: text.parse().unwrap(),
        };
        let problems = busbar_providers::build(&section, &shared()).unwrap_err();
        problems
            .into_iter()
            .map(|problem| problem.field)
            .collect::<Vec<_>>()
    };
    let model = "[[models]]\nid = 'a'\n";
    assert_eq!(wrong("bedrock", model), [""]);
    assert_eq!(
        wrong("bedrock", &format!("region = 'x/../y'\n{model}")),
        ["region"]
    );
    assert_eq!(
        wrong("bedrock", &format!("region = 'r'\nendpoint = 'ftp://h'\n{model}")),
        ["endpoint"]
    );
    assert_eq!(
        wrong(
            "bedrock",
            &format!("region = 'r'\n{model}upstream = '../../x'\n[[models]]\nid = 'b'\napi = 'invoke'\n")
        ),
        ["models[0].upstream", "models[1].api"]
    );
    assert_eq!(
        wrong("bedrock", &format!("region = 'r'\n{model}apy = 'x'\n")),
        ["models[0].apy"]
    );
    assert_eq!(wrong("azure", model), ["endpoint"]);
    assert_eq!(
        wrong("sagemaker", &format!("region = 'r'\n{model}upstream = 'a/b'\n")),
        ["models[0].upstream"]
    );
}

#[tokio::test]
async fn an_endpoint_that_works_later_is_told_where_the_request_lies_and_watched_for_its_answer() {
    let looks = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = looks.clone();
    let upstream = host(move |request| match (&*request.method, &*request.path) {
        ("PUT", _) => Say::with("200 OK", &[], ""),
        ("POST", _) => {
            let headers = [
                ("x-amzn-sagemaker-outputlocation", "s3://store/out/1"),
                ("x-amzn-sagemaker-failurelocation", "s3://store/failed/1"),
            ];
            Say::with("202 Accepted", &headers, r#"{"InferenceId":"1"}"#)
        }
        ("GET", "/store/out/1") if counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0 => {
            Say::whole("200 OK", "application/json", r#"[{"generated_text":"late"}]"#)
        }
        _ => Say::with("404 Not Found", &[], "<Error/>"),
    })
    .await;
    let text = format!(
        "region = 'us-east-1'\nendpoint = '{0}'\nobjects_endpoint = '{0}'\naccess_key_id = 'AKID'\n[[models]]\nid = 'slow'\nupstream = 'slow-one'\ninputs = 's3://store/in'\n",
        upstream.url()
    );
    let model = models("sagemaker", Some("very-secret"), &text)
        .remove(0)
        .chat
        .unwrap();
    let mut request = ask("x");
    request.prompt = busbar_core::Prompt::Text("Once".into());
    assert_eq!(model.complete(request).await.unwrap().text, "late");
    let received = upstream.received();
    let told = received.iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(told.path, "/endpoints/slow-one/async-invocations");
    let place = told.header("x-amzn-sagemaker-inputlocation").unwrap();
    assert_eq!(place.strip_prefix("s3:/"), Some(&*received[0].path));
    assert!(received[0].text().contains("Once"));
    assert!(received[0].header("x-amz-content-sha256").is_some());
    for (request, service) in [(&received[0], "s3"), (told, "sagemaker")] {
        let scope = format!("/us-east-1/{service}/aws4_request");
        assert!(request.header("authorization").unwrap().contains(&scope));
    }
}
