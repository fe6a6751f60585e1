//! Responses of hosts elsewhere: what they are sent, and what they answer.

use busbar_core::{
    ChatRequest, Done, Effort, ErrorKind, Event, FinishReason, Media, MediaKind, MediaSource, Message,
    OutputFormat, Part, Prompt, Reasoning, Result, Role, Sampling, Thought, Tokens, Tool, ToolCall,
    ToolChoice, Transcript, Usage,
};
use busbar_wire::{
    AnswerWriter as _,
    openai::responses::{
        ResponsesBody, ResponsesWriter,
        hosts::{RESPONSES, watch},
    },
    upstream::{ChatFormat as _, Incoming},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use crate::support::{
    events::{Answers, answers, head, metrics, written},
    requests::{Says, context, json_like, requests},
};

const SAYS: Says = Says {
    cache_points: false,
    failed_results: false,
    reasoning: &[
        Reasoning::Off,
        Reasoning::Effort(Effort::Minimal),
        Reasoning::Effort(Effort::High),
    ],
    ..Says::ALL
};
const ANSWERS: Answers = Answers {
    stop_text: false,
    ..Answers::ALL
};
const STREAM: &str = include_str!("../golden/responses/hosted_stream.jsonl");
const ANSWER: &[u8] = include_bytes!("../golden/responses/hosted_answer.json");

fn sent(request: &ChatRequest) -> Result<Value> {
    let body = RESPONSES.write(request, "upstream-1")?;
    Ok(serde_json::from_slice(&body).unwrap())
}

fn asking(messages: Vec<Message>) -> ChatRequest {
    let mut request = ChatRequest::new(context(), "m".into(), Prompt::Messages(messages));
    request.whole = true;
    request
}

fn full() -> ChatRequest {
    let picture = Part::Media(Media {
        kind: MediaKind::Image,
        media_type: "image/png".into(),
        source: MediaSource::Bytes(vec![0, 1].into()),
        name: None,
        detail: None,
    });
    let thought = Part::Thought(Thought::Open {
        text: "A picture.".into(),
        signature: Some("proof".into()),
    });
    let mut call = Message::assistant(vec![thought, Part::Text("I look.".into())]);
    call.tool_calls.push(ToolCall {
        id: "call_1".into(),
        name: "f".into(),
        arguments: "{}".into(),
    });
    let mut failed = Message::new(Role::Tool, "dark");
    failed.answers = Some("call_1".into());
    failed.failed = true;
    let mut request = asking(vec![
        Message::system("s"),
        Message::user(vec![Part::Text("What is here?".into()), picture]),
        call,
        failed,
    ]);
    let mut tool = Tool::new("f", json!({"type": "object"}));
    tool.description = Some("d".into());
    request.tools = vec![tool];
    request.tool_choice = ToolChoice::Named("f".into());
    request.parallel_tool_calls = Some(false);
    request.max_tokens = Some(Tokens(7));
    request.sampling.temperature = Some(0.7);
    request.reasoning = Some(Reasoning::Effort(Effort::Low));
    request.output = OutputFormat::JsonSchema(json!({"type": "string"}));
    request
}

/// What a stream of these events says, up to its first failure.
fn read<'a>(events: impl IntoIterator<Item = &'a str>) -> (Vec<Event>, Result<()>) {
    let mut reader = RESPONSES.reader();
    let mut out = Vec::new();
    for data in events {
        let frame = Incoming {
            event: "message",
            failure: false,
            data: data.as_bytes(),
        };
        if let Err(error) = reader.read(&frame, &mut out) {
            return (out, Err(error));
        }
    }
    (out, Ok(()))
}

fn transcript(events: impl IntoIterator<Item = Event>) -> Transcript {
    let mut transcript = Transcript::empty();
    for event in events {
        if let Some(done) = transcript.push(event) {
            transcript.end(done);
        }
    }
    transcript
}

#[test]
fn a_host_is_sent_the_whole_conversation_as_items() {
    let expected: Value =
        serde_json::from_str(include_str!("../golden/responses/hosted_request.json")).unwrap();
    assert_eq!(sent(&full()).unwrap(), expected);
    let mut streamed = asking(vec![Message::user("Hi")]);
    streamed.whole = false;
    let sent = sent(&streamed).unwrap();
    assert_eq!(
        sent,
        json!({
            "model": "upstream-1", "store": false, "stream": true,
            "input": [{"type": "message", "role": "user", "content": "Hi"}],
        })
    );
}

