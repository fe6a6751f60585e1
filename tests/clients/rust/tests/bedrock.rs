//! The AWS SDK for Rust with an endpoint and nothing else: every call of Bedrock's runtime that answers in text.

mod server;

use aws_credential_types::Credentials;
use aws_sdk_bedrockruntime::{
    Client, Config,
    config::{BehaviorVersion, Region},
    primitives::Blob,
    types::{
        AnyToolChoice, ContentBlock, ConversationRole, ConverseOutput, ConverseStreamOutput,
        InferenceConfiguration, Message, ResponseStream, StopReason, Tool, ToolChoice, ToolConfiguration,
        ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolSpecification,
    },
};
use aws_smithy_http_client::Builder;
use aws_smithy_types::Document;
use serde_json::{Value, json};
use server::Server;

const CLAUDE: &str = "anthropic.claude-3-haiku-20240307-v1:0";
const MISTRAL: &str = "mistral.mistral-large-2402-v1:0";

fn start() -> (Server, Client) {
    let server = Server::start(&["anthropic.claude*", "mistral.*"]);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "unused", None, None, "tests"))
        .http_client(Builder::new().build_http())
        .endpoint_url(&server.url)
        .build();
    (server, Client::from_conf(config))
}

fn user(content: ContentBlock) -> Message {
    Message::builder()
        .role(ConversationRole::User)
        .content(content)
        .build()
        .unwrap()
}

fn asked() -> Message {
    user(ContentBlock::Text("Name three colours.".into()))
}

fn short() -> InferenceConfiguration {
    InferenceConfiguration::builder()
        .max_tokens(12)
        .temperature(0.0)
        .build()
}

fn claude() -> Blob {
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 12, "temperature": 0,
        "messages": [{"role": "user", "content": "Name three colours."}],
    });
    Blob::new(body.to_string())
}

fn said(output: Option<ConverseOutput>) -> Message {
    output.unwrap().as_message().unwrap().clone()
}

#[tokio::test]
async fn converse_says_the_same_whole_and_streamed() {
    let (_server, client) = start();
    let whole = client
        .converse()
        .model_id(CLAUDE)
        .messages(asked())
        .inference_config(short())
        .send()
        .await
        .unwrap();
    let usage = whole.usage().unwrap().clone();
    assert!(usage.output_tokens() > 0 && usage.output_tokens() <= 12);
    let message = said(whole.output);
    let text = message.content()[0].as_text().unwrap();

    let mut stream = client
        .converse_stream()
        .model_id(CLAUDE)
        .messages(asked())
        .inference_config(short())
        .send()
        .await
        .unwrap()
        .stream;
    let (mut pieces, mut streamed, mut stopped, mut counted) = (0, String::new(), None, None);
    while let Some(event) = stream.recv().await.unwrap() {
        match event {
            ConverseStreamOutput::ContentBlockDelta(event) => {
                pieces += 1;
                streamed.push_str(event.delta().unwrap().as_text().unwrap());
            }
            ConverseStreamOutput::MessageStop(event) => stopped = Some(event.stop_reason),
            ConverseStreamOutput::Metadata(event) => counted = event.usage,
            _ => {}
        }
    }
    assert_eq!(&streamed, text);
    assert!(pieces > 1);
    assert_eq!(stopped, Some(whole.stop_reason));
    assert_eq!(counted.unwrap().output_tokens(), usage.output_tokens());
}

#[tokio::test]
async fn a_models_own_body_is_answered_whole_and_streamed() {
    let (_server, client) = start();
    let whole = client
        .invoke_model()
        .model_id(CLAUDE)
        .body(claude())
        .send()
        .await
        .unwrap();
    assert_eq!(whole.content_type(), "application/json");
    let whole: Value = serde_json::from_slice(whole.body().as_ref()).unwrap();
    let mut stream = client
        .invoke_model_with_response_stream()
        .model_id(CLAUDE)
        .body(claude())
        .send()
        .await
        .unwrap()
        .body;
    let (mut text, mut last) = (String::new(), Value::Null);
    while let Some(event) = stream.recv().await.unwrap() {
        let ResponseStream::Chunk(chunk) = event else {
            continue;
        };
        last = serde_json::from_slice(chunk.bytes().unwrap().as_ref()).unwrap();
        text.extend(last["delta"]["text"].as_str());
    }
    assert_eq!(whole["content"][0]["text"], text);
    assert!(
        last["amazon-bedrock-invocationMetrics"]["outputTokenCount"]
            .as_u64()
            .unwrap()
            > 0
    );

    let conversation =
        json!({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4, "temperature": 0});
    let body = Blob::new(conversation.to_string());
    let mistral = client
        .invoke_model()
        .model_id(MISTRAL)
        .body(body)
        .send()
        .await
        .unwrap();
    let mistral: Value = serde_json::from_slice(mistral.body().as_ref()).unwrap();
    assert!(
        mistral["choices"][0]["message"]["content"].is_string(),
        "{mistral}"
    );
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_goes_back() {
    let (_server, client) = start();
    let string = Document::Object([("type".to_owned(), Document::String("string".into()))].into());
    let properties = Document::Object([("city".to_owned(), string)].into());
    let required = Document::Array(vec![Document::String("city".into())]);
    let schema = Document::Object(
        [
            ("type".to_owned(), Document::String("object".into())),
            ("properties".to_owned(), properties),
            ("required".to_owned(), required),
        ]
        .into(),
    );
    let spec = ToolSpecification::builder()
        .name("weather")
        .description("The weather in a city")
        .input_schema(ToolInputSchema::Json(schema))
        .build()
        .unwrap();
    let tools = |choice: Option<ToolChoice>| {
        ToolConfiguration::builder()
            .tools(Tool::ToolSpec(spec.clone()))
            .set_tool_choice(choice)
            .build()
            .unwrap()
    };
    let question = user(ContentBlock::Text("What is the weather in Paris?".into()));
    let called = client
        .converse()
        .model_id("far")
        .messages(question.clone())
        .tool_config(tools(Some(ToolChoice::Any(AnyToolChoice::builder().build()))))
        .inference_config(
            InferenceConfiguration::builder()
                .max_tokens(200)
                .temperature(0.0)
                .build(),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(called.stop_reason, StopReason::ToolUse);
    let turn = said(called.output);
    let call = turn
        .content()
        .iter()
        .find_map(|block| block.as_tool_use().ok())
        .unwrap();
    assert_eq!(call.name(), "weather");
    assert!(call.input().as_object().unwrap().contains_key("city"));

    let result = ToolResultBlock::builder()
        .tool_use_id(call.tool_use_id())
        .content(ToolResultContentBlock::Text("sunny".into()))
        .build()
        .unwrap();
    let answered = client
        .converse()
        .model_id("far")
        .messages(question)
        .messages(turn.clone())
        .messages(user(ContentBlock::ToolResult(result)))
        .tool_config(tools(None))
        .inference_config(short())
        .send()
        .await
        .unwrap();
    let last = said(answered.output);
    assert_eq!(last.content()[0].as_text().unwrap(), "sunny");
}

#[tokio::test]
async fn failures_are_of_the_classes_that_the_client_knows() {
    let (_server, client) = start();
    let hot = InferenceConfiguration::builder().temperature(7.0).build();
    let wrong = client
        .converse()
        .model_id(CLAUDE)
        .messages(asked())
        .inference_config(hot)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(wrong.is_validation_exception(), "{wrong:?}");
    let unknown = client
        .converse()
        .model_id("nobody.knows-this")
        .messages(asked())
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(unknown.is_resource_not_found_exception(), "{unknown:?}");
}
