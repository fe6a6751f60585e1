//! Requests in.

use busbar_core::{
    ChatRequest, Context, Effort, Error, Extra, Format, ModelId, OutputFormat, Prompt, Reasoning, Result,
    Sampling, Tokens, Tool, ToolChoice,
};
use serde_json::{Map, Value, json};

use super::{
    ConverseBody, PLACEHOLDER_TOOL,
    body::{Choice, HINTS, InferenceConfig, OutputConfig, ToolBlock, ToolConfig, ToolSpec},
    turns::{self, Read},
};
use crate::{
    bedrock::{invoke::numbers, unsupported},
    body,
};

/// Where a request came from: whose it is, and what stands in its path.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whom it is for.
    pub context: Context,
    /// The model in its path.
    pub model: ModelId,
    /// Whether its operation answers whole.
    pub whole: bool,
}

impl ConverseBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, asked: Asked) -> Result<ChatRequest> {
        self.into_request_of(asked, super::FORMAT)
    }

    /// The same, for bodies of a format that has the same fields.
    pub(in crate::bedrock) fn into_request_of(self, asked: Asked, format: Format) -> Result<ChatRequest> {
        let mut read = Read::default();
        read.system(self.system.unwrap_or_default())?;
        for (place, turn) in self.messages.unwrap_or_default().into_iter().enumerate() {
            read.turn(turn, &format!("messages[{place}]"))?;
        }
        // A prompt that is kept at the host may be all there is.
        if read.messages.is_empty() && self.prompt_variables.is_none() {
            return Err(Error::invalid(
                "messages",
                "`messages` must have at least one turn",
            ));
        }
        let prompt = Prompt::Messages(read.messages);
        let mut request = ChatRequest::new(asked.context, asked.model, prompt);
        request.whole = asked.whole;
        inference(self.inference_config.unwrap_or_default(), &mut request)?;
        if let Some(config) = self.tool_config {
            tools(config, &mut request)?;
        }
        let mut fields = Map::new();
        if let Some(config) = self.output_config {
            output(config, &mut request, &mut fields)?;
        }
        let more = self.additional_model_request_fields.unwrap_or_default();
        additional(more, &mut request, &mut fields)?;
        let wanted = self.additional_model_response_field_paths.unwrap_or_default();
        if !wanted.iter().all(|path| path.starts_with('/')) {
            let param = "additionalModelResponseFieldPaths";
            let message = format!("`{param}` must be JSON pointers, which begin with a slash");
            return Err(Error::invalid(param, message));
        }
        let as_they_are = [
            ("guardrailConfig", self.guardrail_config),
            ("promptVariables", self.prompt_variables),
        ];
        for (name, value) in as_they_are {
            fields.extend(value.map(|value| (name.to_owned(), value)));
        }
        let hints = [self.request_metadata, self.performance_config, self.service_tier];
        let hints =
            std::iter::zip(HINTS, hints).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        request.hints = extra(format, hints.collect());
        if !read.guarded.is_empty() {
            fields.insert("guardContent".into(), json!(read.guarded));
        }
        request.extra = extra(format, fields);
        Ok(request)
    }
}

fn extra(format: Format, fields: Map<String, Value>) -> Extra {
    Extra {
        format: (!fields.is_empty()).then_some(format),
        fields,
    }
}

fn inference(config: InferenceConfig, request: &mut ChatRequest) -> Result<()> {
    let sampling = Sampling {
        temperature: config.temperature,
        top_p: config.top_p,
        top_k: config.top_k,
        ..Sampling::default()
    };
    let names = [
        ("temperature", "inferenceConfig.temperature"),
        ("top_p", "inferenceConfig.topP"),
        ("top_k", "inferenceConfig.topK"),
    ];
    numbers::check(&sampling, &names)?;
    request.sampling = sampling;
    request.max_tokens = numbers::most("inferenceConfig.maxTokens", config.max_tokens)?;
    request.stop = numbers::stop(
        "inferenceConfig.stopSequences",
        config.stop_sequences.unwrap_or_default(),
    )?;
    if let Some(reasoning) = config.reasoning_config {
        request.reasoning = Some(reasoning_config(&reasoning).ok_or_else(|| {
            let param = "inferenceConfig.reasoningConfig";
            Error::invalid(param, format!("`{param}` is not what it should be"))
        })?);
    }
    Ok(())
}

fn tools(config: ToolConfig, request: &mut ChatRequest) -> Result<()> {
    for (place, block) in config.tools.into_iter().enumerate() {
        let param = format!("toolConfig.tools[{place}]");
        match block {
            ToolBlock {
                tool_spec: Some(spec),
                ..
            } => request.tools.push(tool(spec, &format!("{param}.toolSpec"))?),
            ToolBlock {
                cache_point: Some(point),
                ..
            } => {
                let param = format!("{param}.cachePoint");
                let Some(last) = request.tools.last_mut() else {
                    return Err(Error::invalid(
                        &*param,
                        format!("`{param}` must stand behind a tool"),
                    ));
                };
                last.cache_point = Some(turns::cache_point(&point, &param)?);
            }
            ToolBlock {
                system_tool: Some(_), ..
            } => {
                let message = format!("`{param}.systemTool` is not taken: tools of the host cannot be had");
                return Err(unsupported(format!("{param}.systemTool"), message));
            }
            ToolBlock { .. } => {
                return Err(Error::invalid(&*param, format!("`{param}.toolSpec` is missing")));
            }
        }
    }
    let offered = request.tools.len();
    request.tools.retain(|tool| tool.name != PLACEHOLDER_TOOL);
    if offered > 0 && request.tools.is_empty() {
        request.tool_choice = ToolChoice::None;
        return Ok(());
    }
    request.tool_choice = choice(config.tool_choice.unwrap_or_default(), &request.tools)?;
    Ok(())
}

