//! What is sent to hosts elsewhere.

use busbar_core::{
    ChatRequest, Effort, ErrorKind, Event, Extra, Format, Media, MediaKind, MediaSource, Message,
    OutputFormat, Part, Prompt, Reasoning, Role, Thought, Tokens, Tool, ToolCall, ToolChoice,
};
use busbar_wire::{
    anthropic::{BEDROCK_MESSAGES_FORMAT, MESSAGES_FORMAT, MessagesBody, Variant, read_count, write_count},
    upstream::ChatFormat as _,
};
use serde_json::{Value, json};

use crate::support::requests::context;

fn asking(messages: Vec<Message>) -> ChatRequest {
    ChatRequest::new(context(), "m".into(), Prompt::Messages(messages))
}

fn hi() -> ChatRequest {
    asking(vec![Message::user("Hi")])
}

fn sent_to(request: &ChatRequest, model: &str) -> Value {
    serde_json::from_slice(&MESSAGES_FORMAT.write(request, model).unwrap()).unwrap()
}

fn sent(request: &ChatRequest) -> Value {
    sent_to(request, "claude-opus-4-6")
}

#[track_caller]
fn refused(request: &ChatRequest, param: &str) {
    let error = MESSAGES_FORMAT
        .write(request, "claude-3-5-haiku-latest")
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.param()),
        (ErrorKind::Unsupported, Some(param)),
        "{error}"
    );
}

fn call(id: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: "look".into(),
        arguments: arguments.into(),
    }
}

fn calling(calls: Vec<ToolCall>) -> Message {
    Message {
        tool_calls: calls,
        ..Message::assistant(busbar_core::Content::default())
    }
}

fn result(id: &str, said: &str) -> Message {
    Message {
        answers: Some(id.into()),
        ..Message::new(Role::Tool, said)
    }
}

#[track_caller]
fn comes_back(golden: &[u8], variant: Variant) {
    let expected: Value = serde_json::from_slice(golden).unwrap();
    let request = MessagesBody::read(golden, variant)
        .unwrap()
        .into_request(context())
        .unwrap();
    let format = match variant {
        Variant::Direct => &MESSAGES_FORMAT,
        Variant::Bedrock => &BEDROCK_MESSAGES_FORMAT,
    };
    let model = if request.model.as_str().is_empty() {
        "claude-sonnet-4"
    } else {
        request.model.as_str()
    };
    let sent: Value = serde_json::from_slice(&format.write(&request, model).unwrap()).unwrap();
    assert_eq!(sent, expected, "{sent:#}");
}

#[test]
fn a_request_of_the_format_is_sent_as_it_came() {
    comes_back(
        include_bytes!("../golden/anthropic/request_plain.json"),
        Variant::Direct,
    );
    comes_back(
        include_bytes!("../golden/anthropic/request_media.json"),
        Variant::Direct,
    );
    comes_back(
        include_bytes!("../golden/anthropic/request_tools.json"),
        Variant::Direct,
    );
    comes_back(
        include_bytes!("../golden/anthropic/request_thinking.json"),
        Variant::Direct,
    );
    comes_back(
        include_bytes!("../golden/anthropic/request_cache.json"),
        Variant::Direct,
    );
    comes_back(
        include_bytes!("../golden/anthropic/request_bedrock.json"),
        Variant::Bedrock,
    );
}

#[test]
fn the_model_is_the_one_that_the_host_knows() {
    assert_eq!(sent(&hi())["model"], "claude-opus-4-6");
    let bedrock = BEDROCK_MESSAGES_FORMAT.write(&hi(), "claude-opus-4-6").unwrap();
    let bedrock: Value = serde_json::from_slice(&bedrock).unwrap();
    assert!(bedrock.get("model").is_none() && bedrock.get("stream").is_none());
    assert_eq!(bedrock["anthropic_version"], "bedrock-2023-05-31");
}

#[test]
fn max_tokens_is_always_said() {
    let most = |request: &ChatRequest, model| sent_to(request, model)["max_tokens"].clone();
    assert_eq!(most(&hi(), "claude-3-haiku-20240307"), 4096);
    assert_eq!(most(&hi(), "claude-opus-4-6"), 32_000);
    let mut thinking = hi();
    thinking.reasoning = Some(Reasoning::Budget(Tokens(10_000)));
    assert_eq!(most(&thinking, "claude-sonnet-4-5"), 42_000);
    thinking.max_tokens = Some(Tokens(7));
    assert_eq!(most(&thinking, "claude-sonnet-4-5"), 7);
}

