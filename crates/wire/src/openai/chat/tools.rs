//! The tools that a client offers.

use std::fmt;

use busbar_core::{Error, Result, Tool, ToolChoice};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::openai::{cache::CacheControl, unsupported};

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatTool {
    /// `function`; nothing else is taken.
    #[serde(rename = "type")]
    pub kind: String,
    /// The function.
    pub function: Option<ToolFunction>,
    /// Everything up to this tool should be kept computed (an extension that gateways share).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<CacheControl>,
}

/// A function that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ToolFunction {
    /// Its name.
    pub name: String,
    /// What it does, for the model to read.
    pub description: Option<String>,
    /// JSON Schema of its arguments; none where it takes none.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Value>,
    /// Whether its arguments must keep to the schema.
    pub strict: Option<bool>,
    /// The same as beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub cache_control: Option<CacheControl>,
}

/// Whether the model may, must or must not call a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ChatToolChoice {
    /// `auto`, `none` or `required`.
    Mode(String),
    /// This tool: `{"type": "function", "function": {"name": …}}`.
    Named {
        /// `function`.
        #[serde(rename = "type")]
        kind: String,
        /// Which.
        function: Option<ToolName>,
    },
}

/// A tool by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolName {
    /// The name.
    pub name: String,
}

impl ChatTool {
    pub(super) fn into_tool(self, param: &str) -> Result<Tool> {
        if self.kind != "function" {
            let message = format!("a tool of type `{}` is not taken, only `function`", self.kind);
            return Err(unsupported(&format!("{param}.type"), message));
        }
        let Some(function) = self.function else {
            let field = format!("{param}.function");
            let message = format!("`{field}` is missing");
            return Err(Error::invalid(field, message));
        };
        let cached = self.cache_control.or(function.cache_control);
        if function.name.is_empty() {
            let field = format!("{param}.function.name");
            let message = format!("`{field}` must not be empty");
            return Err(Error::invalid(field, message));
        }
        let parameters = function
            .parameters
            .unwrap_or_else(|| json!({"type": "object", "properties": {}}));
        if !parameters.is_object() {
            let field = format!("{param}.function.parameters");
            let message = format!("`{field}` must be a JSON Schema object");
            return Err(Error::invalid(field, message));
        }
        Ok(Tool {
            name: function.name,
            description: function.description,
            parameters,
            strict: function.strict,
            cache_point: cached.as_ref().map(CacheControl::point),
        })
    }
}

impl ChatToolChoice {
    /// The choice that this means, among these tools.
    pub(super) fn into_choice(self, tools: &[Tool]) -> Result<ToolChoice> {
        let mode = match self {
            Self::Mode(mode) => mode,
            Self::Named { kind, function } => return named(&kind, function, tools),
        };
        let choice = match mode.as_str() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" => ToolChoice::Required,
            other => {
                let message =
                    format!("`tool_choice` must be `auto`, `none`, `required` or a tool, not `{other}`");
                return Err(Error::invalid("tool_choice", message));
            }
        };
        if choice == ToolChoice::Required && tools.is_empty() {
            let message = "`tool_choice` is `required`, but there are no `tools`";
            return Err(Error::invalid("tool_choice", message));
        }
        Ok(choice)
    }
}

fn named(kind: &str, function: Option<ToolName>, tools: &[Tool]) -> Result<ToolChoice> {
    if kind != "function" {
        let message = format!("a tool choice of type `{kind}` is not taken, only `function`");
        return Err(unsupported("tool_choice.type", message));
    }
    let Some(ToolName { name }) = function else {
        return Err(Error::invalid(
            "tool_choice.function",
            "`tool_choice.function` is missing",
        ));
    };
    if !tools.iter().any(|tool| tool.name == name) {
        let message = format!("`tool_choice` names `{name}`, which is not among `tools`");
        return Err(Error::invalid("tool_choice.function.name", message));
    }
    Ok(ToolChoice::Named(name))
}

impl<'de> Deserialize<'de> for ChatToolChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChoiceVisitor)
    }
}

struct ChoiceVisitor;

impl<'de> Visitor<'de> for ChoiceVisitor {
    type Value = ChatToolChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`auto`, `none`, `required` or an object that names a tool")
    }

    fn visit_str<E: de::Error>(self, mode: &str) -> Result<ChatToolChoice, E> {
        Ok(ChatToolChoice::Mode(mode.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ChatToolChoice, A::Error> {
        #[derive(Deserialize)]
        struct Named {
            #[serde(rename = "type")]
            kind: String,
            function: Option<ToolName>,
        }
        let named = Named::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ChatToolChoice::Named {
            kind: named.kind,
            function: named.function,
        })
    }
}