fn tool(spec: ToolSpec, param: &str) -> Result<Tool> {
    if spec.name.is_empty() {
        let param = format!("{param}.name");
        return Err(Error::invalid(&*param, format!("`{param}` must not be empty")));
    }
    if !spec.input_schema.json.is_object() {
        let param = format!("{param}.inputSchema.json");
        return Err(Error::invalid(
            &*param,
            format!("`{param}` must be a JSON Schema object"),
        ));
    }
    Ok(Tool {
        name: spec.name,
        description: spec.description,
        parameters: spec.input_schema.json,
        strict: spec.strict,
        cache_point: None,
    })
}

fn choice(choice: Choice, tools: &[Tool]) -> Result<ToolChoice> {
    if let Some(named) = choice.tool {
        if !tools.iter().any(|tool| tool.name == named.name) {
            let message = format!(
                "`toolConfig.toolChoice.tool.name` names no tool: `{}`",
                named.name
            );
            return Err(Error::invalid("toolConfig.toolChoice.tool.name", message));
        }
        return Ok(ToolChoice::Named(named.name));
    }
    Ok(match choice.any {
        Some(_) => ToolChoice::Required,
        None => ToolChoice::Auto,
    })
}

fn output(config: OutputConfig, request: &mut ChatRequest, fields: &mut Map<String, Value>) -> Result<()> {
    if let Some(format) = config.text_format {
        if format.kind != "json_schema" {
            let param = "outputConfig.textFormat.type";
            let message = format!("`{param}` must be `json_schema`, not `{}`", format.kind);
            return Err(Error::invalid(param, message));
        }
        request.output = schema(&format.structure.json_schema.schema)?;
    }
    let Some(effort) = config.effort else {
        return Ok(());
    };
    match self::effort(&effort) {
        Some(effort) => request.reasoning = Some(Reasoning::Effort(effort)),
        // Words beyond ours (`xhigh`, `max`) mean something to some models.
        None => {
            fields.insert("effort".into(), effort.into());
        }
    }
    Ok(())
}

fn schema(text: &str) -> Result<OutputFormat> {
    let param = "outputConfig.textFormat.structure.jsonSchema.schema";
    let schema: Value = serde_json::from_str(text).map_err(|error| {
        Error::invalid(param, format!("`{param}` is no JSON: {error}")).with_source(error)
    })?;
    if !schema.is_object() && !schema.is_boolean() {
        return Err(Error::invalid(
            param,
            format!("`{param}` must be a JSON Schema object"),
        ));
    }
    Ok(match schema == any_object() {
        true => OutputFormat::Json,
        false => OutputFormat::JsonSchema(schema),
    })
}

/// Some JSON object, which the format has no other word for.
pub(super) fn any_object() -> Value {
    json!({ "type": "object" })
}

/// What only the model knows. What we have words for, too, becomes ours; the rest stays.
fn additional(
    mut more: Map<String, Value>,
    request: &mut ChatRequest,
    fields: &mut Map<String, Value>,
) -> Result<()> {
    if let Some(top_k) = more.remove("top_k") {
        request.sampling.top_k = Some(self::top_k(&top_k, "top_k")?);
    }
    if let Some(Value::Object(config)) = more.get_mut("inferenceConfig") {
        if let Some(top_k) = config.remove("topK") {
            request.sampling.top_k = Some(self::top_k(&top_k, "inferenceConfig.topK")?);
        }
        if config.is_empty() {
            more.remove("inferenceConfig");
        }
    }
    for (name, read) in [
        ("thinking", thinking as fn(&Value) -> Option<Reasoning>),
        ("reasoning_config", thinking),
        ("reasoningConfig", reasoning_config),
    ] {
        if let Some(reasoning) = more.get(name).and_then(read) {
            more.remove(name);
            request.reasoning = Some(reasoning);
        }
    }
    // With an effort it says what the effort says already; alone it is for those who know it.
    let adaptive = json!({ "type": "adaptive" });
    if matches!(request.reasoning, Some(Reasoning::Effort(_))) && more.get("thinking") == Some(&adaptive) {
        more.remove("thinking");
    }
    if !more.is_empty() {
        fields.insert("additionalModelRequestFields".into(), more.into());
    }
    Ok(())
}

fn top_k(value: &Value, name: &str) -> Result<u32> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.filter(|number| *number > 0).ok_or_else(|| {
        let param = format!("additionalModelRequestFields.{name}");
        Error::invalid(&*param, format!("`{param}` must be a number of at least 1"))
    })
}

/// Claude's words for how much to think.
fn thinking(value: &Value) -> Option<Reasoning> {
    let budget = || u32::try_from(value.get("budget_tokens")?.as_u64()?).ok();
    match value.get("type")?.as_str()? {
        "enabled" => budget().map(|budget| Reasoning::Budget(Tokens(budget))),
        "disabled" => Some(Reasoning::Off),
        _ => None,
    }
}

/// Nova's words for how much to think.
fn reasoning_config(value: &Value) -> Option<Reasoning> {
    match value.get("type")?.as_str()? {
        "enabled" => effort(value.get("maxReasoningEffort")?.as_str()?).map(Reasoning::Effort),
        "disabled" => Some(Reasoning::Off),
        _ => None,
    }
}

fn effort(word: &str) -> Option<Effort> {
    Some(match word {
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        _ => return None,
    })
}