#[test]
fn what_the_format_has_no_word_for_is_refused_by_name() {
    let refused = |change: fn(&mut ChatRequest), param: &str| {
        let mut request = full();
        change(&mut request);
        let error = sent(&request).unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some(param))
        );
    };
    refused(|request| request.sampling.seed = Some(1), "seed");
    refused(|request| request.sampling.top_k = Some(1), "top_k");
    refused(|request| request.stop = vec!["x".into()], "stop");
    refused(|request| request.prompt = Prompt::Text("x".into()), "prompt");
    refused(
        |request| request.reasoning = Some(Reasoning::Budget(Tokens(9))),
        "reasoning",
    );
    refused(
        |request| {
            if let Prompt::Messages(messages) = &mut request.prompt {
                messages[1].name = Some("Ada".into());
            }
        },
        "messages[1].name",
    );
}

#[test]
fn what_only_this_format_knows_stands_where_it_stood() {
    let body = r#"{"input": "Hi", "truncation": "auto", "text": {"verbosity": "low"}}"#;
    let request = ResponsesBody::read(body.as_bytes())
        .unwrap()
        .into_request(context())
        .unwrap();
    let sent = sent(&request).unwrap();
    assert_eq!(
        (&sent["truncation"], &sent["text"]["verbosity"]),
        (&json!("auto"), &json!("low"))
    );
}

