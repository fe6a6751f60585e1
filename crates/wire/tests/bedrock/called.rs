//! InvokeModel: tools and documents, in the bodies of models that have words of their own for them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_core::{
    ChatRequest, Done, ErrorKind, Event, FinishReason, Message, Prompt, Result, Role, Tool, ToolCall,
    ToolChoice,
};
use busbar_wire::{
    AnswerWriter as _,
    bedrock::{
        Family,
        invoke::{InvokeBody, chat_format, watch, writer},
    },
    upstream::Incoming,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    answers::{lines, read, read_chunks},
    requests::asked,
    support::events::{head, metrics, written},
};

fn request_of(body: &Value, family: Family) -> Result<ChatRequest> {
    InvokeBody::read(body.to_string().as_bytes(), family)?.into_request(asked())
}

fn turns(request: &ChatRequest) -> &[Message] {
    match &request.prompt {
        Prompt::Messages(messages) => messages,
        Prompt::Text(text) => unreachable!("a text: {text}"),
    }
}

fn sent(request: &ChatRequest, family: Family) -> Result<Value> {
    let body = chat_format(family).unwrap().write(request, "m")?;
    Ok(serde_json::from_slice(&body).unwrap())
}

fn chat(messages: Vec<Message>) -> ChatRequest {
    let mut request = ChatRequest::new(asked().context, "m".into(), Prompt::Messages(messages));
    request.whole = true;
    request
}

fn call(id: &str) -> Message {
    let mut message = Message::assistant(Vec::new());
    message.tool_calls.push(ToolCall {
        id: id.into(),
        name: "top_song".into(),
        arguments: r#"{"sign":"WZPZ"}"#.into(),
    });
    message
}

fn result(id: &str, text: &str) -> Message {
    let mut message = Message::new(Role::Tool, text);
    message.answers = Some(id.into());
    message
}

