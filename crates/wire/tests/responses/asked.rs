//! What clients write as responses, and what it means.

use busbar_core::{
    CachePoint, ChatRequest, Content, Effort, Error, ErrorKind, Media, MediaKind, MediaSource, Message,
    OutputFormat, Part, Prompt, Reasoning, Role, Thought, Tokens, ToolCall, ToolChoice,
};
use busbar_wire::openai::responses::{FORMAT, ResponsesBody};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use crate::support::requests::{context, json_like};

fn read(body: &str) -> Result<ChatRequest, Error> {
    ResponsesBody::read(body.as_bytes())?.into_request(context())
}

/// A body with one text and these fields beside.
fn with(fields: &str) -> Result<ChatRequest, Error> {
    read(&format!(r#"{{"input":"hi",{fields}}}"#))
}

/// A body with these items.
fn items(items: &str) -> Result<Vec<Message>, Error> {
    match read(&format!(r#"{{"input":{items}}}"#))?.prompt {
        Prompt::Messages(messages) => Ok(messages),
        other => panic!("{other:?}"),
    }
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
fn everything_that_the_official_client_can_send_is_read() {
    let body = ResponsesBody::read(include_bytes!("../golden/responses/request_full.json")).unwrap();
    assert!(body.stream());
    let request = body.into_request(context()).unwrap();
    assert_eq!(request.model.as_str(), "smollm2-135m-instruct");
    assert_eq!(request.max_tokens, Some(Tokens(64)));
    assert_eq!(
        (request.sampling.temperature, request.sampling.top_p),
        (Some(0.5), Some(0.9))
    );
    assert_eq!(request.logprobs, Some(2));
    assert_eq!(request.reasoning, Some(Reasoning::Effort(Effort::Low)));
    assert_eq!(request.parallel_tool_calls, Some(false));
    assert_eq!(request.tool_choice, ToolChoice::Named("get_weather".into()));
    assert_eq!((request.tools.len(), request.tools[0].strict), (1, Some(true)));
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    assert_eq!(request.output, OutputFormat::JsonSchema(schema));
    assert!(!request.whole);
    assert_eq!(request.extra, busbar_core::Extra::default());

    let picture = Media {
        kind: MediaKind::Image,
        media_type: "image/png".into(),
        source: MediaSource::Bytes(bytes::Bytes::from_static(b"abc")),
        name: None,
        detail: Some("auto".into()),
    };
    let call = |id: &str| ToolCall {
        id: id.into(),
        name: "get_weather".into(),
        arguments: "{}".into(),
    };
    let thought = Thought::Open {
        text: "It asks for weather.".into(),
        signature: Some("sealed".into()),
    };
    let result = |id: &str, text: &str| Message {
        answers: Some(id.into()),
        ..Message::new(Role::Tool, text)
    };
    let expected = vec![
        Message::system("Be brief."),
        Message::system("Really."),
        Message::user(vec![
            Part::Text("Look:".into()),
            Part::CachePoint(CachePoint::default()),
            Part::Media(picture),
        ]),
        Message {
            tool_calls: vec![call("c1"), call("c2")],
            ..Message::assistant(vec![Part::Thought(thought), Part::Text("I look it up.".into())])
        },
        result("c1", "sunny"),
        result("c2", "rain"),
        Message::assistant(vec![
            Part::Thought(Thought::Sealed("blob".into())),
            Part::Text("Mixed.".into()),
        ]),
        Message::user("Thanks"),
    ];
    assert_eq!(request.prompt, Prompt::Messages(expected));
}

#[test]
fn the_least_that_can_be_sent_means_the_defaults() {
    let request = read(r#"{"input":"hi"}"#).unwrap();
    let plain = ChatRequest {
        whole: true,
        ..ChatRequest::new(context(), "".into(), Prompt::Messages(vec![Message::user("hi")]))
    };
    assert_eq!(format!("{request:?}"), format!("{plain:?}"));
    let harmless = with(
        r#""store":true,"metadata":{"a":"b"},"user":"u","service_tier":"auto","truncation":"disabled",
           "include":["reasoning.encrypted_content"],"previous_response_id":null,"background":false,
           "stream_options":{"include_obfuscation":false},"text":{"verbosity":"medium"},"max_tool_calls":3,
           "safety_identifier":"s","prompt_cache_key":"k","tools":[],"tool_choice":"auto""#,
    );
    assert_eq!(format!("{:?}", harmless.unwrap()), format!("{plain:?}"));
}

#[test]
fn what_names_something_stored_is_refused_by_its_name() {
    for field in ["previous_response_id", "conversation", "prompt"] {
        let error = with(&format!(r#""{field}":"x_1""#)).unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some(field))
        );
        assert!(error.message().contains("nothing is stored here"), "{error}");
    }
    refused(with(r#""background":true"#), "background", "false");
    refused(
        items(r#"[{"type":"item_reference","id":"x"}]"#),
        "input[0]",
        "send the item",
    );
    let stored = r#"[{"role":"user","content":[{"type":"input_image","file_id":"x"}]}]"#;
    refused(items(stored), "input[0].content[0].file_id", "stored file");
}

#[test]
fn tools_that_the_vendor_hosts_are_refused_by_their_names() {
    for kind in [
        "web_search",
        "file_search",
        "code_interpreter",
        "mcp",
        "image_generation",
        "custom",
    ] {
        refused(
            with(&format!(r#""tools":[{{"type":"{kind}"}}]"#)),
            "tools[0].type",
            kind,
        );
    }
    refused(
        items(r#"[{"type":"web_search_call","id":"x"}]"#),
        "input[0].type",
        "web_search_call",
    );
    refused(
        with(r#""tool_choice":{"type":"allowed_tools"}"#),
        "tool_choice.type",
        "allowed_tools",
    );
}

#[test]
fn what_is_wrong_is_named_as_the_client_wrote_it() {
    refused(read("{}"), "input", "missing");
    refused(read(r#"{"input":[]}"#), "input", "at least one");
    refused(read(r#"{"input":7}"#), "input", "a string or a list");
    refused(items(r#"[{"content":"x"}]"#), "input[0].role", "missing");
    refused(
        items(r#"[{"role":"wizard","content":"x"}]"#),
        "input[0].role",
        "wizard",
    );
    refused(items(r#"[{"role":"user"}]"#), "input[0].content", "missing");
    refused(
        items(r#"[{"role":"user","content":[{"type":"odd"}]}]"#),
        "input[0].content[0].type",
        "odd",
    );
    refused(
        items(r#"[{"role":"user","content":[{"text":"x"}]}]"#),
        "input[0].content[0].type",
        "missing",
    );
    let call = r#"[{"type":"function_call","name":"f","arguments":"{}"}]"#;
    refused(items(call), "input[0].call_id", "missing");
    refused(
        items(r#"[{"type":"function_call_output","call_id":"c"}]"#),
        "input[0].output",
        "missing",
    );
    let picture = r#"[{"role":"user","content":[{"type":"input_image","image_url":"file:///x"}]}]"#;
    refused(items(picture), "input[0].content[0].image_url", "must begin with");
    refused(with(r#""temperature":3"#), "temperature", "0 to 2");
    refused(
        with(r#""max_output_tokens":0"#),
        "max_output_tokens",
        "at least 1",
    );
    refused(with(r#""top_logprobs":21"#), "top_logprobs", "0 to 20");
    refused(
        with(r#""text":{"format":{"type":"xml"}}"#),
        "text.format.type",
        "xml",
    );
    refused(
        with(r#""text":{"format":{"type":"json_schema"}}"#),
        "text.format.schema",
        "missing",
    );
    refused(
        with(r#""reasoning":{"effort":"hard"}"#),
        "reasoning.effort",
        "hard",
    );
    refused(
        with(r#""tools":[{"type":"function"}]"#),
        "tools[0].name",
        "missing",
    );
    refused(
        with(r#""tool_choice":{"type":"function","name":"g"}"#),
        "tool_choice.name",
        "`g`",
    );
    refused(with(r#""tool_choice":"required""#), "tool_choice", "no `tools`");
}

#[test]
fn what_only_the_vendor_has_a_word_for_is_carried_by_name() {
    let request =
        with(r#""text":{"verbosity":"low"},"truncation":"auto","reasoning":{"effort":"xhigh"}"#).unwrap();
    let fields = request.extra.of(FORMAT).unwrap();
    assert_eq!(
        serde_json::to_value(fields).unwrap(),
        json!({"text.verbosity": "low", "truncation": "auto", "reasoning.effort": "xhigh"})
    );
    assert_eq!(request.extra.none().unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn documents_come_as_bytes_or_by_their_address() {
    let turn = r#"[{"role":"user","content":[
        {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,YWJj"},
        {"type":"input_file","file_url":"https://x/y.pdf"}]}]"#;
    let messages = items(turn).unwrap();
    let documents = messages[0].content.parts().iter().map(|part| match part {
        Part::Media(media) => (media.kind, &*media.media_type, media.name.as_deref()),
        other => panic!("{other:?}"),
    });
    let kinds: Vec<_> = documents.collect();
    let pdf = "application/pdf";
    let document = MediaKind::Document;
    assert_eq!(kinds, [(document, pdf, Some("a.pdf")), (document, pdf, None)]);
}

#[test]
fn a_call_alone_is_a_turn_that_says_nothing() {
    let messages = items(r#"[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]"#).unwrap();
    assert_eq!((messages.len(), &messages[0].content), (1, &Content::default()));
}

const NAMES: &[&str] = &[
    "input",
    "type",
    "role",
    "content",
    "text",
    "call_id",
    "name",
    "arguments",
    "output",
    "summary",
    "encrypted_content",
    "tools",
    "tool_choice",
    "format",
    "schema",
    "reasoning",
    "effort",
    "instructions",
    "image_url",
    "file_data",
    "include",
    "metadata",
];
const TEXTS: &[&str] = &[
    "message",
    "function_call",
    "function_call_output",
    "reasoning",
    "user",
    "assistant",
    "input_text",
    "input_image",
    "input_file",
    "data:a;base64,",
    "json_schema",
    "",
    "é\u{0}",
];

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..256)) {
        let _read = ResponsesBody::read(&bytes).and_then(|body| body.into_request(context()));
    }

    #[test]
    fn any_json_is_read_or_refused(json in json_like(NAMES, TEXTS)) {
        let bytes = json.to_string();
        let _read = ResponsesBody::read(bytes.as_bytes()).and_then(|body| body.into_request(context()));
    }
}
