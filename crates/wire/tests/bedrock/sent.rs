//! Converse, out: what is asked of Bedrock keeps its rules.

use busbar_core::{
    ChatRequest, Effort, ErrorKind, Message, OutputFormat, Part, Prompt, Reasoning, Result, Role, Thought,
    Tokens, Tool, ToolCall, ToolChoice,
};
use busbar_wire::{
    bedrock::converse::{Converse, ConverseBody, FORMAT, PLACEHOLDER_TOOL},
    upstream::ChatFormat as _,
};
use serde_json::{Value, json};

use super::{requests::asked, support::requests::context};

const CLAUDE: &str = "anthropic.claude-3-haiku-20240307-v1:0";
const FULL: &[u8] = include_bytes!("../golden/bedrock/converse_request.json");

fn request(messages: Vec<Message>) -> ChatRequest {
    ChatRequest::new(context(), "m".into(), Prompt::Messages(messages))
}

fn written(request: &ChatRequest) -> Value {
    for_model(request, CLAUDE).unwrap()
}

fn for_model(request: &ChatRequest, model: &str) -> Result<Value> {
    let body = Converse.write(request, model)?;
    Ok(serde_json::from_slice(&body).unwrap())
}

fn tool(name: &str) -> Tool {
    Tool {
        name: name.into(),
        description: None,
        parameters: json!({"type": "object"}),
        strict: None,
        cache_point: None,
    }
}

fn calls(id: &str, arguments: &str) -> Message {
    Message {
        tool_calls: vec![ToolCall {
            id: id.into(),
            name: "f".into(),
            arguments: arguments.into(),
        }],
        ..Message::assistant("")
    }
}

fn result(id: &str, text: &str) -> Message {
    Message {
        answers: Some(id.into()),
        ..Message::new(Role::Tool, text)
    }
}

#[test]
fn a_request_that_was_read_is_written_as_it_came() {
    let request = ConverseBody::read(FULL).unwrap().into_request(asked()).unwrap();
    let mut expected: Value = serde_json::from_slice(FULL).unwrap();
    // JSON within a result is text to the model.
    expected["messages"][2]["content"][0]["toolResult"]["content"][0] =
        json!({"text": "{\"song\": \"Elemental Hotel\"}"});
    // Whether an object keeps the order of its fields is up to how serde_json was built.
    let schema = &mut expected["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"];
    let same: Value = serde_json::from_str(schema.as_str().unwrap()).unwrap();
    *schema = same.to_string().into();
    // Of a generation that thinks by a number of tokens.
    let written = for_model(&request, "anthropic.claude-sonnet-4-5-20250929-v1:0").unwrap();
    assert_eq!(written, expected);
}

#[test]
fn a_conversation_in_which_nothing_is_said_is_refused_before_it_is_sent() {
    for turns in [
        vec![Message::user(" ")],
        vec![Message::system("be brief"), Message::user("")],
    ] {
        refused(&request(turns), ErrorKind::Invalid, "messages");
    }
}

#[test]
fn claude_is_told_the_thoughts_that_it_has_signed_and_others_are_told_all() {
    let thought = |signature: Option<&str>| {
        Part::Thought(Thought::Open {
            text: "hm".into(),
            signature: signature.map(str::to_owned),
        })
    };
    let parts = vec![thought(None), thought(Some("c2ln")), Part::Text("a".into())];
    let request = request(vec![Message::user("q"), Message::assistant(parts)]);
    let told = |model: &str| for_model(&request, model).unwrap()["messages"][1]["content"].clone();
    let signed = json!({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}});
    assert_eq!(
        told("us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        json!([signed, {"text": "a"}])
    );
    let unsigned = json!({"reasoningContent": {"reasoningText": {"text": "hm"}}});
    assert_eq!(told("deepseek.r1-v1:0"), json!([unsigned, signed, {"text": "a"}]));
}

#[test]
fn turns_of_one_side_become_one_and_nothing_is_said_by_blank_text() {
    let turns = vec![
        Message::system("one"),
        Message::system("two"),
        Message::user("a"),
        Message::user(" \n"),
        Message::user("b"),
        Message::assistant(""),
        calls("c1", ""),
        result("c1", "r1"),
        Message::user("c"),
    ];
    let body = written(&request(turns));
    assert_eq!(body["system"], json!([{"text": "one"}, {"text": "two"}]));
    let expected = json!([
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "f", "input": {}}}]},
        {"role": "user", "content": [
            {"toolResult": {"toolUseId": "c1", "content": [{"text": "r1"}]}},
            {"text": "c"},
        ]},
    ]);
    assert_eq!(body["messages"], expected);
}