#[test]
fn results_of_tools_find_their_calls_though_these_have_no_ids() {
    let called = json!({"name": "top_song", "parameters": {"sign": "WZPZ"}});
    let results = json!([{"call": called, "outputs": [{"song": "Elemental Hotel"}]}]);
    let single = json!({"message": "Which?", "tool_results": results});
    let steps = json!({
        "message": "",
        "chat_history": [
            {"role": "USER", "message": "Which?"},
            {"role": "CHATBOT", "message": "", "tool_calls": [called]},
        ],
        "tool_results": results,
    });
    for body in [single, steps] {
        let request = request_of(&body, Family::Cohere).unwrap();
        let expected = [
            Message::user("Which?"),
            call("call_0"),
            result("call_0", r#"[{"song":"Elemental Hotel"}]"#),
        ];
        assert_eq!(turns(&request), expected, "{body}");
        let again = sent(&request, Family::Cohere).unwrap();
        assert_eq!(again["tool_results"], body["tool_results"]);
        assert_eq!(again["chat_history"][1]["tool_calls"][0], called);
        assert_eq!(again["message"], "");
    }
}

#[test]
fn documents_are_read_before_the_message() {
    let body = json!({"message": "Which?", "documents": [
        {"title": "Charts", "snippet": "Elemental Hotel"}, {"title": "Weather", "snippet": "Rain"},
    ]});
    let request = request_of(&body, Family::Cohere).unwrap();
    let said = turns(&request)[0].content.text().into_owned();
    for told in ["title: Charts\n", "snippet: Elemental Hotel\n", "Rain"] {
        assert!(said.contains(told), "{said}");
    }
    assert!(said.ends_with("Which?"), "{said}");
}

#[test]
fn what_command_r_cannot_be_asked_here_is_refused_by_name() {
    let refused = |body: Value, param: &str| {
        let error = request_of(&body, Family::Cohere).unwrap_err();
        assert_eq!(error.param(), Some(param), "{error}");
    };
    refused(json!({"prompt": "Hi"}), "prompt");
    refused(json!({}), "message");
    refused(json!({"message": ""}), "message");
    refused(json!({"message": "a", "k": 0.5}), "k");
    refused(json!({"message": "a", "p": 7}), "p");
    refused(
        json!({"message": "a", "search_queries_only": true}),
        "search_queries_only",
    );
    refused(json!({"message": "a", "return_prompt": true}), "return_prompt");
    refused(
        json!({"message": "a", "prompt_truncation": "AUTO_PRESERVE_ORDER"}),
        "prompt_truncation",
    );
    refused(
        json!({"message": "a", "chat_history": [{"role": "KING", "message": "b"}]}),
        "chat_history[0].role",
    );
    refused(
        json!({"message": "a", "tools": [{"name": "t", "parameter_definitions": {"x": {"type": "wave"}}}]}),
        "tools[0].parameter_definitions.x.type",
    );
    let raw = request_of(&json!({"message": "Once", "raw_prompting": true}), Family::Cohere).unwrap();
    assert_eq!(raw.prompt, Prompt::Text("Once".into()));
    assert_eq!(sent(&raw, Family::Cohere).unwrap()["raw_prompting"], true);
}

#[test]
fn a_schema_that_says_more_than_a_type_is_not_cut_down() {
    let of = |schema: Value| {
        let mut request = chat(vec![Message::user("a")]);
        request.tools = vec![Tool::new("t", schema)];
        sent(&request, Family::Cohere)
    };
    let flat = of(
        json!({"type": "object", "additionalProperties": false, "required": ["x"], "properties": {
            "x": {"type": "integer", "description": "how many"},
            "y": {"type": "array", "items": {"type": "string"}},
        }}),
    )
    .unwrap();
    let definitions = &flat["tools"][0]["parameter_definitions"];
    assert_eq!(
        definitions["x"],
        json!({"type": "int", "description": "how many", "required": true})
    );
    assert_eq!(definitions["y"], json!({"type": "List[str]"}));
    for (deep, param) in [
        (
            json!({"properties": {"x": {"enum": [1, 2], "type": "integer"}}}),
            "tools[0].parameters.properties.x",
        ),
        (json!({"anyOf": []}), "tools[0].parameters.anyOf"),
    ] {
        let error = of(deep).unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some(param))
        );
    }
}

#[test]
fn choices_of_tools_have_their_own_words_or_none() {
    let with = |family, choice| {
        let mut request = chat(vec![Message::user("a")]);
        request.tools = vec![Tool::new("t", json!({"type": "object", "properties": {}}))];
        request.tool_choice = choice;
        sent(&request, family)
    };
    let any = with(Family::MistralChat, ToolChoice::Required).unwrap();
    assert_eq!(any["tool_choice"], "any");
    let none = with(Family::Cohere, ToolChoice::None).unwrap();
    assert!(none.get("tools").is_none(), "{none}");
    for (family, choice) in [
        (Family::MistralChat, ToolChoice::Named("t".into())),
        (Family::Cohere, ToolChoice::Required),
    ] {
        let error = with(family, choice).unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some("tool_choice"))
        );
    }
    let mut seeded = chat(vec![Message::user("a")]);
    seeded.sampling.seed = Some(1);
    let error = sent(&seeded, Family::MistralChat).unwrap_err();
    assert_eq!(error.param(), Some("seed"));
}

#[test]
fn a_conversation_is_told_apart_from_novas() {
    let said = json!({"messages": [{"role": "user", "content": "Hi"}]});
    let parts = json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]});
    let nova = json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]});
    for (body, family) in [
        (said, Family::MistralChat),
        (parts, Family::MistralChat),
        (nova, Family::Nova),
    ] {
        let read = InvokeBody::read(body.to_string().as_bytes(), Family::Other).unwrap();
        assert_eq!(read.family(), family, "{body}");
    }
    let prompt = InvokeBody::read(br#"{"prompt":"Hi"}"#, Family::MistralChat).unwrap();
    assert_eq!(prompt.family(), Family::Mistral);
}

