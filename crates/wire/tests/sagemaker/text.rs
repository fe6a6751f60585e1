//! Generated text: requests and whole answers.

use busbar_core::{ChatRequest, ErrorKind, FinishReason, Message, Prompt, Result, Tokens};
use busbar_wire::{
    AnswerWriter as _,
    sagemaker::{CHAT_FORMAT, EndpointBody, TEXT_FORMAT, chat, text},
    upstream::ChatFormat as _,
};
use proptest::{option, prelude::*};
use serde_json::{Value, json};

use super::support::{
    events::{head, metrics},
    requests::{Says, context, hundredths, json_like, requests, text as any_text},
};

const REQUEST: &[u8] = include_bytes!("../golden/sagemaker/text_request.json");
const ANSWER: &[u8] = include_bytes!("../golden/sagemaker/text_answer.json");

fn read(body: &[u8]) -> Result<ChatRequest> {
    EndpointBody::read(body)?.into_request(context(), "falcon".into(), true)
}

fn of(body: &Value) -> Result<ChatRequest> {
    read(body.to_string().as_bytes())
}

#[test]
fn what_is_asked_for_is_understood() {
    let request = read(REQUEST).unwrap();
    assert_eq!(request.prompt, Prompt::Text("Once upon a time".into()));
    assert_eq!(request.model.as_str(), "falcon");
    let sampling = &request.sampling;
    assert_eq!(
        (sampling.temperature, sampling.top_p, sampling.top_k),
        (Some(0.8), Some(0.9), Some(50))
    );
    assert_eq!(
        (sampling.repetition_penalty, sampling.seed),
        (Some(1.03), Some(7))
    );
    assert_eq!((request.max_tokens, request.stop.len()), (Some(Tokens(256)), 2));
}

#[test]
fn the_body_tells_for_which_container_it_was_written() {
    let text = EndpointBody::read(REQUEST).unwrap();
    assert_eq!(text.format(), Some(text::FORMAT));
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "model": "other", "stream": true});
    let body = EndpointBody::read(body.to_string().as_bytes()).unwrap();
    assert_eq!(body.format(), Some(chat::FORMAT));
    let request = body.into_request(context(), "falcon".into(), true).unwrap();
    assert_eq!((request.model.as_str(), request.whole), ("falcon", true));
    assert_eq!(request.prompt, Prompt::Messages(vec![Message::user("Hi")]));
    let completion = EndpointBody::read(br#"{"prompt":"Once"}"#).unwrap();
    assert_eq!(completion.format(), None);
    let request = completion.into_request(context(), "falcon".into(), true).unwrap();
    assert_eq!(request.prompt, Prompt::Text("Once".into()));
}

#[test]
fn the_likeliest_is_picked_where_nothing_says_how_to_draw() {
    let temperature = |parameters: Value| {
        of(&json!({"inputs": "x", "parameters": parameters}))
            .unwrap()
            .sampling
            .temperature
    };
    assert_eq!(temperature(json!({})), Some(0.0));
    assert_eq!(temperature(json!({"do_sample": false})), Some(0.0));
    assert_eq!(temperature(json!({"do_sample": true})), None);
    assert_eq!(temperature(json!({"top_k": 5})), None);
    assert_eq!(temperature(json!({"temperature": 0.5})), Some(0.5));
    assert_eq!(
        of(&json!({"inputs": "x"})).unwrap().sampling.temperature,
        Some(0.0)
    );
}

#[test]
fn what_is_wrong_is_named_as_the_client_wrote_it() {
    for (body, kind, param) in [
        (json!({}), ErrorKind::Invalid, "inputs"),
        (json!({"inputs": [1]}), ErrorKind::Invalid, "inputs"),
        (
            json!({"inputs": "x", "parameters": {"top_p": "a"}}),
            ErrorKind::Invalid,
            "parameters.top_p",
        ),
        (
            json!({"inputs": "x", "parameters": {"temperature": 9.0}}),
            ErrorKind::Invalid,
            "parameters.temperature",
        ),
        (
            json!({"inputs": "x", "parameters": {"max_new_tokens": 0}}),
            ErrorKind::Invalid,
            "parameters.max_new_tokens",
        ),
        (
            json!({"inputs": "x", "parameters": {"stop": [""]}}),
            ErrorKind::Invalid,
            "parameters.stop[0]",
        ),
        (
            json!({"inputs": "x", "parameters": {"best_of": 2}}),
            ErrorKind::Unsupported,
            "parameters.best_of",
        ),
        (
            json!({"inputs": "x", "parameters": {"truncate": 9}}),
            ErrorKind::Unsupported,
            "parameters.truncate",
        ),
        (
            json!({"inputs": "x", "parameters": {"watermark": true}}),
            ErrorKind::Unsupported,
            "parameters.watermark",
        ),
    ] {
        let error = of(&body).unwrap_err();
        assert_eq!((error.kind(), error.param()), (kind, Some(param)), "{error}");
    }
}

#[test]
fn what_has_no_word_is_refused_by_name() {
    let refused = |change: fn(&mut ChatRequest), param: &str| {
        let mut request = ChatRequest::new(context(), "m".into(), Prompt::Text("x".into()));
        change(&mut request);
        let error = TEXT_FORMAT.write(&request, "m").unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some(param))
        );
    };
    refused(
        |request| request.prompt = Prompt::Messages(vec![Message::user("x")]),
        "messages",
    );
    refused(|request| request.sampling.min_p = Some(0.1), "min_p");
    refused(|request| request.logprobs = Some(0), "logprobs");
    refused(
        |request| request.output = busbar_core::OutputFormat::Json,
        "response_format",
    );
    refused(
        |request| {
            request.extra.format = Some(busbar_core::Format("other"));
            request.extra.fields.insert("knob".into(), 1.into());
        },
        "knob",
    );
}