#[test]
fn tools_are_named_wherever_the_conversation_speaks_of_them() {
    let history = || vec![Message::user("a"), calls("c1", "{}"), result("c1", "r")];
    let placeholder = |body: &Value| {
        assert_eq!(
            body["toolConfig"]["tools"][0]["toolSpec"]["name"],
            PLACEHOLDER_TOOL
        );
        assert_eq!(body["toolConfig"]["tools"].as_array().map(Vec::len), Some(1));
        assert_eq!(body["toolConfig"].get("toolChoice"), None);
    };
    placeholder(&written(&request(history())));
    let mut forbidden = request(history());
    forbidden.tools = vec![tool("f")];
    forbidden.tool_choice = ToolChoice::None;
    let body = written(&forbidden);
    placeholder(&body);
    // …and comes back as what it was.
    let read = ConverseBody::read(body.to_string().as_bytes())
        .unwrap()
        .into_request(asked())
        .unwrap();
    assert_eq!((read.tools.len(), read.tool_choice), (0, ToolChoice::None));
    // Without any in the conversation, leaving them out is enough.
    forbidden.prompt = Prompt::Messages(vec![Message::user("a")]);
    assert_eq!(written(&forbidden).get("toolConfig"), None);
}

#[test]
fn a_model_is_made_to_call_a_tool_only_where_it_can_be() {
    let asks = |choice: ToolChoice, model: &str| {
        let mut request = request(vec![Message::user("a")]);
        request.tools = vec![tool("f")];
        request.tool_choice = choice;
        for_model(&request, model)
    };
    let any = asks(ToolChoice::Required, CLAUDE).unwrap();
    assert_eq!(any["toolConfig"]["toolChoice"], json!({"any": {}}));
    let named = asks(ToolChoice::Named("f".into()), "us.amazon.nova-pro-v1:0").unwrap();
    assert_eq!(named["toolConfig"]["toolChoice"], json!({"tool": {"name": "f"}}));
    assert!(asks(ToolChoice::Required, "mistral.mistral-large-2407-v1:0").is_ok());
    for (choice, model) in [
        (ToolChoice::Required, "meta.llama3-1-8b-instruct-v1:0"),
        (ToolChoice::Named("f".into()), "us.meta.llama3-1-8b-instruct-v1:0"),
        (ToolChoice::Named("f".into()), "mistral.mistral-large-2407-v1:0"),
    ] {
        let error = asks(choice, model).unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some("tool_choice"))
        );
    }
    assert!(asks(ToolChoice::Auto, "meta.llama3-1-8b-instruct-v1:0").is_ok());
}

#[track_caller]
fn refused(request: &ChatRequest, kind: ErrorKind, param: &str) {
    let error = for_model(request, CLAUDE).unwrap_err();
    assert_eq!((error.kind(), error.param()), (kind, Some(param)), "{error}");
}

#[test]
fn a_call_that_was_cut_off_does_not_spoil_the_conversation() {
    for cut in ["{\"a\": ", "nonsense", "[1]"] {
        let request = request(vec![Message::user("a"), calls("c", cut), result("c", "r")]);
        refused(
            &request,
            ErrorKind::Invalid,
            "messages[1].tool_calls[0].function.arguments",
        );
    }
    let mut nameless = calls("c", "{}");
    nameless.tool_calls[0].name.clear();
    let request = request(vec![Message::user("a"), nameless]);
    refused(
        &request,
        ErrorKind::Invalid,
        "messages[1].tool_calls[0].function.name",
    );
}

#[test]
fn a_call_is_answered_once() {
    let twice = |second: &str| {
        request(vec![
            Message::user("a"),
            calls("c", "{}"),
            result("c", "r"),
            result("c", second),
        ])
    };
    let body = written(&twice("r"));
    assert_eq!(body["messages"][2]["content"].as_array().map(Vec::len), Some(1));
    refused(&twice("other"), ErrorKind::Invalid, "messages[3].tool_call_id");
}

