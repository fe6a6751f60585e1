//! Requests out.

use busbar_core::{ChatRequest, Effort, Error, OutputFormat, Prompt, Reasoning, Result, Sampling};
use serde_json::{Map, Value, json};

use super::{
    ConverseBody, Schema,
    body::{InferenceConfig, JsonSchema, OutputConfig, Structure, TextFormat},
    read::any_object,
    tools,
    turns_out::Write,
};
use crate::{
    anthropic,
    bedrock::{Family, unsupported},
};

/// A request as a body, for this model.
pub(super) fn body(request: &ChatRequest, model: &str, schema: Schema) -> Result<ConverseBody> {
    let family = match schema {
        Schema::Converse => Family::of(model),
        Schema::Nova => Family::Nova,
    };
    refuse_what_has_no_word(request)?;
    let Prompt::Messages(messages) = &request.prompt else {
        let message = "this model's host takes conversations only, not a text to be continued";
        return Err(unsupported("prompt", message));
    };
    let mut extra = request.extra.of(schema.format())?.clone();
    let hint = |name| Some(request.hints.of(schema.format()).ok()?.get(name)?.clone());
    let mut write = Write::new(guarded(&mut extra)?, family);
    for (place, message) in messages.iter().enumerate() {
        write.message(message, place)?;
    }
    let (system, turns) = write.end()?;
    let mut more = match extra.remove("additionalModelRequestFields") {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let mut inference = inference(request);
    let mut output = output(&request.output);
    if let Some(Value::String(effort)) = extra.remove("effort") {
        output.get_or_insert_default().effort = Some(effort);
    }
    if let Some(top_k) = request.sampling.top_k {
        match (schema, family) {
            (Schema::Nova, _) => inference.top_k = Some(top_k),
            (Schema::Converse, Family::Nova) => insert(&mut more, "inferenceConfig", "topK", top_k.into()),
            (Schema::Converse, _) => {
                more.insert("top_k".into(), top_k.into());
            }
        }
    }
    if let Some(reasoning) = request.reasoning {
        match thinking(reasoning, family)? {
            Said::Nothing => {}
            Said::AsClaude => {
                let (thinking, effort) =
                    anthropic::thinking_and_effort(request.reasoning, model, request.max_tokens)?;
                more.extend(thinking.map(|value| ("thinking".to_owned(), value)));
                if effort.is_some() {
                    output.get_or_insert_default().effort = effort;
                }
            }
            Said::Effort(word) => output.get_or_insert_default().effort = Some(word.to_owned()),
            Said::Field(_, value) if schema == Schema::Nova => inference.reasoning_config = Some(value),
            Said::Field(name, value) => {
                more.insert(name.to_owned(), value);
            }
        }
    }
    if schema == Schema::Nova && output.is_some() {
        return Err(unsupported(
            "response_format",
            "Nova's own format cannot hold an answer to a form",
        ));
    }
    Ok(ConverseBody {
        schema_version: (schema == Schema::Nova).then(|| "messages-v1".to_owned()),
        messages: Some(turns),
        system: (!system.is_empty()).then_some(system),
        inference_config: (inference != InferenceConfig::default()).then_some(inference),
        tool_config: tools::write(request, messages, family)?,
        output_config: output,
        additional_model_request_fields: (!more.is_empty()).then_some(more),
        guardrail_config: extra.remove("guardrailConfig"),
        prompt_variables: extra.remove("promptVariables"),
        performance_config: hint("performanceConfig"),
        service_tier: hint("serviceTier"),
        request_metadata: hint("requestMetadata"),
        additional_model_response_field_paths: None,
    })
}

/// The texts that a guardrail shall look at.
fn guarded(extra: &mut Map<String, Value>) -> Result<Vec<super::block::GuardText>> {
    let Some(guarded) = extra.remove("guardContent") else {
        return Ok(Vec::new());
    };
    serde_json::from_value(guarded).map_err(|error| {
        Error::invalid("guardContent", "`guardContent` is not what it should be").with_source(error)
    })
}

fn refuse_what_has_no_word(request: &ChatRequest) -> Result<()> {
    let Sampling {
        temperature: _,
        top_p: _,
        top_k: _,
        min_p,
        repetition_penalty,
        presence_penalty,
        frequency_penalty,
        seed,
        logit_bias,
    } = &request.sampling;
    let asked = [
        ("min_p", min_p.is_some()),
        (
            "repetition_penalty",
            repetition_penalty.is_some_and(|penalty| penalty != 1.0),
        ),
        (
            "presence_penalty",
            presence_penalty.is_some_and(|penalty| penalty != 0.0),
        ),
        (
            "frequency_penalty",
            frequency_penalty.is_some_and(|penalty| penalty != 0.0),
        ),
        ("seed", seed.is_some()),
        ("logit_bias", !logit_bias.is_empty()),
        ("logprobs", request.logprobs.is_some()),
        ("ignore_eos", request.ignore_end),
        ("parallel_tool_calls", request.parallel_tool_calls == Some(false)),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        Some((param, _)) => {
            let message = format!("`{param}` has no word in the format of this model's host; leave it out");
            Err(unsupported(param, message))
        }
        None => Ok(()),
    }
}

fn inference(request: &ChatRequest) -> InferenceConfig {
    InferenceConfig {
        max_tokens: request.max_tokens.map(|most| most.0),
        temperature: request.sampling.temperature,
        top_p: request.sampling.top_p,
        stop_sequences: (!request.stop.is_empty()).then(|| request.stop.clone()),
        ..InferenceConfig::default()
    }
}

fn output(output: &OutputFormat) -> Option<OutputConfig> {
    let schema = match output {
        OutputFormat::Text => return None,
        OutputFormat::Json => any_object().to_string(),
        OutputFormat::JsonSchema(schema) => schema.to_string(),
    };
    let json_schema = JsonSchema {
        schema,
        name: Some("answer".to_owned()),
        description: None,
    };
    Some(OutputConfig {
        text_format: Some(TextFormat {
            kind: "json_schema".to_owned(),
            structure: Structure { json_schema },
        }),
        effort: None,
    })
}

/// How a wish about thinking is said.
enum Said {
    /// A model that does not think need not be told not to.
    Nothing,
    /// As its own format says it, which depends on the model's generation.
    AsClaude,
    /// A word of the format.
    Effort(&'static str),
    /// A field of the model's own.
    Field(&'static str, Value),
}

fn thinking(reasoning: Reasoning, family: Family) -> Result<Said> {
    let thinks = !matches!(
        family,
        Family::TitanText | Family::Llama | Family::Mistral | Family::MistralChat | Family::Cohere
    );
    Ok(match (reasoning, family) {
        (_, Family::Claude) => Said::AsClaude,
        (Reasoning::Off, Family::Nova) => Said::Field("reasoningConfig", json!({ "type": "disabled" })),
        (Reasoning::Off, _) if thinks => Said::Field("thinking", json!({ "type": "disabled" })),
        (Reasoning::Off, _) => Said::Nothing,
        (Reasoning::Effort(effort), Family::Nova) => {
            let value = json!({ "type": "enabled", "maxReasoningEffort": word(effort) });
            Said::Field("reasoningConfig", value)
        }
        (Reasoning::Effort(effort), _) if thinks => Said::Effort(word(effort)),
        (Reasoning::Budget(budget), Family::Other) => {
            let value = json!({ "type": "enabled", "budget_tokens": budget.0 });
            Said::Field("thinking", value)
        }
        _ => {
            let message = "this model cannot be told how much to think in this way";
            return Err(unsupported("reasoning", message));
        }
    })
}

/// The format's word; there is none for less than little.
fn word(effort: Effort) -> &'static str {
    match effort {
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

fn insert(fields: &mut Map<String, Value>, object: &str, name: &str, value: Value) {
    let inner = fields.entry(object).or_insert_with(|| json!({}));
    if let Some(inner) = inner.as_object_mut() {
        inner.insert(name.to_owned(), value);
    }
}
