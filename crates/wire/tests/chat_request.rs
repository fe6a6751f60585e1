//! What clients write as chat completions, and what it means.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use busbar_core::{
    CachePoint, CacheSpan, ChatRequest, Content, Context, Effort, Error, ErrorKind, LogitBias, Media,
    MediaKind, MediaSource, Message, OutputFormat, Part, Prompt, Reasoning, RequestId, Role, Thought, Tokens,
    ToolCall, ToolCallId, ToolChoice,
};
use busbar_wire::openai::chat::{CARRIED, ChatBody, FORMAT, HARMLESS};
use serde_json::json;

fn read(body: &str) -> Result<ChatRequest, Error> {
    ChatBody::read(body.as_bytes())?.into_request(Context::new(RequestId::new("r")))
}

/// A body with one turn and these fields beside.
fn with(fields: &str) -> Result<ChatRequest, Error> {
    read(&format!(
        r#"{{"messages":[{{"role":"user","content":"hi"}}],{fields}}}"#
    ))
}

/// A body with these messages.
fn saying(messages: &str) -> Result<ChatRequest, Error> {
    read(&format!(r#"{{"messages":{messages}}}"#))
}

#[track_caller]
fn refused(result: Result<ChatRequest, Error>, param: &str, says: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.param(), Some(param), "{error}");
    assert!(error.message().contains(says), "{error}");
    assert!(
        matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported),
        "{error}"
    );
}

#[test]
fn everything_that_the_official_clients_can_send_is_read() {
    let body = include_str!("golden/chat_request_full.json");
    let asked = ChatBody::read(body.as_bytes()).unwrap();
    assert!(asked.stream() && asked.include_usage());
    let request = asked.into_request(Context::new(RequestId::new("r"))).unwrap();

    assert_eq!(request.model.as_str(), "smollm2-135m-instruct");
    assert_eq!(request.max_tokens, Some(Tokens(64)));
    assert_eq!(request.stop, ["\n\n", "END"]);
    assert_eq!(request.logprobs, Some(3));
    assert_eq!(request.tool_choice, ToolChoice::Named("get_weather".into()));
    assert_eq!(request.tools.len(), 2);
    assert_eq!(request.tools[0].description.as_deref(), Some("Weather now"));
    assert_eq!(
        request.tools[1].parameters,
        json!({"type": "object", "properties": {}})
    );
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    assert_eq!(request.output, OutputFormat::JsonSchema(schema));

    let sampling = &request.sampling;
    assert_eq!(
        (sampling.temperature, sampling.top_p, sampling.top_k),
        (Some(0.5), Some(0.9), Some(40))
    );
    assert_eq!(
        (sampling.min_p, sampling.repetition_penalty),
        (Some(0.05), Some(1.1))
    );
    assert_eq!(
        (sampling.presence_penalty, sampling.frequency_penalty),
        (Some(-2.0), Some(2.0))
    );
    assert_eq!(sampling.seed, Some(42));
    assert_eq!(
        sampling.logit_bias,
        [LogitBias {
            token: 50256,
            bias: -100.0
        }]
    );
}

#[test]
fn a_whole_conversation_keeps_its_turns() {
    let request = read(include_str!("golden/chat_request_tools.json")).unwrap();
    let call = ToolCall {
        id: ToolCallId::new("call_1"),
        name: "get_weather".into(),
        arguments: r#"{"city":"Paris"}"#.into(),
    };
    let expected = vec![
        Message::system("Be brief."),
        Message::system("Really."),
        Message {
            name: Some("ann".into()),
            ..Message::user(vec![Part::Text("one".into()), Part::Text("two".into())])
        },
        Message {
            tool_calls: vec![call],
            ..Message::assistant(Content::default())
        },
        Message {
            answers: Some(ToolCallId::new("call_1")),
            ..Message::new(Role::Tool, "sunny")
        },
        Message::assistant("It is sunny."),
        Message::assistant("I would rather not."),
    ];
    assert_eq!(request.prompt, Prompt::Messages(expected));
}