#[test]
fn a_stream_and_a_whole_answer_say_the_same() {
    let (events, read) = read(STREAM.lines());
    read.unwrap();
    let streamed = transcript(events);
    let whole = RESPONSES.whole(ANSWER).unwrap();
    assert_eq!(streamed, whole);
    assert_eq!((&*whole.text, whole.finish), ("Hello", FinishReason::ToolCalls));
    assert_eq!(
        whole.thoughts,
        [
            Thought::Sealed("gAAAAABo".into()),
            Thought::Open {
                text: "One.\n\nTwo.".into(),
                signature: Some("gAAAAABp".into()),
            },
        ]
    );
    assert_eq!(whole.tool_calls[0].arguments, r#"{"location":"Paris"}"#);
    let usage = Usage {
        input: Tokens(30),
        cached_input: Tokens(6),
        output: Tokens(23),
        reasoning: Tokens(64),
        ..Usage::default()
    };
    assert_eq!(whole.usage, usage);
    assert_eq!(watch().whole(ANSWER).map(|done| done.usage), Some(usage));
}

#[test]
fn an_answer_that_is_not_whole_says_why() {
    let ends = |details: &str| {
        let event = format!(
            r#"{{"type":"response.incomplete","response":{{"status":"incomplete","incomplete_details":{details}}}}}"#
        );
        let (events, _) = read([event.as_str()]);
        transcript(events).finish
    };
    assert_eq!(ends(r#"{"reason":"max_output_tokens"}"#), FinishReason::Length);
    assert_eq!(ends(r#"{"reason":"content_filter"}"#), FinishReason::Filtered);
    assert_eq!(ends("null"), FinishReason::Length);
    for cut in 0..STREAM.lines().count() {
        let (events, _) = read(STREAM.lines().take(cut));
        assert!(!events.iter().any(|event| matches!(event, Event::Done(_))));
    }
}

#[test]
fn failures_have_their_kind_wherever_they_stand() {
    let fails = |event: &str, limited: bool| {
        let (_, read) = read([event]);
        let error = read.unwrap_err();
        assert_eq!(
            matches!(error.kind(), ErrorKind::RateLimited { .. }),
            limited,
            "{error:?}"
        );
    };
    fails(
        r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow"}}}"#,
        true,
    );
    fails(
        r#"{"type":"error","code":"rate_limit_exceeded","message":"slow","param":null,"sequence_number":3}"#,
        true,
    );
    fails(
        r#"{"type":"error","error":{"type":"server_error","code":"server_error","message":"oh"}}"#,
        false,
    );
    fails(r#"{"type":"response.failed"}"#, false);
    fails("[]", false);
    let whole = |body: &[u8]| RESPONSES.whole(body).unwrap_err().kind();
    assert_eq!(
        whole(br#"{"status":"failed","error":{"code":"invalid_prompt","message":"no"},"output":[]}"#),
        ErrorKind::Invalid
    );
    assert_eq!(
        whole(br#"{"status":"in_progress","output":[]}"#),
        ErrorKind::BadUpstream
    );
    assert_eq!(whole(b"{}"), ErrorKind::BadUpstream);
}

#[test]
fn a_host_that_sends_no_pieces_is_understood() {
    let done = |at: u32, item: &str| {
        format!(r#"{{"type":"response.output_item.done","output_index":{at},"item":{item}}}"#)
    };
    let events = [
        done(
            0,
            r#"{"type":"message","content":[{"type":"output_text","text":"Hi"}]}"#,
        ),
        done(
            1,
            r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#,
        ),
        r#"{"type":"response.completed","response":{"status":"completed"}}"#.to_owned(),
    ];
    let (events, read) = read(events.iter().map(String::as_str));
    read.unwrap();
    let said = transcript(events);
    assert_eq!((&*said.text, &*said.tool_calls[0].arguments), ("Hi", "{}"));
}

/// The one form of what the format says in one way only.
fn normal(mut request: ChatRequest) -> ChatRequest {
    request.stop.clear();
    request.sampling = Sampling {
        temperature: request.sampling.temperature,
        top_p: request.sampling.top_p,
        ..Sampling::default()
    };
    for tool in &mut request.tools {
        tool.strict.get_or_insert(false);
    }
    let Prompt::Messages(messages) = &mut request.prompt else {
        return request;
    };
    for message in messages {
        let mut parts = std::mem::take(&mut message.content).into_parts();
        parts.retain(|part| !matches!(part, Part::Thought(Thought::Open { signature: None, .. })));
        for part in &mut parts {
            if let Part::Media(media) = part {
                match (media.kind, &media.source) {
                    (MediaKind::Image, _) => media.detail = Some("auto".into()),
                    (_, MediaSource::Bytes(_)) => {
                        media.name.get_or_insert_with(|| "document".into());
                    }
                    (_, MediaSource::Url(_)) => {}
                }
            }
        }
        message.content = parts.into();
    }
    request
}

/// An answer with calls waits for them, and one without does not, whatever was said.
fn expected(events: Vec<Event>, done: Done) -> Transcript {
    let calls = events
        .iter()
        .any(|event| matches!(event, Event::ToolCallStart { .. }));
    let finish = match done.finish {
        FinishReason::Stop | FinishReason::ToolCalls if calls => FinishReason::ToolCalls,
        FinishReason::ToolCalls => FinishReason::Stop,
        other => other,
    };
    let end = Event::Done(Done { finish, ..done });
    transcript(events.into_iter().chain([end]))
}

fn writer() -> ResponsesWriter {
    let echo = ResponsesBody::read(br#"{"input":"hi"}"#).unwrap().echo();
    ResponsesWriter::new(head(), echo)
}

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_written(request in requests(SAYS).prop_map(normal)) {
        let body = RESPONSES.write(&request, request.model.as_str()).unwrap();
        let read = ResponsesBody::read(&body).unwrap().into_request(context()).unwrap();
        prop_assert_eq!(format!("{read:?}"), format!("{request:?}"));
    }

    #[test]
    fn an_answer_is_read_as_it_was_written((events, done) in answers(ANSWERS)) {
        let expected = expected(events.clone(), done.clone());
        let chunks = written(&mut writer(), &events, &done);
        let told: Vec<_> = chunks.iter().map(|chunk| std::str::from_utf8(&chunk.data).unwrap()).collect();
        let (heard, read) = read(told);
        prop_assert!(read.is_ok());
        prop_assert_eq!(&transcript(heard), &expected);
        let body = writer().whole(&expected, &metrics(expected.usage));
        prop_assert_eq!(RESPONSES.whole(&body).unwrap(), expected);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..256)) {
        swallow(&bytes);
    }

    #[test]
    fn any_json_is_read_or_refused(json in json_like(NAMES, TEXTS)) {
        swallow(json.to_string().as_bytes());
    }
}

const NAMES: &[&str] = &[
    "type",
    "output_index",
    "delta",
    "item",
    "response",
    "output",
    "content",
    "summary",
    "text",
    "arguments",
    "call_id",
    "name",
    "usage",
    "input_tokens",
    "error",
    "code",
    "status",
];
const TEXTS: &[&str] = &[
    "response.output_text.delta",
    "response.output_item.added",
    "response.output_item.done",
    "response.completed",
    "function_call",
    "reasoning",
    "message",
    "error",
    "é\u{0}",
];

fn swallow(bytes: &[u8]) {
    let mut reader = RESPONSES.reader();
    let mut watch = watch();
    let mut out = Vec::new();
    for event in ["message", "error"] {
        let frame = Incoming {
            event,
            failure: false,
            data: bytes,
        };
        let _read = reader.read(&frame, &mut out);
        watch.see(&frame);
    }
    let _whole = RESPONSES.whole(bytes);
    let _said = RESPONSES.said(bytes);
    let _seen = watch.whole(bytes);
}
