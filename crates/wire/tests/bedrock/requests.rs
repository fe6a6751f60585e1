//! Converse, in: what clients write is understood, or refused by the name they gave it.

use busbar_core::{
    CachePoint, CacheSpan, ChatRequest, ErrorKind, Format, MediaKind, MediaSource, OutputFormat, Part,
    Prompt, Reasoning, Result, Role, Thought, Tokens, ToolChoice,
};
use busbar_wire::bedrock::{
    Family,
    converse::{Asked, ConverseBody, FORMAT},
    count::{CountBody, read_count, write_count},
};
use serde_json::{Value, json};

use super::support::requests::context;

const FULL: &[u8] = include_bytes!("../golden/bedrock/converse_request.json");

pub(crate) fn asked() -> Asked {
    Asked {
        context: context(),
        model: "m".into(),
        whole: true,
    }
}

fn read(body: &Value) -> Result<ChatRequest> {
    ConverseBody::read(body.to_string().as_bytes())?.into_request(asked())
}

fn messages(request: &ChatRequest) -> &[busbar_core::Message] {
    match &request.prompt {
        Prompt::Messages(messages) => messages,
        Prompt::Text(_) => unreachable!("a text"),
    }
}

#[test]
fn everything_that_a_request_says_is_understood() {
    let request = ConverseBody::read(FULL).unwrap().into_request(asked()).unwrap();
    let turns = messages(&request);
    let roles: Vec<_> = turns.iter().map(|turn| turn.role).collect();
    assert_eq!(
        roles,
        [Role::System, Role::User, Role::Assistant, Role::Tool, Role::User]
    );
    let hour = CachePoint {
        keep: Some(CacheSpan::OneHour),
    };
    assert_eq!(turns[0].content.parts()[1], Part::CachePoint(hour));

    let [
        Part::Text(_),
        Part::Media(image),
        Part::Media(pdf),
        Part::Media(csv),
        Part::Text(guarded),
        Part::CachePoint(_),
    ] = turns[1].content.parts()
    else {
        panic!("{:?}", turns[1]);
    };
    assert_eq!((image.kind, &*image.media_type), (MediaKind::Image, "image/png"));
    assert_eq!(
        image.source,
        MediaSource::Bytes(b"\x89PNG\r\n\x1a\n".as_slice().into())
    );
    assert_eq!(
        (pdf.kind, pdf.name.as_deref()),
        (MediaKind::Document, Some("Quarterly report"))
    );
    assert_eq!(csv.source, MediaSource::Url("s3://bucket/numbers.csv".into()));
    assert_eq!(guarded, "Be careful.");

    let thoughts: Vec<_> = turns[2].content.parts().iter().take(2).cloned().collect();
    let open = Thought::Open {
        text: "I must look.".into(),
        signature: Some("c2lnbmVk".into()),
    };
    assert_eq!(
        thoughts,
        [
            Part::Thought(open),
            Part::Thought(Thought::Sealed("c2VhbGVk".into()))
        ]
    );
    assert_eq!(turns[2].tool_calls[0].arguments, r#"{"sign": "WZPZ", "n": 1.50}"#);

    assert!(turns[3].failed);
    assert_eq!(turns[3].answers, Some("tooluse_1".into()));
    assert_eq!(
        turns[3].content.text(),
        "{\"song\": \"Elemental Hotel\"}\nand more"
    );
    assert!(matches!(
        turns[3].content.parts().last(),
        Some(Part::CachePoint(_))
    ));

    assert_eq!(request.max_tokens, Some(Tokens(512)));
    assert_eq!(
        (request.sampling.temperature, request.sampling.top_p),
        (Some(0.7), Some(0.9))
    );
    assert_eq!(
        (request.sampling.top_k, request.stop.as_slice()),
        (Some(200), &["END".to_owned()][..])
    );
    assert_eq!(request.reasoning, Some(Reasoning::Budget(Tokens(1024))));
    assert_eq!(request.tool_choice, ToolChoice::Named("top_song".into()));
    assert_eq!(request.tools[0].strict, Some(true));
    assert_eq!(request.tools[0].cache_point, Some(CachePoint::default()));
    assert_eq!(
        request.output,
        OutputFormat::JsonSchema(json!({"type": "object", "required": ["a"]}))
    );
    assert!(request.whole);

    let extra = request.extra.of(FORMAT).unwrap();
    assert_eq!(extra["guardrailConfig"]["guardrailIdentifier"], "gr-1");
    assert_eq!(extra["guardContent"][0]["qualifiers"], json!(["query"]));
    assert_eq!(
        extra["additionalModelRequestFields"],
        json!({"anthropic_beta": ["x"]})
    );
    assert_eq!(
        request.extra.of(Format("other")).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    let hints = request.hints.of(FORMAT).unwrap();
    assert_eq!(hints["requestMetadata"]["team"], "charts");
    assert_eq!(hints["performanceConfig"]["latency"], "optimized");
}

#[test]
fn the_least_that_a_request_can_say_is_enough() {
    let request = read(&json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]})).unwrap();
    assert_eq!(messages(&request)[0].content.text(), "Hi");
    assert_eq!(
        (
            request.max_tokens,
            request.extra.fields.len(),
            request.hints.fields.len()
        ),
        (None, 0, 0)
    );
    assert_eq!(request.extra.format, None);
}