#[test]
fn thinking_is_asked_for_in_the_words_of_the_models_generation() {
    let mut request = hi();
    request.reasoning = Some(Reasoning::Effort(Effort::Medium));
    let new = sent_to(&request, "claude-opus-4-6");
    assert_eq!(
        (&new["thinking"], &new["output_config"]),
        (&json!({"type": "adaptive"}), &json!({"effort": "medium"}))
    );
    let old = sent_to(&request, "claude-sonnet-4-5-20250929");
    assert_eq!(old["thinking"], json!({"type": "enabled", "budget_tokens": 8192}));
    assert!(old.get("output_config").is_none());
    request.max_tokens = Some(Tokens(2000));
    assert_eq!(
        sent_to(&request, "claude-sonnet-4-5")["thinking"]["budget_tokens"],
        1999
    );
    request.max_tokens = Some(Tokens(500));
    assert!(sent_to(&request, "claude-sonnet-4-5").get("thinking").is_none());
    refused(&request, "reasoning");
    request.reasoning = Some(Reasoning::Off);
    assert!(
        sent_to(&request, "claude-3-5-haiku-latest")
            .get("thinking")
            .is_none()
    );
}

#[test]
fn turns_of_one_side_become_one() {
    let request = asking(vec![
        Message::system("s"),
        Message::system("t"),
        Message::user("a"),
        Message::user("b"),
        calling(vec![call("1", "{}"), call("2", "")]),
        result("1", "x"),
        result("2", ""),
        Message::user("c"),
    ]);
    let sent = sent(&request);
    assert_eq!(
        sent["system"],
        json!([{"type": "text", "text": "s"}, {"type": "text", "text": "t"}])
    );
    let expected = json!([
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "1", "name": "look", "input": {}},
            {"type": "tool_use", "id": "2", "name": "look", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "1", "content": "x"},
            {"type": "tool_result", "tool_use_id": "2"},
            {"type": "text", "text": "c"},
        ]},
    ]);
    assert_eq!(sent["messages"], expected);
}

#[test]
fn what_says_nothing_is_left_out() {
    let request = asking(vec![
        Message::user("a"),
        Message::assistant(""),
        Message::user("b"),
    ]);
    let expected =
        json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]);
    assert_eq!(sent(&request)["messages"], expected);
    let nothing = asking(vec![Message::user("")]);
    let error = MESSAGES_FORMAT.write(&nothing, "m").unwrap_err();
    assert_eq!(
        (error.kind(), error.param()),
        (ErrorKind::Invalid, Some("messages"))
    );
}

#[test]
fn a_history_with_calls_has_tools_though_none_may_be_called() {
    let sent = sent(&asking(vec![
        Message::user("a"),
        calling(vec![call("1", "{}")]),
        result("1", "x"),
    ]));
    assert_eq!(
        sent["tools"],
        json!([{"name": "look", "input_schema": {"type": "object"}}])
    );
    assert_eq!(sent["tool_choice"], json!({"type": "none"}));
}

#[test]
fn a_call_that_was_cut_off_does_not_spoil_the_conversation() {
    let sent = sent(&asking(vec![
        Message::user("a"),
        calling(vec![call("1", "{\"ci")]),
        result("1", "x"),
    ]));
    let input = &sent["messages"][1]["content"][0]["input"];
    assert_eq!(*input, json!({"INVALID_JSON": "{\"ci"}));
}

#[test]
fn ids_of_other_formats_are_made_to_fit_on_both_sides() {
    let sent = sent(&asking(vec![
        Message::user("a"),
        calling(vec![call("functions.look:0", "{}")]),
        result("functions.look:0", "x"),
    ]));
    assert_eq!(sent["messages"][1]["content"][0]["id"], "functions_look_0");
    assert_eq!(
        sent["messages"][2]["content"][0]["tool_use_id"],
        "functions_look_0"
    );
}

#[test]
fn the_choice_is_said_where_it_is_one() {
    let mut request = hi();
    request.tools = vec![Tool {
        name: "look".into(),
        description: None,
        parameters: json!({}),
        strict: None,
        cache_point: None,
    }];
    let mut check = |choice: ToolChoice, parallel, expected: Value| {
        request.tool_choice = choice;
        request.parallel_tool_calls = parallel;
        let sent = sent(&request);
        assert_eq!(sent.get("tool_choice").cloned().unwrap_or_default(), expected);
    };
    check(ToolChoice::Auto, None, Value::Null);
    check(
        ToolChoice::Auto,
        Some(false),
        json!({"type": "auto", "disable_parallel_tool_use": true}),
    );
    check(
        ToolChoice::Required,
        Some(true),
        json!({"type": "any", "disable_parallel_tool_use": false}),
    );
    check(ToolChoice::None, Some(false), json!({"type": "none"}));
    check(
        ToolChoice::Named("look".into()),
        None,
        json!({"type": "tool", "name": "look"}),
    );
}

