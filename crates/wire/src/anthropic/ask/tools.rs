//! The tools that a client offers.

use busbar_core::{CachePoint, Error, Result, Tool, ToolChoice};
use serde::Deserialize;
use serde_json::Value;

use crate::anthropic::{cache::CacheControl, missing, unsupported};

/// A tool.
#[derive(Debug, Deserialize)]
pub(super) struct ToolBody {
    /// `custom` or nothing; other types are tools that Anthropic defines, and mostly runs, itself.
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    description: Option<String>,
    input_schema: Option<Value>,
    strict: Option<bool>,
    cache_control: Option<CacheControl>,
    allowed_callers: Option<Vec<String>>,
    defer_loading: Option<bool>,
    input_examples: Option<Vec<Value>>,
}

/// Whether the model may, must or must not call a tool.
#[derive(Debug, Deserialize)]
pub(super) struct ChoiceBody {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    disable_parallel_tool_use: Option<bool>,
}

/// The tools that these mean.
pub(super) fn read(tools: Vec<ToolBody>) -> Result<Vec<Tool>> {
    tools
        .into_iter()
        .enumerate()
        .map(|(place, tool)| tool.into_tool(&format!("tools[{place}]")))
        .collect()
}

impl ToolBody {
    fn into_tool(self, param: &str) -> Result<Tool> {
        if let Some(kind) = self.kind.as_deref().filter(|kind| *kind != "custom") {
            let message = format!(
                "`{param}` is of type `{kind}`, a tool that only Anthropic has; only tools with an `input_schema` are taken here"
            );
            return Err(unsupported(format!("{param}.type"), message));
        }
        self.has_only_what_can_be_kept(param)?;
        let name = self.name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| missing(format!("{param}.name")))?;
        let parameters = self
            .input_schema
            .ok_or_else(|| missing(format!("{param}.input_schema")))?;
        if !parameters.is_object() {
            let field = format!("{param}.input_schema");
            let message = format!("`{field}` must be a JSON Schema object");
            return Err(Error::invalid(field, message));
        }
        Ok(Tool {
            name,
            description: self.description,
            parameters,
            strict: self.strict,
            cache_point: self.cache_control.map(CachePoint::from),
        })
    }

    fn has_only_what_can_be_kept(&self, param: &str) -> Result<()> {
        let callers = self.allowed_callers.as_deref().unwrap_or_default();
        let fields = [
            ("allowed_callers", callers.iter().any(|caller| caller != "direct")),
            ("defer_loading", self.defer_loading == Some(true)),
            (
                "input_examples",
                self.input_examples
                    .as_ref()
                    .is_some_and(|examples| !examples.is_empty()),
            ),
        ];
        match fields.iter().find(|(_, said)| *said) {
            Some((name, _)) => {
                let message =
                    format!("`{param}.{name}` cannot be kept to by the model that serves this request");
                Err(unsupported(format!("{param}.{name}"), message))
            }
            None => Ok(()),
        }
    }
}

impl ChoiceBody {
    /// The choice that this means among these tools, and whether several calls may be made at once.
    pub(super) fn into_choice(self, tools: &[Tool]) -> Result<(ToolChoice, Option<bool>)> {
        let choice = match self.kind.as_str() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "any" => ToolChoice::Required,
            "tool" => {
                let name = self.name.ok_or_else(|| missing("tool_choice.name"))?;
                if !tools.iter().any(|tool| tool.name == name) {
                    let message = format!("`tool_choice` names `{name}`, which is not among `tools`");
                    return Err(Error::invalid("tool_choice.name", message));
                }
                ToolChoice::Named(name)
            }
            other => {
                let message =
                    format!("`tool_choice.type` must be `auto`, `any`, `tool` or `none`, not `{other}`");
                return Err(Error::invalid("tool_choice.type", message));
            }
        };
        if choice == ToolChoice::Required && tools.is_empty() {
            let message = "`tool_choice` is `any`, but there are no `tools`";
            return Err(Error::invalid("tool_choice", message));
        }
        Ok((choice, self.disable_parallel_tool_use.map(|disable| !disable)))
    }
}