#[test]
fn words_of_the_older_and_the_newer_models_for_thinking_are_one() {
    let with = |fields: Value| {
        let body = json!({
            "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
            "additionalModelRequestFields": fields,
        });
        read(&body).unwrap()
    };
    let off = with(json!({"thinking": {"type": "disabled"}}));
    assert_eq!(off.reasoning, Some(Reasoning::Off));
    let nova = with(
        json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}, "inferenceConfig": {"topK": 20}}),
    );
    assert_eq!(nova.reasoning, Some(Reasoning::Effort(busbar_core::Effort::High)));
    assert_eq!((nova.sampling.top_k, nova.extra.fields.len()), (Some(20), 0));
    // What we have no word for stays as it is.
    let adaptive = with(json!({"thinking": {"type": "adaptive"}}));
    assert_eq!(adaptive.reasoning, None);
    assert_eq!(
        adaptive.extra.fields["additionalModelRequestFields"]["thinking"]["type"],
        "adaptive"
    );
}

#[track_caller]
fn refused(body: &Value, kind: ErrorKind, param: &str) {
    let error = read(body).unwrap_err();
    assert_eq!((error.kind(), error.param()), (kind, Some(param)), "{error}");
}

fn user(block: impl Into<Value>) -> Value {
    let block = block.into();
    json!({"messages": [{"role": "user", "content": [{"text": "Hi"}, block]}]})
}

#[test]
fn fields_of_an_answer_that_are_wanted_must_be_pointers_and_need_not_be_there() {
    let wanted = |paths: Value| {
        let mut body = user(json!({"text": "x"}));
        body["additionalModelResponseFieldPaths"] = paths;
        body
    };
    let asked = read(&wanted(json!(["/stop_sequence", "/delta/stop_sequence"]))).unwrap();
    assert!(asked.extra.fields.is_empty() && asked.hints.fields.is_empty());
    for paths in [
        json!([""]),
        json!(["stop_sequence"]),
        json!(["/there", "nowhere"]),
    ] {
        refused(
            &wanted(paths),
            ErrorKind::Invalid,
            "additionalModelResponseFieldPaths",
        );
    }
}

#[test]
fn what_is_wrong_is_named_as_the_client_wrote_it() {
    let invalid = |body: Value, param: &str| refused(&body, ErrorKind::Invalid, param);
    invalid(json!({}), "messages");
    invalid(json!({"messages": 7}), "messages");
    invalid(json!({"messages": [{"role": "user"}]}), "messages[0].content");
    invalid(
        json!({"messages": [{"role": "tool", "content": []}]}),
        "messages[0].role",
    );
    invalid(user(json!({})), "messages[0].content[1]");
    invalid(user(json!({"text": 7})), "messages[0].content[1].text");
    invalid(
        user(json!({"image": {"source": {"bytes": ""}}})),
        "messages[0].content[1].image.format",
    );
    invalid(
        user(json!({"image": {"format": "png"}})),
        "messages[0].content[1].image.source",
    );
    invalid(
        user(json!({"image": {"format": "png", "source": {}}})),
        "messages[0].content[1].image.source",
    );
    invalid(
        user(json!({"image": {"format": "png", "source": {"bytes": "!"}}})),
        "messages[0].content[1].image.source.bytes",
    );
    invalid(
        user(json!({"image": {"format": "tiff", "source": {"bytes": ""}}})),
        "messages[0].content[1].image.format",
    );
    invalid(
        user(json!({"cachePoint": {"type": "custom"}})),
        "messages[0].content[1].cachePoint.type",
    );
    invalid(
        user(json!({"cachePoint": {"type": "default", "ttl": "1d"}})),
        "messages[0].content[1].cachePoint.ttl",
    );
    invalid(
        user(json!({"reasoningContent": {}})),
        "messages[0].content[1].reasoningContent",
    );
    let result = json!({"toolResult": {"toolUseId": "t", "content": [], "status": "so"}});
    invalid(user(result), "messages[0].content[1].toolResult.status");
    let mut hot = user(json!({"text": "x"}));
    hot["inferenceConfig"] = json!({"topP": 1.5});
    invalid(hot.clone(), "inferenceConfig.topP");
    hot["inferenceConfig"] = json!({"maxTokens": 0});
    invalid(hot.clone(), "inferenceConfig.maxTokens");
    hot["inferenceConfig"] = json!({"stopSequences": ["a", ""]});
    invalid(hot.clone(), "inferenceConfig.stopSequences[1]");
    hot["inferenceConfig"] = json!({});
    hot["toolConfig"] = json!({"tools": [{"toolSpec": {"name": "", "inputSchema": {"json": {}}}}]});
    invalid(hot.clone(), "toolConfig.tools[0].toolSpec.name");
    hot["toolConfig"] = json!({"tools": [{"cachePoint": {"type": "default"}}]});
    invalid(hot.clone(), "toolConfig.tools[0].cachePoint");
    let spec = json!({"toolSpec": {"name": "a", "inputSchema": {"json": {}}}});
    hot["toolConfig"] = json!({"tools": [spec], "toolChoice": {"tool": {"name": "b"}}});
    invalid(hot, "toolConfig.toolChoice.tool.name");
}

