//! What clients write as plain completions, embeddings and summaries, and what it means.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use busbar_core::{
    Capabilities, ChatRequest, Context, EmbedRequest, Error, ErrorKind, Prompt, RequestId, Tokens,
};
use busbar_wire::{
    openai::{
        completions::CompletionBody,
        embeddings::{EmbeddingBody, EncodingFormat},
    },
    summaries::{SummaryAsked, SummaryBody, SummaryLength, SummaryStyle},
};

fn context() -> Context {
    Context::new(RequestId::new("r"))
}

fn completion(body: &str) -> Result<ChatRequest, Error> {
    CompletionBody::read(body.as_bytes())?.into_request(context())
}

fn embedding(body: &str) -> Result<EmbedRequest, Error> {
    let can = Capabilities {
        embedding_dimensions: Some(384),
        ..Capabilities::default()
    };
    EmbeddingBody::read(body.as_bytes())?.into_request(context(), &can)
}

fn summary(body: &str) -> Result<SummaryAsked, Error> {
    SummaryBody::read(body.as_bytes())?.into_asked(context())
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, param: &str, says: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.param(), Some(param), "{error}");
    assert!(error.message().contains(says), "{error}");
    assert!(
        matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported),
        "{error}"
    );
}

#[test]
fn a_completion_goes_on_with_its_text_for_sixteen_tokens() {
    let request = completion(r#"{"prompt":"Once upon"}"#).unwrap();
    assert_eq!(request.prompt, Prompt::Text("Once upon".into()));
    assert_eq!(request.max_tokens, Some(Tokens(16)));
    let listed = completion(r#"{"prompt":["Once upon"],"max_tokens":3,"logprobs":5,"stop":"."}"#).unwrap();
    assert_eq!(listed.prompt, Prompt::Text("Once upon".into()));
    assert_eq!((listed.max_tokens, listed.logprobs), (Some(Tokens(3)), Some(5)));
    assert_eq!(listed.stop, ["."]);
}

#[test]
fn a_completion_names_what_it_does_not_take() {
    refused(completion("{}"), "prompt", "missing");
    refused(completion(r#"{"prompt":""}"#), "prompt", "empty");
    refused(completion(r#"{"prompt":[]}"#), "prompt", "empty");
    refused(completion(r#"{"prompt":["a","b"]}"#), "prompt", "one text, not 2");
    refused(completion(r#"{"prompt":[1,2]}"#), "prompt[0]", "integer `1`");
    refused(completion(r#"{"prompt":"a","echo":true}"#), "echo", "false");
    refused(completion(r#"{"prompt":"a","suffix":"b"}"#), "suffix", "empty");
    refused(
        completion(r#"{"prompt":"a","best_of":2}"#),
        "best_of",
        "must be 1",
    );
    refused(completion(r#"{"prompt":"a","n":0}"#), "n", "must be 1");
    refused(completion(r#"{"prompt":"a","logprobs":6}"#), "logprobs", "0 to 5");
    refused(
        completion(r#"{"prompt":"a","logprobs":true}"#),
        "logprobs",
        "boolean",
    );
    let harmless = r#"{"prompt":"a","echo":false,"suffix":"","best_of":1,"n":1,"user":"u"}"#;
    assert!(completion(harmless).is_ok());
}

#[test]
fn texts_to_embed_come_alone_or_in_a_list() {
    assert_eq!(embedding(r#"{"input":"a"}"#).unwrap().inputs, ["a"]);
    assert_eq!(
        embedding(r#"{"input":["a","b"],"dimensions":384}"#)
            .unwrap()
            .inputs,
        ["a", "b"]
    );
    let base64 = EmbeddingBody::read(br#"{"model":"m","input":"a","encoding_format":"base64"}"#).unwrap();
    assert_eq!((base64.model(), base64.encoding()), ("m", EncodingFormat::Base64));
}

#[test]
fn an_embedding_request_names_what_it_does_not_take() {
    refused(embedding("{}"), "input", "missing");
    refused(embedding(r#"{"input":[]}"#), "input", "1 to 2048");
    refused(embedding(r#"{"input":""}"#), "input", "empty");
    refused(embedding(r#"{"input":["a",""]}"#), "input[1]", "empty");
    refused(embedding(r#"{"input":[1,2,3]}"#), "input[0]", "token ids");
    refused(embedding(r#"{"input":"a","dimensions":64}"#), "dimensions", "384");
    refused(
        embedding(r#"{"input":"a","encoding_format":"hex"}"#),
        "encoding_format",
        "hex",
    );
}

#[test]
fn a_summary_has_defaults() {
    let asked = summary(r#"{"text":"long"}"#).unwrap();
    assert_eq!(
        (asked.style, asked.length),
        (SummaryStyle::Paragraph, SummaryLength::Medium)
    );
    assert_eq!(
        (asked.text.as_str(), asked.model.as_str(), asked.max_tokens),
        ("long", "", None)
    );
    let all = r#"{"model":"m","text":"t","style":"bullets","length":"short","stream":true,
        "temperature":0,"seed":7,"max_tokens":9}"#;
    assert!(SummaryBody::read(all.as_bytes()).unwrap().stream());
    let asked = summary(all).unwrap();
    assert_eq!(
        (asked.style, asked.length),
        (SummaryStyle::Bullets, SummaryLength::Short)
    );
    assert_eq!(
        (asked.sampling.temperature, asked.sampling.seed),
        (Some(0.0), Some(7))
    );
    assert_eq!(asked.max_tokens, Some(Tokens(9)));
}

#[test]
fn a_summary_names_what_it_does_not_take() {
    refused(summary("{}"), "text", "missing");
    refused(summary(r#"{"text":"a","style":"haiku"}"#), "style", "haiku");
    refused(summary(r#"{"text":"a","length":5}"#), "length", "");
    refused(
        summary(r#"{"text":"a","max_tokens":0}"#),
        "max_tokens",
        "at least 1",
    );
    refused(
        summary(r#"{"text":"a","temperature":3}"#),
        "temperature",
        "0 to 2",
    );
}
