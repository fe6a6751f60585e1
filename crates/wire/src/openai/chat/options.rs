//! Fields about how much is thought, and those that only hosts of this format have a word for.

use busbar_core::{Effort, Error, Extra, Reasoning, Result, Tokens};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::FORMAT;

/// Fields that change the answer, and that hosts of this format may know: the vendor's own, then those
/// of vLLM and SGLang, of llama.cpp, and of hosted gateways. Models that speak anything else refuse them
/// by name.
pub const CARRIED: &[&str] = &[
    "moderation",
    "verbosity",
    "web_search_options",
    "add_generation_prompt",
    "allowed_token_ids",
    "bad_words",
    "chat_template",
    "chat_template_kwargs",
    "continue_final_message",
    "documents",
    "echo",
    "ebnf",
    "guided_choice",
    "guided_grammar",
    "guided_json",
    "guided_regex",
    "include_stop_str_in_output",
    "length_penalty",
    "min_tokens",
    "regex",
    "stop_token_ids",
    "structural_tag",
    "structured_outputs",
    "use_beam_search",
    "grammar",
    "json_schema",
    "mirostat",
    "mirostat_eta",
    "mirostat_tau",
    "typical_p",
    "dry_multiplier",
    "xtc_probability",
    "enable_thinking",
    "plugins",
    "safe_prompt",
    "search_parameters",
    "thinking_budget",
    "top_a",
    "transforms",
];

/// Fields that change nothing in an answer: who asks, what is noted down, what is billed how, what may
/// go faster. They are ignored unless the request is passed through as it came.
pub const HARMLESS: &[&str] = &[
    "metadata",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "user",
];

/// How much to think, as hosted gateways write it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReasoningOptions {
    /// `none`, `minimal`, `low`, `medium` or `high`.
    pub effort: Option<String>,
    /// At most so many tokens.
    pub max_tokens: Option<u32>,
    /// Whether at all.
    pub enabled: Option<bool>,
}

/// How much to think, in Anthropic's words, which gateways take in this dialect too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ThinkingOptions {
    /// `enabled`, `disabled` or `adaptive`.
    #[serde(rename = "type")]
    pub kind: String,
    /// At most so many tokens.
    pub budget_tokens: Option<u32>,
}

/// What the fields about thinking say together. Words that are stronger than ours stay in `extra`.
pub(super) fn reasoning(
    word: Option<String>,
    options: Option<ReasoningOptions>,
    thinking: Option<&ThinkingOptions>,
    extra: &mut Map<String, Value>,
) -> Result<Option<Reasoning>> {
    if let Some(word) = word {
        return effort("reasoning_effort", &word, carried_effort(extra));
    }
    let Some(options) = options else {
        return thinking.map_or(Ok(None), ThinkingOptions::reasoning);
    };
    match options {
        ReasoningOptions {
            enabled: Some(false), ..
        } => Ok(Some(Reasoning::Off)),
        ReasoningOptions {
            max_tokens: Some(most),
            ..
        } => Ok(Some(Reasoning::Budget(Tokens(most)))),
        ReasoningOptions {
            effort: Some(word), ..
        } => effort("reasoning.effort", &word, carried_effort(extra)),
        ReasoningOptions {
            enabled: Some(true), ..
        } => Ok(Some(Reasoning::Effort(Effort::Medium))),
        ReasoningOptions { .. } => Ok(None),
    }
}

/// The place of a word that is carried on.
fn carried_effort(extra: &mut Map<String, Value>) -> impl FnOnce(&str) {
    |word| {
        extra.insert("reasoning_effort".to_owned(), word.into());
    }
}

/// An effort by its word. `param` is where it stands; `carry` takes a word that is stronger than ours.
pub(in crate::openai) fn effort(
    param: &str,
    word: &str,
    carry: impl FnOnce(&str),
) -> Result<Option<Reasoning>> {
    let effort = match word {
        "none" => return Ok(Some(Reasoning::Off)),
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        // Few hosts know more than much; they are asked in their own words or not at all.
        "xhigh" | "max" => {
            carry(word);
            return Ok(None);
        }
        _ => {
            let words = "`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`";
            return Err(Error::invalid(
                param,
                format!("`{param}` must be {words}, not `{word}`"),
            ));
        }
    };
    Ok(Some(Reasoning::Effort(effort)))
}

impl ThinkingOptions {
    fn reasoning(&self) -> Result<Option<Reasoning>> {
        match (self.kind.as_str(), self.budget_tokens) {
            ("disabled", _) => Ok(Some(Reasoning::Off)),
            ("enabled" | "adaptive", Some(most)) => Ok(Some(Reasoning::Budget(Tokens(most)))),
            ("enabled", None) => Ok(Some(Reasoning::Effort(Effort::Medium))),
            ("adaptive", None) => Ok(None),
            (other, _) => Err(Error::invalid(
                "thinking.type",
                format!("`thinking.type` must be `enabled`, `disabled` or `adaptive`, not `{other}`"),
            )),
        }
    }
}

/// Of what the body says beside its known fields, that which is carried on.
pub(super) fn carried(rest: Map<String, Value>) -> Map<String, Value> {
    rest.into_iter()
        .filter(|(name, value)| !value.is_null() && CARRIED.contains(&name.as_str()))
        .collect()
}

/// Fields of this format.
pub(super) fn extra(fields: Map<String, Value>) -> Extra {
    // No format where there is nothing: such a request is like any other.
    let format = (!fields.is_empty()).then_some(FORMAT);
    Extra { format, fields }
}
