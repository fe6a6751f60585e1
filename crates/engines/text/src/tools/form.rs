//! The form of a call that must come.

use busbar_core::{Error, OutputFormat, Result, Tool, ToolChoice};
use serde_json::{Value, json};

use super::ToolStyle;
use crate::grammar::{CallForm, Form};

impl ToolStyle {
    /// The form that an answer must have under this choice; `None` where it may be anything.
    ///
    /// # Errors
    /// `Invalid` where the choice names a tool that is not there, or wants one of none.
    pub fn form(&self, tools: &[Tool], choice: &ToolChoice) -> Result<Option<Form>> {
        let wanted: Vec<&Tool> = match choice {
            ToolChoice::Auto | ToolChoice::None => return Ok(None),
            ToolChoice::Required => tools.iter().collect(),
            ToolChoice::Named(name) => tools.iter().filter(|tool| tool.name == *name).collect(),
        };
        if wanted.is_empty() {
            let message = match choice {
                ToolChoice::Named(name) => {
                    format!("`tool_choice` names `{name}`, which is not among the tools")
                }
                _ => "`tool_choice` asks for a call, but there are no tools".into(),
            };
            return Err(Error::invalid("tool_choice", message));
        }
        Ok(Some(Form::Call(self.call_form(&wanted))))
    }

    /// The form of an answer that must be JSON where the model may call a tool instead; `None` where
    /// an answer may be anything.
    pub fn form_or_call(&self, tools: &[Tool], output: &OutputFormat) -> Option<Form> {
        let answer = Form::of(output)?;
        let tools: Vec<&Tool> = tools.iter().collect();
        Some(match answer.answer() {
            Some(schema) if !tools.is_empty() => Form::AnswerOrCall {
                answer: schema,
                call: self.call_form(&tools),
            },
            _ => answer,
        })
    }

    fn call_form(&self, tools: &[&Tool]) -> CallForm {
        let calls = tools.iter().enumerate();
        let mut calls: Vec<Value> = calls.map(|(index, tool)| self.call(index, tool)).collect();
        let call = match calls.len() {
            1 => calls.remove(0),
            _ => json!({ "anyOf": calls }),
        };
        let schema = if self.list {
            json!({ "type": "array", "items": call, "minItems": 1 })
        } else {
            call
        };
        // Where a bare object is a call, a marker would only be in the way.
        let marker = self.opens.first().filter(|_| !self.bare);
        let pieces = |pieces: [Option<&str>; 2]| {
            let pieces = pieces.into_iter().flatten().filter(|piece| !piece.is_empty());
            pieces.map(str::to_owned).collect()
        };
        CallForm {
            open: pieces([marker.copied(), marker.map(|_| self.gap)]),
            close: pieces([marker.map(|_| self.gap), marker.and(self.close)]),
            schema,
        }
    }

    /// The schema of a call of one tool.
    fn call(&self, index: usize, tool: &Tool) -> Value {
        json!({
            "type": "object",
            "properties": {
                "name": { "const": tool.name },
                (self.arguments): arguments(index, &tool.parameters),
            },
            "required": ["name", self.arguments],
            "additionalProperties": false,
        })
    }
}

/// The schema of a tool's arguments, with a name of its own, so that references inside it still
/// lead into it.
fn arguments(index: usize, parameters: &Value) -> Value {
    let Value::Object(keywords) = parameters else {
        return json!({ "type": "object" });
    };
    let mut keywords = keywords.clone();
    // Arguments are an object even where the schema forgets to say so.
    keywords.entry("type").or_insert_with(|| "object".into());
    keywords
        .entry("$id")
        .or_insert_with(|| format!("json-schema:///tools/{index}").into());
    Value::Object(keywords)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str) -> Tool {
        Tool {
            name: name.into(),
            description: None,
            parameters: json!({"properties": {"city": {"type": "string"}}}),
            strict: None,
            cache_point: None,
        }
    }

    fn form(style: &str, choice: &ToolChoice) -> Result<Option<Form>> {
        ToolStyle::named(style)
            .unwrap()
            .form(&[tool("a"), tool("b")], choice)
    }

    #[test]
    fn a_choice_of_the_model_has_no_form() {
        assert_eq!(form("hermes", &ToolChoice::Auto).unwrap(), None);
        assert_eq!(form("hermes", &ToolChoice::None).unwrap(), None);
    }

    #[test]
    fn a_named_tool_is_the_only_one_allowed() {
        let Some(Form::Call(call)) = form("hermes", &ToolChoice::Named("b".into())).unwrap() else {
            panic!("no call");
        };
        assert_eq!(call.open, ["<tool_call>", "\n"]);
        assert_eq!(call.close, ["\n", "</tool_call>"]);
        assert_eq!(call.schema["properties"]["name"]["const"], "b");
        assert_eq!(call.schema["properties"]["arguments"]["type"], "object");
    }

    #[test]
    fn each_style_has_its_own_frame() {
        let Some(Form::Call(call)) = form("mistral", &ToolChoice::Required).unwrap() else {
            panic!("no call");
        };
        assert_eq!((call.open.len(), call.close.len()), (1, 0));
        assert_eq!(call.schema["items"]["anyOf"].as_array().unwrap().len(), 2);
        let Some(Form::Call(call)) = form("llama3", &ToolChoice::Required).unwrap() else {
            panic!("no call");
        };
        assert!(call.open.is_empty() && call.close.is_empty());
    }

    #[test]
    fn a_choice_that_cannot_be_met_is_refused() {
        let error = form("json", &ToolChoice::Named("c".into())).unwrap_err();
        assert_eq!(error.param(), Some("tool_choice"));
        let none = ToolStyle::named("json").unwrap().form(&[], &ToolChoice::Required);
        assert!(none.is_err());
    }
}
