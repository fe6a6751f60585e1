//! `thinking` and `output_config`: how much to think, and the form of the answer.

use busbar_core::{Effort, Error, OutputFormat, Reasoning, Result, Tokens};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    generation::{Generation, Thinks},
    missing, unsupported,
};

/// The smallest budget that the format takes.
const LEAST_BUDGET: u32 = 1_024;

/// How much to think.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Thinking {
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_tokens: Option<u32>,
    /// How thoughts are shown: as they are, or sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<String>,
}

/// How the answer should be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct OutputConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<Form>,
    /// What else there is or will be.
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// The form of the answer.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Form {
    #[serde(rename = "type")]
    kind: String,
    schema: Option<Value>,
}

/// What a client said of thinking.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// What it means to everybody.
    pub(super) reasoning: Option<Reasoning>,
    /// What it means to hosts that speak the format, where that is more.
    pub(super) hints: Map<String, Value>,
    /// What only they can do.
    pub(super) extra: Map<String, Value>,
}

impl Asked {
    /// What the fields `thinking` and `output_config.effort` say together.
    pub(super) fn read(thinking: Option<&Thinking>, effort: Option<String>) -> Result<Self> {
        let mut asked = Self::default();
        let word = effort.as_deref().map(word);
        let kind = thinking.map(|thinking| thinking.kind.as_str());
        let exact = match kind {
            // Effort alone asks for no thinking, but nobody else tells the two apart.
            None => {
                asked.reasoning = word.map(|(effort, _)| Reasoning::Effort(effort));
                effort.is_none()
            }
            // "The model decides" is what saying nothing means to everybody else.
            Some("adaptive") => {
                asked.reasoning = word.map(|(effort, _)| Reasoning::Effort(effort));
                effort.is_some()
            }
            Some("disabled") => {
                asked.reasoning = Some(Reasoning::Off);
                true
            }
            Some("enabled") => {
                let budget = thinking.and_then(|thinking| thinking.budget_tokens);
                let budget = budget.ok_or_else(|| missing("thinking.budget_tokens"))?;
                if budget < LEAST_BUDGET {
                    let message =
                        format!("`thinking.budget_tokens` must be at least {LEAST_BUDGET}, not {budget}");
                    return Err(Error::invalid("thinking.budget_tokens", message));
                }
                asked.reasoning = Some(Reasoning::Budget(Tokens(budget)));
                true
            }
            Some(_) => {
                asked.extra.insert("thinking".into(), value(&thinking));
                true
            }
        };
        let shown = thinking.is_some_and(|thinking| thinking.display.is_some());
        let ours = matches!(kind, None | Some("adaptive" | "disabled" | "enabled"));
        if ours && (!exact || shown) {
            asked.hints.insert("thinking".into(), value(&thinking));
        }
        let told =
            matches!(asked.reasoning, Some(Reasoning::Effort(_))) && word.is_some_and(|(_, exact)| exact);
        if let Some(effort) = effort.filter(|_| !told) {
            asked
                .hints
                .insert("output_config".into(), serde_json::json!({ "effort": effort }));
        }
        Ok(asked)
    }
}

impl Form {
    /// The form that this means; `param` is its own path.
    pub(super) fn into_output(self, param: &str) -> Result<OutputFormat> {
        if self.kind != "json_schema" {
            let message = format!("`{param}.type` must be `json_schema`, not `{}`", self.kind);
            return Err(Error::invalid(format!("{param}.type"), message));
        }
        let schema = self.schema.ok_or_else(|| missing(format!("{param}.schema")))?;
        if !schema.is_object() {
            let message = format!("`{param}.schema` must be a JSON Schema object");
            return Err(Error::invalid(format!("{param}.schema"), message));
        }
        Ok(OutputFormat::JsonSchema(schema))
    }

    /// The word for a form.
    pub(super) fn of(output: &OutputFormat) -> Result<Option<Self>> {
        let schema = match output {
            OutputFormat::Text => return Ok(None),
            OutputFormat::JsonSchema(schema) if schema.is_object() => schema.clone(),
            OutputFormat::Json | OutputFormat::JsonSchema(_) => {
                let message =
                    "this model's host takes a JSON Schema object for the form of the answer, nothing less";
                return Err(unsupported("response_format", message));
            }
        };
        Ok(Some(Self {
            kind: "json_schema".to_owned(),
            schema: Some(schema),
        }))
    }
}

/// What a model is told of thinking: the fields `thinking` and `output_config.effort`.
pub(super) fn told(
    reasoning: Option<Reasoning>,
    model: &str,
    max_tokens: Option<Tokens>,
) -> Result<(Option<Thinking>, Option<String>)> {
    let Some(reasoning) = reasoning else {
        return Ok((None, None));
    };
    let thinking = |kind: &str, budget_tokens| {
        Some(Thinking {
            kind: kind.to_owned(),
            budget_tokens,
            display: None,
        })
    };
    let told = match (Generation::of(model).thinks(), reasoning) {
        (Thinks::Never, Reasoning::Off) => (None, None),
        (Thinks::Never, Reasoning::Effort(_) | Reasoning::Budget(_)) => {
            let message = "this model does not think before it speaks; leave out how much it should";
            return Err(unsupported("reasoning", message));
        }
        (_, Reasoning::Off) => (thinking("disabled", None), None),
        (_, Reasoning::Budget(budget)) => (thinking("enabled", Some(budget.0)), None),
        (Thinks::ByEffort, Reasoning::Effort(effort)) => {
            (thinking("adaptive", None), Some(name(effort).to_owned()))
        }
        (Thinks::ByBudget, Reasoning::Effort(effort)) => {
            // The budget is a part of `max_tokens`; where not even the least fits, there is no thinking.
            let room = max_tokens.map_or(u32::MAX, |most| most.0.saturating_sub(1));
            let budget = budget(effort).min(room);
            (
                if budget < LEAST_BUDGET {
                    None
                } else {
                    thinking("enabled", Some(budget))
                },
                None,
            )
        }
    };
    Ok(told)
}

/// The same as values, for another format in which Claude is spoken to.
pub(crate) fn thinking_and_effort(
    reasoning: Option<Reasoning>,
    model: &str,
    max_tokens: Option<Tokens>,
) -> Result<(Option<Value>, Option<String>)> {
    let (thinking, effort) = told(reasoning, model, max_tokens)?;
    Ok((thinking.map(|thinking| value(&thinking)), effort))
}

/// The effort that a word means, and whether it is ours exactly. Those above ours are taken for the most.
fn word(effort: &str) -> (Effort, bool) {
    match effort {
        "low" => (Effort::Low, true),
        "medium" => (Effort::Medium, true),
        "high" => (Effort::High, true),
        _ => (Effort::High, false),
    }
}

/// The word for an effort; the least that there is a word for is `low`.
fn name(effort: Effort) -> &'static str {
    match effort {
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

/// Tokens for an effort, for models that want to have a number.
fn budget(effort: Effort) -> u32 {
    match effort {
        Effort::Minimal => LEAST_BUDGET,
        Effort::Low => 2_048,
        Effort::Medium => 8_192,
        Effort::High => 24_576,
    }
}

fn value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
