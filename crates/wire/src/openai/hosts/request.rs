//! Requests as hosts of this format read them.

use busbar_core::{
    ChatRequest, Effort, Error, OutputFormat, Prompt, Reasoning, Result, Sampling, Tokens, Tool, ToolChoice,
};
use serde_json::{Map, Value, json};

use super::{
    quirks::{CacheWords, LimitName, Quirks, ReasoningWords, SamplingWords, SchemaWords, StreamUsage},
    turns::turns,
};
use crate::openai::{CacheControl, chat, unsupported};

/// The body. `model` is left out where it is empty: the host then has a default.
pub(super) fn body(
    request: &ChatRequest,
    model: &str,
    quirks: Quirks,
    stream: bool,
) -> Result<Map<String, Value>> {
    let mut body = Map::new();
    if !model.is_empty() {
        body.insert("model".into(), model.into());
    }
    if stream {
        body.insert("stream".into(), true.into());
        if quirks.stream_usage == StreamUsage::OnRequest {
            body.insert("stream_options".into(), json!({ "include_usage": true }));
        }
    }
    match &request.prompt {
        Prompt::Messages(messages) => {
            body.insert("messages".into(), turns(messages, quirks)?.into());
            tools(request, quirks, &mut body);
            output(&request.output, quirks, &mut body)?;
            reasoning(request.reasoning, quirks, &mut body)?;
            logprobs(request.logprobs, &mut body);
            limit(request.max_tokens, quirks.limit, &mut body);
        }
        Prompt::Text(text) => {
            refuse_beside_text(request)?;
            body.insert("prompt".into(), text.as_str().into());
            limit(request.max_tokens, LimitName::MaxTokens, &mut body);
        }
    }
    sampling(&request.sampling, quirks, &mut body)?;
    if !request.stop.is_empty() {
        body.insert("stop".into(), request.stop.clone().into());
    }
    ignore_end(request.ignore_end, quirks, &mut body)?;
    body.extend(request.extra.of(chat::FORMAT)?.clone());
    Ok(body)
}

fn limit(most: Option<Tokens>, name: LimitName, body: &mut Map<String, Value>) {
    let Some(most) = most else { return };
    let name = match name {
        LimitName::MaxTokens => "max_tokens",
        LimitName::MaxCompletionTokens => "max_completion_tokens",
    };
    body.insert(name.into(), most.0.into());
}

/// What hosts of this format take with conversations only.
fn refuse_beside_text(request: &ChatRequest) -> Result<()> {
    let refuse = |param: &str| Err(unsupported(param, format!("`{param}` needs a conversation")));
    if !request.tools.is_empty() {
        return refuse("tools");
    }
    if request.output != OutputFormat::Text {
        return refuse("response_format");
    }
    if request.logprobs.is_some() {
        return refuse("logprobs");
    }
    if request.reasoning.is_some() {
        return refuse("reasoning_effort");
    }
    Ok(())
}