#[test]
fn the_least_that_can_be_sent_means_the_defaults() {
    let request = saying(r#"[{"role":"user","content":"hi"}]"#).unwrap();
    let context = Context::new(RequestId::new("r"));
    let plain = ChatRequest {
        whole: true,
        ..ChatRequest::new(context, "".into(), Prompt::Messages(vec![Message::user("hi")]))
    };
    assert_eq!(format!("{request:?}"), format!("{plain:?}"));
}

#[test]
fn null_is_the_same_as_absent() {
    let fields = r#""model":null,"stream":null,"stop":null,"seed":null,"tools":null,"tool_choice":null,
        "response_format":null,"logprobs":null,"top_logprobs":null,"logit_bias":null,"n":null,
        "max_tokens":null,"max_completion_tokens":null,"stream_options":null,"temperature":null,
        "functions":null,"function_call":null,"modalities":null"#;
    let request = with(fields).unwrap();
    assert_eq!(format!("{request:?}"), format!("{:?}", with(r#""x":1"#).unwrap()));
}

#[test]
fn the_newer_name_of_a_limit_wins() {
    assert_eq!(with(r#""max_tokens":5"#).unwrap().max_tokens, Some(Tokens(5)));
    let both = with(r#""max_tokens":5,"max_completion_tokens":7"#).unwrap();
    assert_eq!(both.max_tokens, Some(Tokens(7)));
}

#[test]
fn a_stop_text_may_stand_alone() {
    assert_eq!(with(r#""stop":"x""#).unwrap().stop, ["x"]);
    refused(with(r#""stop":["a",""]"#), "stop[1]", "must not be empty");
    refused(with(r#""stop":["a",1]"#), "stop[1]", "integer `1`");
    let many = vec!["\"x\""; 17].join(",");
    refused(with(&format!(r#""stop":[{many}]"#)), "stop", "at most 16");
}

#[test]
fn seeds_may_be_negative_or_large() {
    assert_eq!(with(r#""seed":-1"#).unwrap().sampling.seed, Some(u64::MAX));
    assert_eq!(
        with(r#""seed":18446744073709551615"#).unwrap().sampling.seed,
        Some(u64::MAX)
    );
    refused(with(r#""seed":1.5"#), "seed", "floating point `1.5`");
}

#[test]
fn response_formats_are_read() {
    let output = |format: &str| with(&format!(r#""response_format":{format}"#)).map(|request| request.output);
    assert_eq!(output(r#"{"type":"text"}"#).unwrap(), OutputFormat::Text);
    assert_eq!(output(r#"{"type":"json_object"}"#).unwrap(), OutputFormat::Json);
    let bare = r#"{"type":"json_schema","json_schema":{"name":"a"}}"#;
    assert_eq!(output(bare).unwrap(), OutputFormat::Json);
    let field = |format: &str| with(&format!(r#""response_format":{format}"#));
    refused(field(r#"{"type":"xml"}"#), "response_format.type", "xml");
    refused(
        field(r#"{"type":"json_schema"}"#),
        "response_format.json_schema",
        "missing",
    );
    refused(
        field(r#"{"type":"json_schema","json_schema":{"schema":[]}}"#),
        "response_format.json_schema.schema",
        "JSON Schema",
    );
}

#[test]
fn tool_choices_are_read_and_checked_against_the_tools() {
    let tools = r#""tools":[{"type":"function","function":{"name":"f"}}]"#;
    let choice = |choice: &str| with(&format!(r#"{tools},"tool_choice":{choice}"#));
    assert_eq!(choice(r#""auto""#).unwrap().tool_choice, ToolChoice::Auto);
    assert_eq!(choice(r#""none""#).unwrap().tool_choice, ToolChoice::None);
    assert_eq!(choice(r#""required""#).unwrap().tool_choice, ToolChoice::Required);
    let named = choice(r#"{"type":"function","function":{"name":"f"}}"#).unwrap();
    assert_eq!(named.tool_choice, ToolChoice::Named("f".into()));
    refused(choice(r#""any""#), "tool_choice", "`any`");
    refused(
        choice(r#"{"type":"function","function":{"name":"g"}}"#),
        "tool_choice.function.name",
        "`g`",
    );
    refused(
        choice(r#"{"type":"allowed_tools"}"#),
        "tool_choice.type",
        "allowed_tools",
    );
    refused(
        choice(r#"{"function":{"name":"f"}}"#),
        "tool_choice.type",
        "missing",
    );
    refused(choice("7"), "tool_choice", "integer `7`");
    refused(with(r#""tool_choice":"required""#), "tool_choice", "no `tools`");
}

#[test]
fn what_is_wrong_is_named_as_the_client_wrote_it() {
    refused(read("{}"), "messages", "missing");
    refused(saying("[]"), "messages", "at least one");
    refused(saying("null"), "messages", "null");
    refused(saying(r#"[{"content":"x"}]"#), "messages[0].role", "missing");
    refused(
        saying(r#"[{"role":"wizard","content":"x"}]"#),
        "messages[0].role",
        "`wizard`",
    );
    let second = |turn: &str| saying(&format!(r#"[{{"role":"user","content":"x"}},{turn}]"#));
    refused(second(r#"{"role":"user"}"#), "messages[1].content", "missing");
    refused(
        second(r#"{"role":"assistant","content":null}"#),
        "messages[1].content",
        "missing",
    );
    refused(
        second(r#"{"role":"user","content":5}"#),
        "messages[1].content",
        "integer `5`",
    );
    refused(
        second(r#"{"role":"user","content":[{"text":"x"}]}"#),
        "messages[1].content[0].type",
        "missing",
    );
    refused(
        second(r#"{"role":"user","content":[{"type":"text"}]}"#),
        "messages[1].content[0].text",
        "missing",
    );
    refused(
        second(r#"{"role":"user","content":[{"type":"odd"}]}"#),
        "messages[1].content[0].type",
        "`odd`",
    );
    refused(
        second(r#"{"role":"tool","content":"x"}"#),
        "messages[1].tool_call_id",
        "missing",
    );
    let call =
        r#"{"role":"user","content":"x","tool_calls":[{"id":"1","function":{"name":"f","arguments":""}}]}"#;
    refused(second(call), "messages[1].tool_calls", "assistant");
    let call = r#"{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"","arguments":""}}]}"#;
    refused(second(call), "messages[1].tool_calls[0].function.name", "empty");
    refused(
        with(r#""tools":[{"type":"function"}]"#),
        "tools[0].function",
        "missing",
    );
    refused(
        with(r#""tools":[{"type":"function","function":{"name":""}}]"#),
        "tools[0].function.name",
        "empty",
    );
    refused(with(r#""temperature":2.1"#), "temperature", "0 to 2");
    refused(with(r#""temperature":"hot""#), "temperature", "string");
    refused(with(r#""top_p":0"#), "top_p", "above 0 to 1");
    refused(with(r#""max_tokens":0"#), "max_tokens", "at least 1");
    refused(
        with(r#""max_completion_tokens":0"#),
        "max_completion_tokens",
        "at least 1",
    );
    refused(with(r#""max_tokens":-1"#), "max_tokens", "integer `-1`");
    refused(with(r#""top_logprobs":2"#), "top_logprobs", "`logprobs`");
    refused(
        with(r#""logprobs":true,"top_logprobs":21"#),
        "top_logprobs",
        "0 to 20",
    );
    refused(with(r#""logit_bias":{"cat":1}"#), "logit_bias.cat", "token ids");
    refused(with(r#""logit_bias":{"1":101}"#), "logit_bias", "-100 to 100");
    refused(with(r#""stream":"yes""#), "stream", "boolean");
}

#[test]
fn what_nobody_here_can_do_is_refused_rather_than_ignored() {
    // Where there is room for one answer only.
    refused(with(r#""n":2"#), "n", "must be 1");
    refused(with(r#""functions":[]"#), "functions", "`tools`");
    refused(
        with(r#""function_call":"auto""#),
        "function_call",
        "`tool_choice`",
    );
    refused(with(r#""modalities":["text","audio"]"#), "modalities", "audio");
    refused(
        with(r#""tools":[{"type":"custom","custom":{"name":"x"}}]"#),
        "tools[0].type",
        "custom",
    );
    refused(with(r#""audio":{"voice":"x","format":"wav"}"#), "audio", "spoken");
    let stored = r#"[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]"#;
    let error = saying(stored).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.code(), Some("unsupported_content"));
    assert_eq!(error.param(), Some("messages[0].content[0].file.file_id"));
}

#[test]
fn log_probabilities_are_asked_for_in_three_ways() {
    let asked = |fields: &str| with(fields).unwrap().logprobs;
    assert_eq!(asked(r#""logprobs":false"#), None);
    assert_eq!(asked(r#""logprobs":true"#), Some(0));
    assert_eq!(asked(r#""logprobs":true,"top_logprobs":20"#), Some(20));
    assert_eq!(asked(r#""logprobs":false,"top_logprobs":0"#), None);
}

/// The parts of the one turn.
fn parts(content: &str) -> Result<Vec<Part>, Error> {
    let request = saying(&format!(r#"[{{"role":"user","content":{content}}}]"#))?;
    let Prompt::Messages(mut messages) = request.prompt else {
        panic!("{request:?}")
    };
    Ok(messages.remove(0).content.into_parts())
}

fn medium(kind: MediaKind, media_type: &str, source: MediaSource) -> Media {
    Media {
        kind,
        media_type: media_type.into(),
        source,
        name: None,
        detail: None,
    }
}

fn bytes() -> MediaSource {
    MediaSource::Bytes(bytes::Bytes::from_static(b"abc"))
}

#[test]
fn pictures_documents_sound_and_video_are_read() {
    let read = parts(
        r#"[{"type":"text","text":"look"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,YWJj","detail":"low"}},
            {"type":"image_url","image_url":{"url":"https://x/y.png"}},
            {"type":"file","file":{"filename":"a.CSV","file_data":"YWJj"}},
            {"type":"file","file":{"file_data":"data:application/pdf;base64,YWJj"}},
            {"type":"input_audio","input_audio":{"data":"YWJj","format":"mp3"}},
            {"type":"video_url","video_url":{"url":"data:video/mp4;base64,YWJj"}}]"#,
    );
    let expected = [
        Part::Text("look".into()),
        Part::Media(Media {
            detail: Some("low".into()),
            ..medium(MediaKind::Image, "image/png", bytes())
        }),
        Part::Media(medium(
            MediaKind::Image,
            "image/*",
            MediaSource::Url("https://x/y.png".into()),
        )),
        Part::Media(Media {
            name: Some("a.CSV".into()),
            ..medium(MediaKind::Document, "text/csv", bytes())
        }),
        Part::Media(medium(MediaKind::Document, "application/pdf", bytes())),
        Part::Media(medium(MediaKind::Audio, "audio/mpeg", bytes())),
        Part::Media(medium(MediaKind::Video, "video/mp4", bytes())),
    ];
    assert_eq!(read.unwrap(), expected);
}

#[test]
fn what_is_no_picture_is_named() {
    let check = |part: &str, param: &str, says: &str| {
        let error = parts(&format!("[{part}]")).unwrap_err();
        assert_eq!(error.param(), Some(&*format!("messages[0].content[0].{param}")));
        assert!(error.message().contains(says), "{error}");
    };
    check(r#"{"type":"image_url"}"#, "image_url", "missing");
    for url in ["file:///etc/passwd", "ftp://x", "data", ""] {
        let part = format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#);
        check(&part, "image_url.url", "must begin with");
    }
    let data = |data: &str| format!(r#"{{"type":"image_url","image_url":{{"url":"data:{data}"}}}}"#);
    check(&data("image/png,abc"), "image_url.url", "base64");
    check(&data("image/png;base64,%%"), "image_url.url", "not base64");
    check(r#"{"type":"file","file":{}}"#, "file.file_data", "missing");
}

#[test]
fn what_to_keep_computed_is_read_wherever_clients_write_it() {
    let read = parts(
        r#"[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},
            {"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}},
            {"type":"text","text":"c","prompt_cache_breakpoint":{"mode":"explicit"}}]"#,
    );
    let point = |keep| Part::CachePoint(CachePoint { keep });
    let text = |text: &str| Part::Text(text.into());
    let hour = Some(CacheSpan::OneHour);
    assert_eq!(
        read.unwrap(),
        [
            text("a"),
            point(None),
            text("b"),
            point(hour),
            text("c"),
            point(None)
        ]
    );
    let turn = r#"[{"role":"system","content":"s","cache_control":{"type":"ephemeral","ttl":"5m"}}]"#;
    let Prompt::Messages(messages) = saying(turn).unwrap().prompt else {
        panic!()
    };
    let five = Some(CacheSpan::FiveMinutes);
    assert_eq!(messages[0].content.parts(), [text("s"), point(five)]);
    for tool in [
        r#"{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}}"#,
        r#"{"type":"function","function":{"name":"f","cache_control":{"type":"ephemeral"}}}"#,
    ] {
        let request = with(&format!(r#""tools":[{tool}]"#)).unwrap();
        assert_eq!(request.tools[0].cache_point, Some(CachePoint::default()));
    }
}

#[test]
fn what_was_thought_comes_back_with_its_signature() {
    let thoughts = |fields: &str| {
        let turn = format!(r#"[{{"role":"assistant","content":"x",{fields}}}]"#);
        let Prompt::Messages(mut messages) = saying(&turn).unwrap().prompt else {
            panic!()
        };
        let mut parts = messages.remove(0).content.into_parts();
        assert_eq!(parts.pop(), Some(Part::Text("x".into())));
        parts
    };
    let open = |signature: Option<&str>| {
        Part::Thought(Thought::Open {
            text: "hm".into(),
            signature: signature.map(str::to_owned),
        })
    };
    assert_eq!(thoughts(r#""reasoning_content":"hm""#), [open(None)]);
    assert_eq!(thoughts(r#""reasoning":"hm""#), [open(None)]);
    let blocks = r#""reasoning_content":"hm","thinking_blocks":[
        {"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"d"}]"#;
    assert_eq!(
        thoughts(blocks),
        [open(Some("s")), Part::Thought(Thought::Sealed("d".into()))]
    );
}

#[test]
fn how_much_to_think_is_asked_for_in_four_ways() {
    let asked = |fields: &str| with(fields).unwrap().reasoning;
    let effort = |effort| Some(Reasoning::Effort(effort));
    assert_eq!(asked(r#""reasoning_effort":"low""#), effort(Effort::Low));
    assert_eq!(asked(r#""reasoning_effort":"none""#), Some(Reasoning::Off));
    assert_eq!(asked(r#""reasoning":{"effort":"high"}"#), effort(Effort::High));
    let most = Some(Reasoning::Budget(Tokens(9)));
    assert_eq!(asked(r#""reasoning":{"max_tokens":9}"#), most);
    assert_eq!(asked(r#""thinking":{"type":"enabled","budget_tokens":9}"#), most);
    assert_eq!(asked(r#""thinking":{"type":"disabled"}"#), Some(Reasoning::Off));
    refused(with(r#""reasoning_effort":"hard""#), "reasoning_effort", "`hard`");
    let more = with(r#""reasoning_effort":"xhigh""#).unwrap();
    assert_eq!(more.reasoning, None);
    assert_eq!(more.extra.of(FORMAT).unwrap()["reasoning_effort"], "xhigh");
}

#[test]
fn fields_that_change_the_answer_are_carried_and_harmless_ones_are_not() {
    for field in CARRIED {
        let request = with(&format!(r#""{field}":{{"a":1}}"#)).unwrap();
        assert_eq!(request.extra.of(FORMAT).unwrap()[*field], json!({"a": 1}));
        let refused = request.extra.none().unwrap_err();
        assert_eq!(
            (refused.kind(), refused.param()),
            (ErrorKind::Unsupported, Some(*field))
        );
    }
    for field in HARMLESS {
        let request = with(&format!(r#""{field}":"x""#)).unwrap();
        assert_eq!(request.extra, busbar_core::Extra::default(), "{field}");
    }
    assert_eq!(
        with(r#""verbosity":null"#).unwrap().extra,
        busbar_core::Extra::default()
    );
}
