//! What clients send.

use busbar_core::{
    CachePoint, CacheSpan, ChatRequest, Effort, Error, ErrorKind, Message, OutputFormat, Part, Prompt,
    Reasoning, Role, Thought, Tokens, ToolChoice,
};
use busbar_wire::anthropic::{MessagesBody, TokenCount, Variant, betas};
use serde_json::{Value, json};

use crate::support::requests::context;

fn body(more: Value) -> Vec<u8> {
    let mut body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]});
    let fields = body.as_object_mut().unwrap();
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    // What is null in a case is absent from its body, as it is where a client does not say it.
    fields.retain(|_, value| !value.is_null());
    body.to_string().into_bytes()
}

fn saying(content: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user"}]});
    body["messages"][0]["content"] = content;
    body
}

fn read(body: &[u8], variant: Variant) -> Result<ChatRequest, Error> {
    MessagesBody::read(body, variant)?.into_request(context())
}

fn request(more: Value) -> ChatRequest {
    read(&body(more), Variant::Direct).unwrap()
}

fn messages(request: &ChatRequest) -> &[Message] {
    match &request.prompt {
        Prompt::Messages(messages) => messages,
        Prompt::Text(_) => unreachable!("this format has conversations only"),
    }
}

#[track_caller]
fn refused(more: Value, kind: ErrorKind, param: &str) {
    let error = read(&body(more), Variant::Direct).unwrap_err();
    assert_eq!((error.kind(), error.param()), (kind, Some(param)), "{error}");
}

#[track_caller]
fn invalid(more: Value, param: &str) {
    refused(more, ErrorKind::Invalid, param);
}

#[track_caller]
fn unsupported(more: Value, param: &str) {
    refused(more, ErrorKind::Unsupported, param);
}

#[test]
fn tools_their_calls_and_their_results_are_read() {
    let bytes = include_bytes!("../golden/anthropic/request_tools.json");
    let request = read(bytes, Variant::Direct).unwrap();
    assert_eq!(request.tool_choice, ToolChoice::Named("get_weather".into()));
    assert_eq!(request.parallel_tool_calls, Some(false));
    assert_eq!(
        (request.tools[0].strict, request.tools[1].strict),
        (Some(true), None)
    );
    let [user, calls, failed, map, more] = messages(&request) else {
        panic!("{:?}", request.prompt);
    };
    assert_eq!((user.role, more.role), (Role::User, Role::User));
    assert_eq!(calls.tool_calls[0].arguments, r#"{"location": "Paris"}"#);
    assert_eq!((failed.role, failed.failed), (Role::Tool, true));
    assert_eq!(failed.answers.as_ref().unwrap().as_str(), "toolu_01");
    assert!(!map.failed && matches!(map.content.parts(), [Part::Text(_), Part::Media(_)]));
    assert!(request.whole);
}

#[test]
fn marks_stay_where_they_were() {
    let request = read(
        include_bytes!("../golden/anthropic/request_cache.json"),
        Variant::Direct,
    )
    .unwrap();
    let point = |keep| Part::CachePoint(CachePoint { keep });
    assert_eq!(
        request.tools[0].cache_point.unwrap().keep,
        Some(CacheSpan::OneHour)
    );
    let [system, user, _calls, result] = messages(&request) else {
        panic!("{:?}", request.prompt);
    };
    assert_eq!(system.content.parts().last(), Some(&point(None)));
    assert_eq!(
        user.content.parts().last(),
        Some(&point(Some(CacheSpan::FiveMinutes)))
    );
    // The one on the call opens what follows it.
    assert_eq!(result.content.parts().first(), Some(&point(None)));
    assert_eq!(result.content.parts()[2], point(None));
    assert_eq!(
        result.content.parts().last(),
        Some(&point(Some(CacheSpan::OneHour)))
    );
    assert!(result.content.other_than_text().next().is_none());
}

#[test]
fn a_mark_on_the_body_is_on_the_last_block() {
    let request = request(json!({"cache_control": {"type": "ephemeral"}}));
    let last = messages(&request).last().unwrap().content.parts().last();
    assert_eq!(last, Some(&Part::CachePoint(CachePoint::default())));
}

#[test]
fn thoughts_come_back_with_their_proof() {
    let request = read(
        include_bytes!("../golden/anthropic/request_thinking.json"),
        Variant::Direct,
    )
    .unwrap();
    assert!(matches!(request.output, OutputFormat::JsonSchema(_)));
    let parts = messages(&request)[1].content.parts();
    let [
        Part::Thought(Thought::Open { signature, .. }),
        Part::Thought(Thought::Sealed(_)),
        Part::Text(_),
    ] = parts
    else {
        panic!("{parts:?}");
    };
    assert!(signature.is_some());
    let unsigned = json!({"messages": [{"role": "assistant", "content": [
        {"type": "thinking", "thinking": "x", "signature": ""},
    ]}]});
    let parts = messages(&self::request(unsigned))[0].content.parts().to_vec();
    assert!(matches!(
        &parts[0],
        Part::Thought(Thought::Open { signature: None, .. })
    ));
}

#[test]
fn how_much_to_think_is_told_in_many_ways() {
    let check = |more: Value, reasoning| assert_eq!(request(more.clone()).reasoning, reasoning, "{more}");
    let budget = Some(Reasoning::Budget(Tokens(2048)));
    check(
        json!({"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        budget,
    );
    check(json!({"thinking": {"type": "disabled"}}), Some(Reasoning::Off));
    check(json!({"thinking": {"type": "adaptive"}}), None);
    let low = Some(Reasoning::Effort(Effort::Low));
    check(
        json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        low,
    );
    check(json!({"output_config": {"effort": "low"}}), low);
    check(
        json!({"output_config": {"effort": "xhigh"}}),
        Some(Reasoning::Effort(Effort::High)),
    );
    invalid(json!({"thinking": {"type": "enabled"}}), "thinking.budget_tokens");
    invalid(
        json!({"thinking": {"type": "enabled", "budget_tokens": 9}}),
        "thinking.budget_tokens",
    );
}

#[test]
fn fields_of_this_format_alone_are_kept_apart() {
    let request = request(json!({
        "metadata": {"user_id": "u"}, "speed": "fast", "container": "c", "inference_geo": "eu",
        "output_config": {"task_budget": {"type": "tokens", "total": 9}}, "mcp_servers": Value::Null,
    }));
    let names = |fields: &busbar_core::Extra| fields.fields.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&request.hints), ["metadata", "speed"]);
    assert_eq!(
        names(&request.extra),
        ["container", "inference_geo", "output_config"]
    );
    assert!(request.extra.none().is_err());
}

#[test]
fn new_features_are_asked_for_by_the_header_or_the_body() {
    let bedrock = read(
        include_bytes!("../golden/anthropic/request_bedrock.json"),
        Variant::Bedrock,
    )
    .unwrap();
    assert_eq!(betas(&bedrock), ["context-1m-2025-08-07"]);
    let body = MessagesBody::read(&body(json!({})), Variant::Direct).unwrap();
    let request = body.with_betas("b-1, a-2,, b-1").into_request(context()).unwrap();
    assert_eq!(betas(&request), ["a-2", "b-1"]);
    assert!(betas(&self::request(json!({}))).is_empty());
}

#[test]
fn a_system_turn_within_the_conversation_stays_there() {
    let request = request(json!({"system": "s", "messages": [
        {"role": "user", "content": "a"}, {"role": "system", "content": [{"type": "text", "text": "b"}]},
    ]}));
    let roles: Vec<_> = messages(&request).iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::System]);
}