/// The ways to choose tokens, written where they were asked for.
pub(super) fn sampling(sampling: &Sampling, quirks: Quirks, body: &mut Map<String, Value>) -> Result<()> {
    let open = quirks.sampling != SamplingWords::Vendor;
    let numbers = [
        ("temperature", sampling.temperature, true),
        ("top_p", sampling.top_p, true),
        ("min_p", sampling.min_p, open),
        ("repetition_penalty", sampling.repetition_penalty, open),
        ("presence_penalty", sampling.presence_penalty, true),
        ("frequency_penalty", sampling.frequency_penalty, true),
    ];
    for (name, value, known) in numbers {
        let Some(value) = value else { continue };
        if !known {
            return Err(unknown(name));
        }
        body.insert(name.into(), decimal(value));
    }
    if let Some(top_k) = sampling.top_k {
        if !open {
            return Err(unknown("top_k"));
        }
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
    Ok(())
}

fn ignore_end(ignore: bool, quirks: Quirks, body: &mut Map<String, Value>) -> Result<()> {
    if !ignore {
        return Ok(());
    }
    if quirks.sampling != SamplingWords::Engine {
        return Err(unknown("ignore_eos"));
    }
    body.insert("ignore_eos".into(), true.into());
    Ok(())
}

fn logprobs(top: Option<u8>, body: &mut Map<String, Value>) {
    let Some(top) = top else { return };
    body.insert("logprobs".into(), true.into());
    if top > 0 {
        body.insert("top_logprobs".into(), top.into());
    }
}

fn reasoning(reasoning: Option<Reasoning>, quirks: Quirks, body: &mut Map<String, Value>) -> Result<()> {
    let Some(reasoning) = reasoning else { return Ok(()) };
    match (quirks.reasoning, reasoning) {
        (ReasoningWords::Effort, Reasoning::Off) => {
            body.insert("reasoning_effort".into(), "none".into());
        }
        (ReasoningWords::Effort, Reasoning::Effort(effort)) => {
            body.insert("reasoning_effort".into(), word(effort).into());
        }
        (ReasoningWords::Object, Reasoning::Off) => {
            body.insert("reasoning".into(), json!({ "enabled": false }));
        }
        (ReasoningWords::Object, Reasoning::Effort(effort)) => {
            body.insert("reasoning".into(), json!({ "effort": word(effort) }));
        }
        (ReasoningWords::Object, Reasoning::Budget(most)) => {
            body.insert("reasoning".into(), json!({ "max_tokens": most.0 }));
        }
        (ReasoningWords::Effort, Reasoning::Budget(_)) => {
            let message =
                "the model that serves this request takes an effort, not a number of tokens, for thinking";
            return Err(unsupported("reasoning", message));
        }
        (ReasoningWords::None, _) => return Err(unknown("reasoning_effort")),
    }
    Ok(())
}

/// The word for an effort.
pub(crate) fn word(effort: Effort) -> &'static str {
    match effort {
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

fn output(output: &OutputFormat, quirks: Quirks, body: &mut Map<String, Value>) -> Result<()> {
    let format = match (output, quirks.schema) {
        (OutputFormat::Text, _) => return Ok(()),
        (OutputFormat::Json, _) => json!({ "type": "json_object" }),
        (OutputFormat::JsonSchema(_), SchemaWords::JsonOnly) => {
            let message = "the model that serves this request can be held to JSON, but not to a schema";
            return Err(unsupported("response_format", message));
        }
        (OutputFormat::JsonSchema(schema), SchemaWords::Strict) => {
            let strict = keeps_to_strictness(schema);
            let named = json!({ "name": "answer", "schema": schema, "strict": strict });
            json!({ "type": "json_schema", "json_schema": named })
        }
        (OutputFormat::JsonSchema(schema), SchemaWords::Schema) => {
            let named = json!({ "name": "answer", "schema": schema });
            json!({ "type": "json_schema", "json_schema": named })
        }
    };
    body.insert("response_format".into(), format);
    Ok(())
}

/// Strictness is only for schemas in which every object lists all its properties as required and allows
/// no others; the vendor refuses any other schema that is sent as strict.
pub(crate) fn keeps_to_strictness(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => {
            let properties = fields.get("properties").and_then(Value::as_object);
            let all_required = properties.is_none_or(|properties| {
                let required = fields.get("required").and_then(Value::as_array);
                let listed = |name: &String| required.is_some_and(|all| all.iter().any(|one| one == name));
                properties.keys().all(listed)
            });
            let is_object = properties.is_some() || fields.get("type").is_some_and(|kind| kind == "object");
            let closed = fields.get("additionalProperties") == Some(&Value::Bool(false));
            all_required && (closed || !is_object) && fields.values().all(keeps_to_strictness)
        }
        Value::Array(items) => items.iter().all(keeps_to_strictness),
        _ => true,
    }
}

fn tools(request: &ChatRequest, quirks: Quirks, body: &mut Map<String, Value>) {
    if request.tools.is_empty() {
        return;
    }
    let tools: Vec<Value> = request
        .tools
        .iter()
        .map(|offered| tool(offered, quirks))
        .collect();
    body.insert("tools".into(), tools.into());
    let choice = match &request.tool_choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => json!({ "type": "function", "function": { "name": name } }),
    };
    body.insert("tool_choice".into(), choice);
    if let Some(parallel) = request.parallel_tool_calls {
        body.insert("parallel_tool_calls".into(), parallel.into());
    }
}

fn tool(tool: &Tool, quirks: Quirks) -> Value {
    let mut function = Map::new();
    function.insert("name".into(), tool.name.as_str().into());
    if let Some(description) = &tool.description {
        function.insert("description".into(), description.as_str().into());
    }
    function.insert("parameters".into(), tool.parameters.clone());
    if let Some(strict) = tool.strict {
        function.insert("strict".into(), strict.into());
    }
    let mut written = Map::new();
    written.insert("type".into(), "function".into());
    written.insert("function".into(), function.into());
    if let (Some(point), CacheWords::Control) = (tool.cache_point, quirks.cache) {
        written.insert("cache_control".into(), CacheControl::write(point));
    }
    written.into()
}

/// As it is written: 0.7, where a plain widening would send 0.699999988079071.
pub(crate) fn decimal(value: f32) -> Value {
    value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

fn unknown(param: &str) -> Error {
    unsupported(
        param,
        format!("the model that serves this request has no `{param}`"),
    )
}