#[test]
fn cohere_calls_are_told_once_and_their_ids_differ_between_answers() {
    let format = chat_format(Family::Cohere).unwrap();
    let whole = format
        .whole(include_bytes!("../golden/bedrock/cohere_tools_answer.json"))
        .unwrap();
    assert_eq!(whole.finish, FinishReason::ToolCalls);
    assert_eq!(whole.tool_calls[0].id.as_str(), "call_0_7e6a1b8a");
    let stream = include_str!("../golden/bedrock/cohere_tools_stream.jsonl");
    let frame = |(event, data): (String, Value)| {
        (
            event,
            json!({ "bytes": BASE64_STANDARD.encode(data.to_string()) }),
        )
    };
    let chunks: Vec<_> = lines(stream).into_iter().map(frame).collect();
    let events = read(&mut *format.reader(), &chunks).unwrap();
    let mut transcript = busbar_core::Transcript::empty();
    for event in events {
        if let Some(done) = transcript.push(event) {
            transcript.end(done);
        }
    }
    assert_eq!(transcript.tool_calls, whole.tool_calls);
    assert_eq!(
        (&*transcript.text, transcript.finish),
        ("I will look it up.", FinishReason::ToolCalls)
    );
}

#[test]
fn an_answer_of_mistrals_is_watched_in_either_format() {
    let golden: [&[u8]; 2] = [
        include_bytes!("../golden/bedrock/mistral_answer.json"),
        include_bytes!("../golden/bedrock/mistral_chat_answer.json"),
    ];
    for family in [Family::Mistral, Family::MistralChat] {
        for answer in golden {
            let done = watch(family).unwrap().whole(answer).unwrap();
            assert_eq!(done.finish, FinishReason::Length);
        }
        let mut watch = watch(family).unwrap();
        let newer = json!({
            "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
            "amazon-bedrock-invocationMetrics": {"inputTokenCount": 3, "outputTokenCount": 1},
        });
        let data = json!({ "bytes": BASE64_STANDARD.encode(newer.to_string()) }).to_string();
        watch.see(&Incoming {
            event: "chunk",
            failure: false,
            data: data.as_bytes(),
        });
        assert_eq!(watch.done().unwrap().usage.input.0, 3);
    }
}

fn arguments() -> impl Strategy<Value = String> {
    prop::collection::btree_map("[a-z]{1,6}", "\\PC{0,12}", 0..3).prop_map(|fields| json!(fields).to_string())
}

proptest! {
    #[test]
    fn what_was_called_is_written_and_read(
        said in "\\PC{0,12}", calls in prop::collection::vec(arguments(), 0..3),
    ) {
        for family in [Family::MistralChat, Family::Cohere] {
            let mut events: Vec<_> = (!said.is_empty()).then(|| Event::text(said.clone())).into_iter().collect();
            for (index, arguments) in (0..).zip(&calls) {
                let id = format!("call_{index}_{}", head().id.replace('-', "")).into();
                events.push(Event::ToolCallStart { index, id, name: "t".into() });
                events.push(Event::ToolCallDelta { index, arguments: arguments.clone() });
            }
            let finish = if calls.is_empty() { FinishReason::Stop } else { FinishReason::ToolCalls };
            let done = Done::new(finish, busbar_core::Usage::default());
            let format = chat_format(family).unwrap();
            let mut own = writer(family, head()).unwrap();
            let chunks = written(&mut own, &events, &done);
            let mut expected = busbar_core::Transcript::empty();
            for event in events {
                expected.push(event);
            }
            expected.end(done);
            let mut streamed = busbar_core::Transcript::empty();
            for event in read_chunks(&mut *format.reader(), &chunks) {
                if let Some(done) = streamed.push(event) {
                    streamed.end(done);
                }
            }
            prop_assert_eq!(&streamed, &expected);
            let body = own.whole(&expected, &metrics(expected.usage));
            prop_assert_eq!(format.whole(&body).unwrap(), expected);
        }
    }
}
