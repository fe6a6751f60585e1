//! Writes a request for text: a conversation, or a text to be continued.

use busbar_core::{ChatRequest, Message, OutputFormat, Prompt, Sampling, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::Call;
use crate::answer::json as bytes;

/// The request for a streamed answer with its usage.
pub fn chat(request: &ChatRequest) -> Call {
    let mut body = Map::new();
    if !request.model.as_str().is_empty() {
        body.insert("model".into(), request.model.as_str().into());
    }
    body.insert("stream".into(), true.into());
    body.insert("stream_options".into(), json!({ "include_usage": true }));
    let path = match &request.prompt {
        Prompt::Messages(messages) => {
            let turns: Vec<Value> = messages.iter().map(turn).collect();
            body.insert("messages".into(), turns.into());
            "/v1/chat/completions"
        }
        Prompt::Text(text) => {
            body.insert("prompt".into(), text.as_str().into());
            "/v1/completions"
        }
    };
    sampling(&request.sampling, &mut body);
    if let Some(most) = request.max_tokens {
        body.insert("max_tokens".into(), most.0.into());
    }
    if !request.stop.is_empty() {
        body.insert("stop".into(), request.stop.clone().into());
    }
    if let Some(format) = response_format(&request.output) {
        body.insert("response_format".into(), format);
    }
    if !request.tools.is_empty() {
        let tools: Vec<Value> = request.tools.iter().map(tool).collect();
        body.insert("tools".into(), tools.into());
        body.insert("tool_choice".into(), tool_choice(&request.tool_choice));
    }
    Call {
        path,
        body: bytes(&body),
    }
}

fn turn(message: &Message) -> Value {
    let mut turn = Map::new();
    turn.insert("role".into(), message.role.as_str().into());
    let silent = message.content.is_empty() && !message.tool_calls.is_empty();
    let content = if silent {
        Value::Null
    } else {
        message.content.text().into()
    };
    turn.insert("content".into(), content);
    if let Some(name) = &message.name {
        turn.insert("name".into(), name.as_str().into());
    }
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            let function = json!({ "name": call.name, "arguments": call.arguments });
            json!({ "id": call.id.as_str(), "type": "function", "function": function })
        });
        turn.insert("tool_calls".into(), calls.collect());
    }
    if let Some(call) = &message.answers {
        turn.insert("tool_call_id".into(), call.as_str().into());
    }
    turn.into()
}

pub(super) fn sampling(sampling: &Sampling, body: &mut Map<String, Value>) {
    let numbers = [
        ("temperature", sampling.temperature),
        ("top_p", sampling.top_p),
        ("min_p", sampling.min_p),
        ("repetition_penalty", sampling.repetition_penalty),
        ("presence_penalty", sampling.presence_penalty),
        ("frequency_penalty", sampling.frequency_penalty),
    ];
    for (name, value) in numbers {
        if let Some(value) = value {
            body.insert(name.into(), decimal(value));
        }
    }
    if let Some(top_k) = sampling.top_k {
        body.insert("top_k".into(), top_k.into());
    }
    if let Some(seed) = sampling.seed {
        body.insert("seed".into(), seed.into());
    }
    if !sampling.logit_bias.is_empty() {
        let biases = sampling.logit_bias.iter();
        let biases: Map<String, Value> = biases
            .map(|bias| (bias.token.to_string(), decimal(bias.bias)))
            .collect();
        body.insert("logit_bias".into(), biases.into());
    }
}

/// As it is written: 0.7, where a plain widening would send 0.699999988079071.
fn decimal(value: f32) -> Value {
    value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

fn response_format(output: &OutputFormat) -> Option<Value> {
    match output {
        OutputFormat::Text => None,
        OutputFormat::Json => Some(json!({ "type": "json_object" })),
        OutputFormat::JsonSchema(schema) => {
            let named = json!({ "name": "answer", "schema": schema, "strict": true });
            Some(json!({ "type": "json_schema", "json_schema": named }))
        }
    }
}

fn tool(tool: &Tool) -> Value {
    let mut function = Map::new();
    function.insert("name".into(), tool.name.as_str().into());
    if let Some(description) = &tool.description {
        function.insert("description".into(), description.as_str().into());
    }
    function.insert("parameters".into(), tool.parameters.clone());
    json!({ "type": "function", "function": function })
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => json!({ "type": "function", "function": { "name": name } }),
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{Context, RequestId, ToolCall};

    use super::*;
    use crate::openai::{chat::ChatBody, completions::CompletionBody};

    fn context() -> Context {
        Context::new(RequestId::new("r"))
    }

    #[test]
    fn the_server_reads_back_what_the_client_wrote() {
        let call = ToolCall {
            id: "c1".into(),
            name: "weather".into(),
            arguments: "{}".into(),
        };
        let calls = Message {
            tool_calls: vec![call],
            ..Message::assistant("")
        };
        let result = Message {
            answers: Some("c1".into()),
            ..Message::new(busbar_core::Role::Tool, "rain")
        };
        let turns = vec![Message::system("s"), Message::user("u"), calls, result];
        let mut request = ChatRequest::new(context(), "m".into(), Prompt::Messages(turns));
        request.sampling.temperature = Some(0.7);
        request.sampling.seed = Some(u64::MAX);
        request.stop = vec!["\n".into()];
        request.output = OutputFormat::JsonSchema(json!({ "type": "object" }));
        request.tools = vec![Tool {
            name: "weather".into(),
            description: None,
            parameters: json!({ "type": "object" }),
            strict: None,
            cache_point: None,
        }];
        request.tool_choice = ToolChoice::Named("weather".into());
        let sent = chat(&request);
        assert_eq!(sent.path, "/v1/chat/completions");
        let body = ChatBody::read(&sent.body).unwrap();
        assert!(body.stream() && body.include_usage());
        let read = body.into_request(context()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{request:?}"));
    }

    #[test]
    fn a_text_to_continue_has_its_own_path() {
        let request = ChatRequest::new(context(), "m".into(), Prompt::Text("Once".into()));
        let sent = chat(&request);
        assert_eq!(sent.path, "/v1/completions");
        let read = CompletionBody::read(&sent.body)
            .unwrap()
            .into_request(context())
            .unwrap();
        assert_eq!(read.prompt, Prompt::Text("Once".into()));
    }
}
