//! What hosts are sent, by their quirks.

use busbar_core::{
    ChatRequest, Effort, ErrorKind, Extra, Media, MediaKind, MediaSource, Message, OutputFormat, Part,
    Prompt, Reasoning, Role, Tokens, Tool,
};
use busbar_wire::{
    openai::{
        chat::FORMAT,
        hosts::{BUSBAR, COMPATIBLE, ENGINE, OPENAI, OpenAiChat, Quirks, quirks::ReasoningWords},
        responses::hosts::RESPONSES,
    },
    upstream::ChatFormat as _,
};
use serde_json::{Value, json};

use crate::support::requests::context;

fn asking(messages: Vec<Message>) -> ChatRequest {
    ChatRequest::new(context(), "m".into(), Prompt::Messages(messages))
}

fn sent(host: &OpenAiChat, request: &ChatRequest) -> Value {
    serde_json::from_slice(&host.write(request, "upstream-1").unwrap()).unwrap()
}

#[track_caller]
fn refused(host: &OpenAiChat, request: &ChatRequest, param: &str) {
    let error = host.write(request, "m").unwrap_err();
    assert_eq!(
        (error.kind(), error.param()),
        (ErrorKind::Unsupported, Some(param))
    );
}

fn full() -> ChatRequest {
    let mut request = asking(vec![Message::system("s"), Message::user("u")]);
    request.max_tokens = Some(Tokens(7));
    request.sampling.temperature = Some(0.7);
    request.reasoning = Some(Reasoning::Effort(Effort::Low));
    request.tools = vec![Tool::new("f", json!({"type": "object"}))];
    request.parallel_tool_calls = Some(false);
    request.output = OutputFormat::JsonSchema(json!({"type": "string"}));
    request
}

#[test]
fn the_vendor_is_asked_in_its_newest_words() {
    let expected: Value = serde_json::from_str(include_str!("../golden/openai/request_vendor.json")).unwrap();
    assert_eq!(sent(&OPENAI, &full()), expected);
}

#[test]
fn the_others_are_asked_in_words_that_all_of_them_know() {
    let expected: Value =
        serde_json::from_str(include_str!("../golden/openai/request_compatible.json")).unwrap();
    assert_eq!(sent(&COMPATIBLE, &full()), expected);
}

#[test]
fn what_a_host_has_no_word_for_is_refused_by_name() {
    let mut request = asking(vec![Message::user("u")]);
    request.sampling.top_k = Some(5);
    refused(&OPENAI, &request, "top_k");
    assert_eq!(sent(&ENGINE, &request)["top_k"], 5);

    let mut request = asking(vec![Message::user("u")]);
    request.ignore_end = true;
    refused(&COMPATIBLE, &request, "ignore_eos");

    let mut request = asking(vec![Message::user("u")]);
    request.reasoning = Some(Reasoning::Budget(Tokens(9)));
    refused(&OPENAI, &request, "reasoning");
    let quiet = OpenAiChat::new(Quirks {
        reasoning: ReasoningWords::None,
        ..Quirks::COMPATIBLE
    });
    refused(&quiet, &request, "reasoning_effort");

    let mut request = asking(vec![Message::user("u")]);
    request.extra = Extra {
        format: Some(busbar_core::Format("another")),
        fields: json!({"knob": 1}).as_object().unwrap().clone(),
    };
    refused(&OPENAI, &request, "knob");
    request.extra.format = Some(FORMAT);
    assert_eq!(sent(&OPENAI, &request)["knob"], 1);
}

fn picture(kind: MediaKind, media_type: &str, source: MediaSource) -> Part {
    Part::Media(Media {
        kind,
        media_type: media_type.into(),
        source,
        name: None,
        detail: None,
    })
}

#[test]
fn media_that_the_format_has_no_word_for_are_refused_by_their_place() {
    let bytes = || MediaSource::Bytes(bytes::Bytes::from_static(b"abc"));
    let there = || MediaSource::Url("https://x/y".into());
    for (part, host) in [
        (picture(MediaKind::Video, "video/mp4", bytes()), &OPENAI),
        (picture(MediaKind::Document, "application/pdf", there()), &ENGINE),
        (picture(MediaKind::Audio, "audio/ogg", bytes()), &BUSBAR),
    ] {
        let request = asking(vec![Message::user(vec![Part::Text("x".into()), part])]);
        refused(host, &request, "messages[0].content[1]");
    }
    let shown = picture(MediaKind::Image, "image/png", bytes());
    let result = Message {
        answers: Some("c".into()),
        ..Message::new(Role::Tool, vec![shown.clone()])
    };
    refused(&OPENAI, &asking(vec![result]), "messages[0].content[0]");
    let asked = sent(&OPENAI, &asking(vec![Message::user(vec![shown])]));
    let url = &asked["messages"][0]["content"][0]["image_url"]["url"];
    assert_eq!(url, "data:image/png;base64,YWJj");
}

#[test]
fn a_place_where_hosts_cannot_look_is_refused() {
    for kind in [MediaKind::Image, MediaKind::Document] {
        let media = picture(kind, "image/png", MediaSource::Url("s3://bucket/key".into()));
        let request = asking(vec![Message::user(vec![Part::Text("What is it?".into()), media])]);
        for host in [&OPENAI, &COMPATIBLE, &ENGINE] {
            refused(host, &request, "messages[0].content[1]");
        }
        let error = RESPONSES.write(&request, "m").unwrap_err();
        assert_eq!(error.param(), Some("messages[0].content[1]"));
    }
}

#[test]
fn that_a_tool_failed_is_said_in_words_where_there_is_no_field() {
    let result = Message {
        answers: Some("c".into()),
        failed: true,
        ..Message::new(Role::Tool, "no such city")
    };
    let request = asking(vec![result]);
    let content =
        json!([{"type": "text", "text": "The tool failed:"}, {"type": "text", "text": "no such city"}]);
    assert_eq!(sent(&OPENAI, &request)["messages"][0]["content"], content);
    let ours = sent(&BUSBAR, &request);
    assert_eq!(ours["messages"][0]["is_error"], true);
    assert_eq!(ours["messages"][0]["content"], "no such city");
}

#[test]
fn strictness_is_asked_for_where_the_schema_allows_it() {
    let strict = |schema: Value| {
        let mut request = asking(vec![Message::user("u")]);
        request.output = OutputFormat::JsonSchema(schema);
        sent(&OPENAI, &request)["response_format"]["json_schema"]["strict"].clone()
    };
    let closed = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"],
        "additionalProperties": false});
    assert_eq!(strict(closed.clone()), true);
    let mut open = closed.clone();
    open["additionalProperties"] = true.into();
    assert_eq!(strict(open), false);
    let mut loose = closed;
    loose["required"] = json!([]);
    assert_eq!(strict(loose), false);
}

#[test]
fn a_text_to_continue_takes_nothing_of_a_conversation() {
    let mut request = ChatRequest::new(context(), "m".into(), Prompt::Text("Once".into()));
    request.max_tokens = Some(Tokens(7));
    let body = sent(&OPENAI, &request);
    assert_eq!(
        (&body["prompt"], &body["max_tokens"]),
        (&json!("Once"), &json!(7))
    );
    request.tools = vec![Tool::new("f", json!({"type": "object"}))];
    refused(&OPENAI, &request, "tools");
}