#[test]
fn an_empty_name_of_a_tool_and_a_second_result_for_a_call_are_refused() {
    let call = |name: &str| json!({"toolUse": {"toolUseId": "t", "name": name, "input": {}}});
    let body = json!({"messages": [
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [call("")]},
    ]});
    refused(&body, ErrorKind::Invalid, "messages[1].content[0].toolUse.name");
    let result = json!({"toolResult": {"toolUseId": "t", "content": [{"text": "x"}]}});
    let body = json!({"messages": [
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [call("f")]},
        {"role": "user", "content": [result, result]},
    ]});
    refused(
        &body,
        ErrorKind::Invalid,
        "messages[2].content[1].toolResult.toolUseId",
    );
}

#[test]
fn what_cannot_be_done_is_refused_and_never_dropped() {
    let unsupported = |body: Value, param: &str| refused(&body, ErrorKind::Unsupported, param);
    let source = json!({"bytes": "AAAA"});
    unsupported(
        user(json!({"video": {"format": "mp4", "source": source}})),
        "messages[0].content[1].video",
    );
    unsupported(user(json!({"audio": {}})), "messages[0].content[1].audio");
    unsupported(
        user(json!({"searchResult": {}})),
        "messages[0].content[1].searchResult",
    );
    unsupported(
        user(json!({"guardContent": {"image": {}}})),
        "messages[0].content[1].guardContent",
    );
    let cited =
        json!({"document": {"format": "pdf", "name": "d", "source": source, "citations": {"enabled": true}}});
    unsupported(user(cited), "messages[0].content[1].document.citations");
    let context = json!({"document": {"format": "pdf", "name": "d", "source": source, "context": "c"}});
    unsupported(user(context), "messages[0].content[1].document.context");
    let owned = json!({"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k", "bucketOwner": "1"}}}});
    unsupported(
        user(owned),
        "messages[0].content[1].image.source.s3Location.bucketOwner",
    );
    let mut body = user(json!({"text": "x"}));
    body["toolConfig"] = json!({"tools": [{"systemTool": {"name": "nova_grounding"}}]});
    unsupported(body, "toolConfig.tools[0].systemTool");
    let image = json!({"image": {"format": "png", "source": source}});
    let body = json!({"system": [image], "messages": [{"role": "user", "content": [{"text": "x"}]}]});
    unsupported(body, "system[0]");
}

#[test]
fn documents_may_be_text() {
    let body =
        user(json!({"document": {"name": "d", "source": {"content": [{"text": "a"}, {"text": "b"}]}}}));
    let request = read(&body).unwrap();
    let Part::Media(media) = &messages(&request)[0].content.parts()[1] else {
        panic!("{request:?}")
    };
    assert_eq!(
        (&*media.media_type, &media.source),
        ("text/plain", &MediaSource::Bytes("a\nb".into()))
    );
}

#[test]
fn a_large_prompt_is_a_prompt() {
    let text = "word ".repeat(200_000);
    let request = read(&user(json!({ "text": text }))).unwrap();
    assert_eq!(messages(&request)[0].content.parts()[1], Part::Text(text));
}

#[test]
fn what_is_to_be_counted_is_a_request_of_either_kind() {
    let hi = json!([{"role": "user", "content": [{"text": "Hi"}]}]);
    let count =
        |body: Value, family| CountBody::read(body.to_string().as_bytes())?.into_request(asked(), family);
    let converse = count(json!({"input": {"converse": {"messages": hi}}}), Family::Claude).unwrap();
    // {"inputText":"Hi"}
    let own = json!({"input": {"invokeModel": {"body": "eyJpbnB1dFRleHQiOiJIaSJ9"}}});
    let own = count(own, Family::TitanText).unwrap();
    assert_eq!(converse.prompt, own.prompt);
    for (input, param) in [
        (json!({}), "input"),
        (json!({"invokeModel": {"body": "!"}}), "input.invokeModel.body"),
        (json!({"converse": {"messages": 7}}), "input.converse.messages"),
    ] {
        let error = count(json!({ "input": input }), Family::Claude).unwrap_err();
        assert_eq!(error.param(), Some(param));
    }
    assert_eq!(read_count(&write_count(Tokens(7))).unwrap(), Tokens(7));
    assert!(read_count(b"{}").is_err());
}
