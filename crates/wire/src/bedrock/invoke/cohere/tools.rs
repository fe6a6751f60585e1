//! Tools as these models have them: parameters with a type in Python's words, one level deep.

use std::collections::BTreeMap;

use busbar_core::{Error, Result, Tool};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::bedrock::invoke::plain::no_word;

/// A tool that the model may call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CohereTool {
    /// Its name.
    pub name: String,
    /// What it does.
    #[serde(default)]
    pub description: String,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameter_definitions: BTreeMap<String, Parameter>,
}

/// A parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `str`, `int`, `float`, `bool`, `list`, `dict`, or what a list is of: `List[str]`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether a call must have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
}

/// Types here, and as JSON Schema has them; the first of each is how it is written.
const KINDS: &[(&str, &str)] = &[
    ("str", "string"),
    ("string", "string"),
    ("int", "integer"),
    ("integer", "integer"),
    ("float", "number"),
    ("number", "number"),
    ("bool", "boolean"),
    ("boolean", "boolean"),
    ("list", "array"),
    ("array", "array"),
    ("dict", "object"),
    ("object", "object"),
];

/// The tools that these are.
pub(super) fn read(tools: Vec<CohereTool>) -> Result<Vec<Tool>> {
    tools
        .into_iter()
        .enumerate()
        .map(|(place, tool)| tool.into_tool(&format!("tools[{place}]")))
        .collect()
}

impl CohereTool {
    fn into_tool(self, param: &str) -> Result<Tool> {
        if self.name.is_empty() {
            let field = format!("{param}.name");
            return Err(Error::invalid(&*field, format!("`{field}` must not be empty")));
        }
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (name, parameter) in self.parameter_definitions {
            let field = format!("{param}.parameter_definitions.{name}.type");
            let mut schema = schema(&parameter.kind).ok_or_else(|| {
                let message = format!(
                    "`{field}` is none of `str`, `int`, `float`, `bool`, `list`, `dict` and lists of these"
                );
                Error::invalid(field, message)
            })?;
            if let Some(description) = parameter.description {
                schema.insert("description".into(), description.into());
            }
            if parameter.required == Some(true) {
                required.push(name.clone());
            }
            properties.insert(name, schema.into());
        }
        let mut parameters = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            parameters["required"] = required.into();
        }
        let mut tool = Tool::new(self.name, parameters);
        tool.description = (!self.description.is_empty()).then_some(self.description);
        Ok(tool)
    }
}

fn schema(kind: &str) -> Option<Map<String, Value>> {
    let kind = kind.to_ascii_lowercase();
    let mut schema = Map::new();
    if let Some(inner) = kind.strip_prefix("list[").and_then(|rest| rest.strip_suffix(']')) {
        schema.insert("type".into(), "array".into());
        schema.insert("items".into(), json!({ "type": json_kind(inner)? }));
        return Some(schema);
    }
    schema.insert("type".into(), json_kind(&kind)?.into());
    Some(schema)
}

fn json_kind(kind: &str) -> Option<&'static str> {
    let found = KINDS.iter().find(|(name, _)| *name == kind.trim());
    found.map(|(_, json)| *json)
}

fn own_kind(json: &str) -> Option<&'static str> {
    KINDS.iter().find(|(_, name)| *name == json).map(|(own, _)| *own)
}

/// The tools, for a model of this kind.
pub(super) fn write(tools: &[Tool]) -> Result<Vec<CohereTool>> {
    tools
        .iter()
        .enumerate()
        .map(|(place, tool)| written(tool, &format!("tools[{place}].parameters")))
        .collect()
}

/// What is said of a whole schema and means nothing here.
const TAKEN: &[&str] = &["type", "properties", "required", "$schema", "title"];

fn written(tool: &Tool, param: &str) -> Result<CohereTool> {
    let empty = Map::new();
    let schema = tool.parameters.as_object().unwrap_or(&empty);
    // That nothing else may be there needs no word: calls have the parameters that are defined.
    let closed = |name: &str| name == "additionalProperties" && schema.get(name) == Some(&Value::Bool(false));
    if let Some(other) = schema
        .keys()
        .find(|name| !TAKEN.contains(&name.as_str()) && !closed(name))
    {
        return Err(no_word(&format!("{param}.{other}")));
    }
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut parameter_definitions = BTreeMap::new();
    for (name, property) in properties.into_iter().flatten() {
        let field = format!("{param}.properties.{name}");
        let kind = kind_of(property).ok_or_else(|| no_word(&field))?;
        let description = property.get("description").and_then(Value::as_str);
        let parameter = Parameter {
            description: description.map(str::to_owned),
            kind,
            required: is_required(name).then_some(true),
        };
        parameter_definitions.insert(name.clone(), parameter);
    }
    Ok(CohereTool {
        name: tool.name.clone(),
        description: tool.description.clone().unwrap_or_default(),
        parameter_definitions,
    })
}

/// The type of a parameter; `None` where its schema says more than a type can.
fn kind_of(property: &Value) -> Option<String> {
    let schema = property.as_object()?;
    let known = |name: &String| matches!(name.as_str(), "type" | "description" | "items" | "title");
    if !schema.keys().all(known) {
        return None;
    }
    let kind = own_kind(schema.get("type")?.as_str()?)?;
    let Some(items) = schema.get("items") else {
        return Some(kind.to_owned());
    };
    let items = items.as_object()?;
    if kind != "list" || items.len() != 1 {
        return None;
    }
    Some(format!("List[{}]", own_kind(items.get("type")?.as_str()?)?))
}

/// A number that must be whole; 0 is none.
pub(super) fn whole_number(param: &str, number: Option<f32>) -> Result<Option<u32>> {
    let Some(number) = number else { return Ok(None) };
    if !(0.0..=500.0).contains(&number) || number.fract() != 0.0 {
        let message = format!("`{param}` must be a whole number from 0 to 500");
        return Err(Error::invalid(param, message));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "its range was checked"
    )]
    let whole = number as u32;
    Ok((whole > 0).then_some(whole))
}