#[test]
fn what_the_format_has_no_word_for_is_refused() {
    let check = |param: &str, change: fn(&mut ChatRequest)| {
        let mut request = hi();
        change(&mut request);
        refused(&request, param);
    };
    check("seed", |request| request.sampling.seed = Some(1));
    check("min_p", |request| request.sampling.min_p = Some(0.1));
    check("presence_penalty", |request| {
        request.sampling.presence_penalty = Some(0.5);
    });
    check("temperature", |request| request.sampling.temperature = Some(1.2));
    check("logprobs", |request| request.logprobs = Some(0));
    check("response_format", |request| request.output = OutputFormat::Json);
    check("prompt", |request| request.prompt = Prompt::Text("Once".into()));
    check("messages[0].name", |request| {
        let named = Message {
            name: Some("Ann".into()),
            ..Message::user("a")
        };
        request.prompt = Prompt::Messages(vec![named]);
    });
    check("messages[0].content[0]", |request| {
        let sound = Media {
            kind: MediaKind::Audio,
            media_type: "audio/wav".into(),
            source: MediaSource::Bytes("x".into()),
            name: None,
            detail: None,
        };
        request.prompt = Prompt::Messages(vec![Message::user(vec![Part::Media(sound)])]);
    });
    check("verbosity", |request| {
        request.extra = Extra {
            format: Some(Format("other")),
            fields: json!({"verbosity": "low"}).as_object().unwrap().clone(),
        };
    });
}

#[test]
fn what_does_nothing_or_harms_nobody_is_not_refused() {
    let mut request = hi();
    request.sampling.presence_penalty = Some(0.0);
    request.sampling.repetition_penalty = Some(1.0);
    request.hints = Extra {
        format: Some(Format("other")),
        fields: json!({"user": "u"}).as_object().unwrap().clone(),
    };
    assert!(sent(&request).get("user").is_none());
}

#[test]
fn an_address_is_fetched_by_others_before_it_goes_into_invoke_model() {
    let there = Media {
        kind: MediaKind::Image,
        media_type: "image/*".into(),
        source: MediaSource::Url("https://example.com/a.png".into()),
        name: None,
        detail: Some("high".into()),
    };
    let request = asking(vec![Message::user(vec![Part::Media(there)])]);
    assert_eq!(
        sent(&request)["messages"][0]["content"][0]["source"]["type"],
        "url"
    );
    let error = BEDROCK_MESSAGES_FORMAT.write(&request, "m").unwrap_err();
    assert_eq!(
        (error.kind(), error.param()),
        (ErrorKind::Unsupported, Some("messages[0].content[0]"))
    );
}

#[test]
fn a_mark_behind_a_thought_is_on_what_was_said_before() {
    let thought = Thought::Open {
        text: "x".into(),
        signature: Some("s".into()),
    };
    let request = asking(vec![
        Message::user("a"),
        Message::assistant(vec![Part::Thought(thought), Part::CachePoint(Default::default())]),
        Message::user("b"),
    ]);
    let sent = sent(&request);
    assert_eq!(
        sent["messages"][0]["content"][0]["cache_control"],
        json!({"type": "ephemeral"})
    );
    assert!(sent["messages"][1]["content"][0].get("cache_control").is_none());
}

#[test]
fn tokens_are_counted_by_the_same_prompt() {
    let mut request = hi();
    request.max_tokens = Some(Tokens(9));
    request.sampling.temperature = Some(0.5);
    let body: Value = serde_json::from_slice(&write_count(&request, "m").unwrap()).unwrap();
    assert_eq!(
        body,
        json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]})
    );
    assert_eq!(read_count(br#"{"input_tokens": 14}"#).unwrap(), Tokens(14));
    assert_eq!(read_count(b"{}").unwrap_err().kind(), ErrorKind::BadUpstream);
}

#[test]
fn what_comes_after_calls_is_said_after_them() {
    let golden = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "1", "name": "look", "input": {}, "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "b"},
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1"}]},
    ], "tools": [{"name": "look", "input_schema": {}}]});
    comes_back(golden.to_string().as_bytes(), Variant::Direct);
}

#[test]
fn no_stream_says_more_than_its_end() {
    let mut reader = MESSAGES_FORMAT.reader();
    let mut events = Vec::new();
    for data in [
        r#"{"type":"message_stop"}"#,
        r#"{"type":"message_stop"}"#,
        "nonsense",
    ] {
        let frame = busbar_wire::upstream::Incoming {
            event: "message",
            failure: false,
            data: data.as_bytes(),
        };
        reader.read(&frame, &mut events).unwrap();
    }
    assert!(matches!(events.as_slice(), [Event::Done(_)]));
}