#[test]
fn the_stream_and_the_model_are_said_by_the_body() {
    let streamed = MessagesBody::read(&body(json!({"stream": true})), Variant::Direct).unwrap();
    assert!(streamed.stream() && streamed.model() == "m");
    assert!(!streamed.into_request(context()).unwrap().whole);
}

#[test]
fn within_invoke_model_the_path_says_the_model_and_the_stream() {
    let bedrock = |more: Value| {
        let mut more = more;
        more["model"] = more.get("model").cloned().unwrap_or_default();
        read(&body(more), Variant::Bedrock).map_err(|error| error.param().map(str::to_owned))
    };
    let version = "bedrock-2023-05-31";
    assert!(bedrock(json!({"anthropic_version": version})).is_ok());
    let param = |result: Result<ChatRequest, Option<String>>| result.unwrap_err().unwrap();
    assert_eq!(param(bedrock(json!({}))), "anthropic_version");
    assert_eq!(
        param(bedrock(json!({"anthropic_version": "2023-06-01"}))),
        "anthropic_version"
    );
    assert_eq!(
        param(bedrock(json!({"anthropic_version": version, "model": "x"}))),
        "model"
    );
    assert_eq!(
        param(bedrock(json!({"anthropic_version": version, "stream": true}))),
        "stream"
    );
}

