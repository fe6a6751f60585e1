//! Requests as hosts of this format read them.

use busbar_core::{
    ChatRequest, Error, OutputFormat, Part, Prompt, Reasoning, Result, Sampling, Thought, Tool, ToolChoice,
};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::turns::items;
use crate::{
    answer::json,
    openai::{
        hosts::{decimal, keeps_to_strictness, word},
        responses::FORMAT,
        unsupported,
    },
};

/// The body. `model` is left out where it is empty: the host then has a default.
pub(super) fn body(request: &ChatRequest, model: &str) -> Result<Bytes> {
    let Prompt::Messages(messages) = &request.prompt else {
        return Err(unsupported(
            "prompt",
            "`prompt` needs a host that continues texts",
        ));
    };
    refuse_what_has_no_word(request)?;
    let mut body = Map::new();
    if !model.is_empty() {
        body.insert("model".into(), model.into());
    }
    if !request.whole {
        body.insert("stream".into(), true.into());
    }
    body.insert("store".into(), false.into());
    body.insert("input".into(), items(messages)?.into());
    if let Some(most) = request.max_tokens {
        body.insert("max_output_tokens".into(), most.0.into());
    }
    let sampling = [
        ("temperature", request.sampling.temperature),
        ("top_p", request.sampling.top_p),
    ];
    for (name, value) in sampling {
        body.extend(value.map(|value| (name.to_owned(), decimal(value))));
    }
    tools(request, &mut body);
    if let Some(format) = format(&request.output) {
        body.insert("text".into(), json!({ "format": format }));
    }
    if let Some(effort) = effort(request.reasoning)? {
        body.insert("reasoning".into(), json!({ "effort": effort }));
    }
    included(request, &mut body);
    extra(request, &mut body)?;
    Ok(json(&body))
}

fn refuse_what_has_no_word(request: &ChatRequest) -> Result<()> {
    let Sampling {
        temperature: _,
        top_p: _,
        top_k,
        min_p,
        repetition_penalty,
        presence_penalty,
        frequency_penalty,
        seed,
        logit_bias,
    } = &request.sampling;
    let asked = [
        ("top_k", top_k.is_some()),
        ("min_p", min_p.is_some()),
        ("repetition_penalty", repetition_penalty.is_some()),
        ("presence_penalty", presence_penalty.is_some()),
        ("frequency_penalty", frequency_penalty.is_some()),
        ("seed", seed.is_some()),
        ("logit_bias", !logit_bias.is_empty()),
        ("stop", !request.stop.is_empty()),
        ("ignore_eos", request.ignore_end),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        Some((param, _)) => Err(unknown(param)),
        None => Ok(()),
    }
}

fn tools(request: &ChatRequest, body: &mut Map<String, Value>) {
    if request.tools.is_empty() {
        return;
    }
    body.insert("tools".into(), request.tools.iter().map(tool).collect());
    let choice = match &request.tool_choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => json!({ "type": "function", "name": name }),
    };
    body.insert("tool_choice".into(), choice);
    if let Some(parallel) = request.parallel_tool_calls {
        body.insert("parallel_tool_calls".into(), parallel.into());
    }
}

fn tool(tool: &Tool) -> Value {
    let mut written = json!({
        "type": "function",
        "name": tool.name,
        "parameters": tool.parameters,
        // Where nothing is said, this format is strict, and all others are not.
        "strict": tool.strict.unwrap_or_default(),
    });
    if let Some(description) = &tool.description {
        written["description"] = description.as_str().into();
    }
    written
}

fn format(output: &OutputFormat) -> Option<Value> {
    match output {
        OutputFormat::Text => None,
        OutputFormat::Json => Some(json!({ "type": "json_object" })),
        OutputFormat::JsonSchema(schema) => Some(json!({
            "type": "json_schema",
            "name": "answer",
            "schema": schema,
            "strict": keeps_to_strictness(schema),
        })),
    }
}

fn effort(reasoning: Option<Reasoning>) -> Result<Option<&'static str>> {
    match reasoning {
        None => Ok(None),
        Some(Reasoning::Off) => Ok(Some("none")),
        Some(Reasoning::Effort(effort)) => Ok(Some(word(effort))),
        Some(Reasoning::Budget(_)) => {
            let message =
                "the model that serves this request takes an effort, not a number of tokens, for thinking";
            Err(unsupported("reasoning", message))
        }
    }
}

/// What the answer is to tell beside the usual. A model that does not think refuses to be asked for sealed
/// thoughts, so they are asked for where thinking is spoken of.
fn included(request: &ChatRequest, body: &mut Map<String, Value>) {
    let mut included = Vec::new();
    if let Some(top) = request.logprobs {
        included.push("message.output_text.logprobs");
        if top > 0 {
            body.insert("top_logprobs".into(), top.into());
        }
    }
    let thinks = request
        .reasoning
        .is_some_and(|reasoning| reasoning != Reasoning::Off);
    if thinks || has_thought(request) {
        included.push("reasoning.encrypted_content");
    }
    if !included.is_empty() {
        body.insert("include".into(), included.into());
    }
}

fn has_thought(request: &ChatRequest) -> bool {
    let Prompt::Messages(messages) = &request.prompt else {
        return false;
    };
    let parts = messages.iter().flat_map(|message| message.content.parts());
    parts.into_iter().any(|part| {
        matches!(
            part,
            Part::Thought(
                Thought::Sealed(_)
                    | Thought::Open {
                        signature: Some(_),
                        ..
                    }
            )
        )
    })
}

/// Fields that only this format knows; a dot in their name leads into an object.
fn extra(request: &ChatRequest, body: &mut Map<String, Value>) -> Result<()> {
    for (name, value) in request.extra.of(FORMAT)? {
        let Some((object, field)) = name.split_once('.') else {
            body.insert(name.clone(), value.clone());
            continue;
        };
        let object = body.entry(object).or_insert_with(|| json!({}));
        if let Some(object) = object.as_object_mut() {
            object.insert(field.to_owned(), value.clone());
        }
    }
    Ok(())
}

fn unknown(param: &str) -> Error {
    let message = format!("the model that serves this request has no `{param}`");
    unsupported(param, message)
}
