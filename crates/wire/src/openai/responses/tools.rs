//! The tools that a client offers.

use std::fmt;

use busbar_core::{Error, Result, Tool, ToolChoice};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::part::missing;
use crate::openai::{CacheControl, unsupported};

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResponsesTool {
    /// `function`; tools that the vendor hosts are refused by their names.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: Option<String>,
    /// What it does, for the model to read.
    pub description: Option<String>,
    /// JSON Schema of its arguments; none where it takes none.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Value>,
    /// Whether its arguments must keep to the schema.
    pub strict: Option<bool>,
    /// Everything up to this tool should be kept computed (an extension that gateways share).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub cache_control: Option<CacheControl>,
}

/// Whether the model may, must or must not call a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ResponsesToolChoice {
    /// `auto`, `none` or `required`.
    Mode(String),
    /// This tool: `{"type": "function", "name": …}`.
    Named {
        /// `function`.
        #[serde(rename = "type")]
        kind: String,
        /// Which.
        name: Option<String>,
    },
}

impl ResponsesTool {
    pub(super) fn into_tool(self, param: &str) -> Result<Tool> {
        if self.kind != "function" {
            let message = format!(
                "a tool of type `{}` is not hosted here, only `function` is taken",
                self.kind
            );
            return Err(unsupported(&format!("{param}.type"), message));
        }
        let name = self.name.filter(|name| !name.is_empty());
        let parameters = self
            .parameters
            .unwrap_or_else(|| json!({"type": "object", "properties": {}}));
        if !parameters.is_object() {
            let field = format!("{param}.parameters");
            let message = format!("`{field}` must be a JSON Schema object");
            return Err(Error::invalid(field, message));
        }
        Ok(Tool {
            name: name.ok_or_else(|| missing(param, "name"))?,
            description: self.description,
            parameters,
            strict: self.strict,
            cache_point: self.cache_control.as_ref().map(CacheControl::point),
        })
    }
}

impl ResponsesToolChoice {
    /// The choice that this means, among these tools.
    pub(super) fn into_choice(self, tools: &[Tool]) -> Result<ToolChoice> {
        match self {
            Self::Mode(mode) => by_mode(&mode, tools),
            Self::Named { kind, .. } if kind != "function" => {
                let message = format!("a tool choice of type `{kind}` is not taken, only `function`");
                Err(unsupported("tool_choice.type", message))
            }
            Self::Named { name, .. } => {
                let name = name.ok_or_else(|| missing("tool_choice", "name"))?;
                if tools.iter().any(|tool| tool.name == name) {
                    return Ok(ToolChoice::Named(name));
                }
                let message = format!("`tool_choice` names `{name}`, which is not among `tools`");
                Err(Error::invalid("tool_choice.name", message))
            }
        }
    }
}

fn by_mode(mode: &str, tools: &[Tool]) -> Result<ToolChoice> {
    match mode {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        "required" if tools.is_empty() => {
            let message = "`tool_choice` is `required`, but there are no `tools`";
            Err(Error::invalid("tool_choice", message))
        }
        "required" => Ok(ToolChoice::Required),
        other => {
            let message =
                format!("`tool_choice` must be `auto`, `none`, `required` or a tool, not `{other}`");
            Err(Error::invalid("tool_choice", message))
        }
    }
}

impl<'de> Deserialize<'de> for ResponsesToolChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChoiceVisitor)
    }
}

struct ChoiceVisitor;

impl<'de> Visitor<'de> for ChoiceVisitor {
    type Value = ResponsesToolChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`auto`, `none`, `required` or an object that names a tool")
    }

    fn visit_str<E: de::Error>(self, mode: &str) -> Result<Self::Value, E> {
        Ok(ResponsesToolChoice::Mode(mode.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        struct Named {
            #[serde(rename = "type")]
            kind: String,
            name: Option<String>,
        }
        let named = Named::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ResponsesToolChoice::Named {
            kind: named.kind,
            name: named.name,
        })
    }
}