#[test]
fn whole_answers_are_read_whatever_they_tell() {
    let transcript = TEXT_FORMAT.whole(ANSWER).unwrap();
    assert_eq!(
        (&*transcript.text, transcript.finish),
        (" there was", FinishReason::Length)
    );
    assert_eq!(
        (transcript.usage.input, transcript.usage.output),
        (Tokens(2), Tokens(2))
    );
    let bare = TEXT_FORMAT.whole(br#"{"generated_text":"x"}"#).unwrap();
    assert_eq!((&*bare.text, bare.finish), ("x", FinishReason::Stop));
    for wrong in [&b"[]"[..], b"{}", b"<html>", b"[[]]"] {
        assert_eq!(
            TEXT_FORMAT.whole(wrong).unwrap_err().kind(),
            ErrorKind::BadUpstream
        );
    }
}

#[test]
fn answers_begin_with_the_prompt_and_tell_details_where_that_is_asked_for() {
    let transcript = TEXT_FORMAT.whole(ANSWER).unwrap();
    let whole = |parameters: Value| {
        let body = json!({"inputs": "Once upon", "parameters": parameters});
        let body = EndpointBody::read(body.to_string().as_bytes()).unwrap();
        let written = body.writer(head()).whole(&transcript, &metrics(transcript.usage));
        serde_json::from_slice::<Value>(&written).unwrap()
    };
    assert_eq!(whole(json!({})), json!([{"generated_text": " there was"}]));
    let full = whole(json!({"return_full_text": true, "details": true}));
    let details = json!({"finish_reason": "length", "generated_tokens": 2, "input_length": 2});
    assert_eq!(
        full,
        json!([{"generated_text": "Once upon there was", "details": details}])
    );
}

fn asked() -> impl Strategy<Value = ChatRequest> {
    let sampling = (
        option::of(hundredths(1, 200)),
        option::of(hundredths(1, 99)),
        option::of(1..99_u32),
        any::<bool>(),
    );
    let rest = (option::of(hundredths(1, 200)), option::of(any::<u64>()));
    let limits = (
        option::of(1..9_999_u32),
        prop::collection::vec(any_text(), 0..3),
        any::<bool>(),
    );
    (any_text(), sampling, rest, limits).prop_map(
        |(inputs, (temperature, top_p, top_k, greedy), (penalty, seed), (most, stop, whole))| {
            let mut request = ChatRequest::new(context(), "falcon".into(), Prompt::Text(inputs));
            request.sampling.temperature = if greedy { Some(0.0) } else { temperature };
            request.sampling.top_p = top_p.filter(|_| !greedy);
            request.sampling.top_k = top_k.filter(|_| !greedy);
            request.sampling.repetition_penalty = penalty;
            request.sampling.seed = seed;
            request.max_tokens = most.map(Tokens);
            request.stop = stop;
            request.whole = whole;
            request
        },
    )
}

const CHAT: Says = Says {
    model: "falcon",
    cache_points: false,
    cache_spans: false,
    addresses: false,
    documents: false,
    thoughts: false,
    reasoning: &[],
    rich_results: false,
    failed_results: false,
    ..Says::ALL
};

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(request in asked()) {
        let body = TEXT_FORMAT.write(&request, "m").unwrap();
        let whole = request.whole;
        let read = EndpointBody::read(&body).unwrap().into_request(context(), "falcon".into(), whole).unwrap();
        prop_assert_eq!(format!("{read:?}"), format!("{request:?}"));
    }

    #[test]
    fn conversations_are_read_as_they_were_written(request in requests(CHAT)) {
        // What containers refuse is refused here; all else comes back.
        let Ok(body) = CHAT_FORMAT.write(&request, "m") else { return Ok(()) };
        let body = EndpointBody::read(&body).unwrap();
        prop_assert_eq!(body.format(), Some(chat::FORMAT));
        let read = body.into_request(context(), "falcon".into(), request.whole).unwrap();
        prop_assert_eq!(read.max_tokens, request.max_tokens);
        prop_assert_eq!(&read.sampling, &request.sampling);
        prop_assert_eq!(&read.stop, &request.stop);
        prop_assert_eq!(read.tools.len(), request.tools.len());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        let _ = read(&bytes);
        let _ = TEXT_FORMAT.whole(&bytes);
        let _ = CHAT_FORMAT.whole(&bytes);
        let _ = CHAT_FORMAT.said(&bytes);
    }

    #[test]
    fn any_json_is_read_or_refused(body in json_like(NAMES, &["", "length", "x"])) {
        let bytes = body.to_string().into_bytes();
        let _ = read(&bytes);
        let _ = TEXT_FORMAT.whole(&bytes);
        let _ = CHAT_FORMAT.said(&bytes);
    }
}

const NAMES: &[&str] = &[
    "inputs",
    "parameters",
    "temperature",
    "max_new_tokens",
    "stop",
    "top_k",
    "messages",
    "prompt",
    "role",
    "content",
    "generated_text",
    "details",
    "finish_reason",
    "generated_tokens",
    "prefill",
    "Message",
    "OriginalMessage",
    "error",
];