#[test]
fn tokens_are_counted_without_max_tokens() {
    let read = MessagesBody::read(&body(json!({"max_tokens": Value::Null})), Variant::Direct).unwrap();
    assert_eq!(read.into_counted(context()).unwrap().max_tokens, None);
    assert_eq!(TokenCount::encode(Tokens(14)), r#"{"input_tokens":14}"#);
}

#[test]
fn what_is_wrong_is_named_as_the_client_wrote_it() {
    invalid(json!({"max_tokens": Value::Null}), "max_tokens");
    invalid(json!({"max_tokens": "many"}), "max_tokens");
    invalid(json!({"model": Value::Null}), "model");
    invalid(json!({"messages": Value::Null}), "messages");
    invalid(json!({"messages": []}), "messages");
    invalid(
        json!({"messages": [{"role": "tool", "content": ""}]}),
        "messages[0].role",
    );
    invalid(json!({"temperature": 1.5}), "temperature");
    invalid(json!({"top_p": 0}), "top_p");
    invalid(json!({"top_k": 0}), "top_k");
    invalid(json!({"tool_choice": {"type": "any"}}), "tool_choice");
    invalid(json!({"tool_choice": {"type": "some"}}), "tool_choice.type");
    invalid(
        json!({"tool_choice": {"type": "tool", "name": "x"}}),
        "tool_choice.name",
    );
    invalid(json!({"tools": [{"name": "x"}]}), "tools[0].input_schema");
    invalid(
        json!({"tools": [{"name": "", "input_schema": {}}]}),
        "tools[0].name",
    );
    invalid(saying(json!([{"type": "text"}])), "messages[0].content[0].text");
    invalid(
        saying(json!([{"type": "text", "text": 7}])),
        "messages[0].content[0].text",
    );
    invalid(saying(json!({"type": "text"})), "messages[0].content");
    invalid(
        saying(json!([{"type": "image"}])),
        "messages[0].content[0].source",
    );
    let source = json!({"type": "base64", "media_type": "image/png", "data": "?"});
    invalid(
        saying(json!([{"type": "image", "source": source}])),
        "messages[0].content[0].source.data",
    );
    invalid(
        saying(json!([{"type": "tool_result"}])),
        "messages[0].content[0].tool_use_id",
    );
    invalid(
        saying(json!([{"type": "tool_use", "id": "a", "name": "n", "input": {}}])),
        "messages[0].content[0].type",
    );
    invalid(
        saying(json!([{"type": "thinking", "thinking": "x"}])),
        "messages[0].content[0].type",
    );
    let marked = json!([{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1d"}}]);
    invalid(saying(marked), "messages[0].content[0].cache_control.ttl");
    let result = json!({"type": "tool_result", "tool_use_id": "a"});
    invalid(
        saying(json!([result, result])),
        "messages[0].content[1].tool_use_id",
    );
    invalid(
        json!({"system": [{"type": "image", "source": {"type": "url", "url": "u"}}]}),
        "system[0]",
    );
    invalid(
        json!({"output_config": {"format": {"type": "json_schema"}}}),
        "output_config.format.schema",
    );
    invalid(
        json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "n", "input": 7}]}]}),
        "messages[0].content[0].input",
    );
}

#[test]
fn what_only_anthropic_can_do_is_refused_by_name() {
    unsupported(json!({"max_tokens": 0}), "max_tokens");
    unsupported(
        json!({"tools": [{"type": "web_search_20260318", "name": "web_search"}]}),
        "tools[0].type",
    );
    unsupported(
        json!({"tools": [{"name": "x", "input_schema": {}, "defer_loading": true}]}),
        "tools[0].defer_loading",
    );
    let file = json!({"type": "file", "file_id": "f"});
    unsupported(
        saying(json!([{"type": "image", "source": file}])),
        "messages[0].content[0].source",
    );
    unsupported(
        saying(json!([{"type": "document", "source": file}])),
        "messages[0].content[0].source",
    );
    let text = json!({"type": "text", "media_type": "text/plain", "data": "x"});
    let cited = json!([{"type": "document", "source": text, "citations": {"enabled": true}}]);
    unsupported(saying(cited), "messages[0].content[0].citations");
    let about = json!([{"type": "document", "source": text, "context": "trustworthy"}]);
    unsupported(saying(about), "messages[0].content[0].context");
    let found = json!([{"type": "search_result", "source": "s", "title": "t", "content": []}]);
    unsupported(saying(found), "messages[0].content[0].type");
    let searched = json!([{"type": "web_search_tool_result", "tool_use_id": "s", "content": {"type": "x"}}]);
    unsupported(saying(searched), "messages[0].content[0].type");
    let nested =
        json!([{"type": "tool_result", "tool_use_id": "a", "content": [{"type": "tool_reference"}]}]);
    unsupported(saying(nested), "messages[0].content[0].content[0].type");
}

#[test]
fn what_asks_for_nothing_is_taken() {
    let request = request(json!({
        "tools": [{"type": "custom", "name": "x", "input_schema": {}, "allowed_callers": ["direct"],
            "eager_input_streaming": true, "cache_control": Value::Null}],
        "messages": [{"role": "user", "content": [{"type": "document", "title": Value::Null,
            "citations": {"enabled": false}, "source": {"type": "content", "content": "x"}}]}],
    }));
    assert!(matches!(messages(&request)[0].content.parts(), [Part::Media(_)]));
}
