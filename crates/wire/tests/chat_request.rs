//! What clients write as chat completions, and what it means.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use busbar_core::{
    ChatRequest, Context, Error, ErrorKind, LogitBias, Message, OutputFormat, Prompt, RequestId, Role,
    Tokens, ToolCall, ToolCallId, ToolChoice,
};
use busbar_wire::openai::chat::ChatBody;
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
            ..Message::user("one\ntwo")
        },
        Message {
            tool_calls: vec![call],
            ..Message::assistant("")
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
    for kind in ["image_url", "input_audio", "file"] {
        let turn =
            format!(r#"[{{"role":"user","content":[{{"type":"text","text":"x"}},{{"type":"{kind}"}}]}}]"#);
        let error = saying(&turn).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.code(), Some("unsupported_content"));
        assert_eq!(error.param(), Some("messages[0].content[1]"));
    }
}

#[test]
fn log_probabilities_are_asked_for_in_three_ways() {
    let asked = |fields: &str| with(fields).unwrap().logprobs;
    assert_eq!(asked(r#""logprobs":false"#), None);
    assert_eq!(asked(r#""logprobs":true"#), Some(0));
    assert_eq!(asked(r#""logprobs":true,"top_logprobs":20"#), Some(20));
    assert_eq!(asked(r#""logprobs":false,"top_logprobs":0"#), None);
}