#[test]
fn names_of_tools_that_the_service_refuses_are_refused_here() {
    for name in ["", "a.b", "é", &"x".repeat(65)] {
        let mut request = request(vec![Message::user("a")]);
        request.tools = vec![tool("ok"), tool(name)];
        refused(&request, ErrorKind::Unsupported, "tools[1].name");
    }
}

#[test]
fn what_has_no_word_is_refused_by_name() {
    let with = |change: fn(&mut ChatRequest), param: &str| {
        let mut request = request(vec![Message::user("a")]);
        change(&mut request);
        refused(&request, ErrorKind::Unsupported, param);
    };
    with(|request| request.sampling.seed = Some(1), "seed");
    with(|request| request.sampling.min_p = Some(0.1), "min_p");
    with(
        |request| request.sampling.presence_penalty = Some(0.1),
        "presence_penalty",
    );
    with(|request| request.logprobs = Some(1), "logprobs");
    with(|request| request.ignore_end = true, "ignore_eos");
    with(
        |request| request.parallel_tool_calls = Some(false),
        "parallel_tool_calls",
    );
    with(|request| request.prompt = Prompt::Text("a".into()), "prompt");
    with(
        |request| {
            request.extra.format = Some(busbar_core::Format("other"));
            request.extra.fields.insert("knob".into(), 1.into());
        },
        "knob",
    );
    with(
        |request| {
            request.extra.format = Some(FORMAT);
            request
                .extra
                .fields
                .insert("guardContent".into(), json!([{"text": "not there"}]));
        },
        "guardContent",
    );
    let named = Message {
        name: Some("Ann".into()),
        ..Message::user("a")
    };
    refused(&request(vec![named]), ErrorKind::Unsupported, "messages[0].name");
}

#[test]
fn thinking_is_said_in_the_words_of_the_model() {
    let asks = |reasoning: Reasoning, model: &str| {
        let mut request = request(vec![Message::user("a")]);
        request.reasoning = Some(reasoning);
        for_model(&request, model)
    };
    let budget = Reasoning::Budget(Tokens(2048));
    let sonnet = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let claude = asks(budget, sonnet).unwrap();
    assert_eq!(
        claude["additionalModelRequestFields"],
        json!({"thinking": {"type": "enabled", "budget_tokens": 2048}})
    );
    // Of Claude's generations one wants a number, a later one a word, and the first do not think.
    let effort = Reasoning::Effort(Effort::Low);
    let claude = asks(effort, sonnet).unwrap();
    assert_eq!(
        claude["additionalModelRequestFields"],
        json!({"thinking": {"type": "enabled", "budget_tokens": 2048}})
    );
    assert_eq!(claude.get("outputConfig"), None);
    let opus = asks(effort, "global.anthropic.claude-opus-4-6-v1").unwrap();
    assert_eq!(opus["outputConfig"], json!({"effort": "low"}));
    assert_eq!(
        opus["additionalModelRequestFields"],
        json!({"thinking": {"type": "adaptive"}})
    );
    let read = ConverseBody::read(opus.to_string().as_bytes()).unwrap();
    let read = read.into_request(asked()).unwrap();
    assert_eq!(read.reasoning, Some(effort));
    assert!(
        read.extra.none().is_ok(),
        "nothing is left that others would refuse"
    );
    assert_eq!(asks(effort, CLAUDE).unwrap_err().param(), Some("reasoning"));
    let effort = Reasoning::Effort(Effort::Medium);
    let nova = asks(effort, "amazon.nova-2-lite-v1:0").unwrap();
    assert_eq!(
        nova["additionalModelRequestFields"],
        json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}})
    );
    let error = asks(budget, "meta.llama3-8b-instruct-v1:0").unwrap_err();
    assert_eq!(error.param(), Some("reasoning"));
    let off = asks(Reasoning::Off, "meta.llama3-8b-instruct-v1:0").unwrap();
    assert_eq!(off.get("additionalModelRequestFields"), None);
}

#[test]
fn some_object_is_a_schema() {
    let mut request = request(vec![Message::user("a")]);
    request.output = OutputFormat::Json;
    let body = written(&request);
    let schema = &body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"];
    assert_eq!(schema, "{\"type\":\"object\"}");
    let read = ConverseBody::read(body.to_string().as_bytes())
        .unwrap()
        .into_request(asked())
        .unwrap();
    assert_eq!(read.output, OutputFormat::Json);
}
