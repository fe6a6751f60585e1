//! What was said, in turns: the person's, the bot's and those of tools, whose calls have no ids.

use busbar_core::{Error, Message, Part, Result, Role, ToolCall, ToolCallId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{CohereBody, text_of};
use crate::bedrock::invoke::plain::no_word;

/// A turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// `USER`, `CHATBOT`, `SYSTEM` or `TOOL`.
    pub role: String,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the bot called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<Call>>,
    /// What tools answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_results: Option<Vec<Results>>,
}

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The tool.
    pub name: String,
    /// What it is given.
    #[serde(default)]
    pub parameters: Map<String, Value>,
}

/// What a tool answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// To which call.
    pub call: Call,
    /// What.
    #[serde(default)]
    pub outputs: Vec<Value>,
}

impl Call {
    /// The call as these models write it. What is no object of parameters stays the text that it is.
    pub(super) fn of(call: &ToolCall) -> Value {
        let text = call.arguments.trim();
        let parameters = match serde_json::from_str::<Value>(if text.is_empty() { "{}" } else { text }) {
            Ok(parameters) => parameters,
            Err(_) => call.arguments.clone().into(),
        };
        json!({ "name": call.name, "parameters": parameters })
    }

    fn into_call(self, id: ToolCallId) -> ToolCall {
        ToolCall {
            id,
            name: self.name,
            arguments: Value::Object(self.parameters).to_string(),
        }
    }
}

/// Turns that are being read, and the calls that nobody has answered yet.
#[derive(Debug, Default)]
pub(super) struct Calling {
    messages: Vec<Message>,
    open: Vec<(ToolCallId, Call)>,
    calls: usize,
}

impl Calling {
    pub(super) fn say(&mut self, message: Message) {
        self.messages.push(message);
    }

    pub(super) fn into_messages(self) -> Vec<Message> {
        self.messages
    }

    pub(super) fn turn(&mut self, turn: Turn, param: &str) -> Result<()> {
        let said = turn.message.unwrap_or_default();
        match turn.role.to_ascii_uppercase().as_str() {
            "USER" => self.say(Message::user(said)),
            "SYSTEM" => self.say(Message::system(said)),
            "CHATBOT" => {
                let calls = turn.tool_calls.unwrap_or_default();
                self.call(said, calls);
            }
            "TOOL" => self.results(turn.tool_results.unwrap_or_default()),
            _ => {
                let field = format!("{param}.role");
                let message = format!("`{field}` must be `USER`, `CHATBOT`, `SYSTEM` or `TOOL`");
                return Err(Error::invalid(field, message));
            }
        }
        Ok(())
    }

    fn call(&mut self, said: String, calls: Vec<Call>) {
        let mut message = Message::assistant(said);
        if message.content.text().is_empty() {
            message.content = Vec::new().into();
        }
        for call in calls {
            let id = ToolCallId::new(format!("call_{}", self.calls));
            self.calls += 1;
            self.open.push((id.clone(), call.clone()));
            message.tool_calls.push(call.into_call(id));
        }
        self.say(message);
    }

    /// Results of calls that stand before them; calls that do not are put there.
    pub(super) fn results(&mut self, results: Vec<Results>) {
        let mut open = std::mem::take(&mut self.open);
        let mut answered = Vec::new();
        let mut unheard = Vec::new();
        for result in results {
            let place = open.iter().position(|(_, call)| *call == result.call);
            let id = place.map(|place| open.remove(place).0);
            if id.is_none() {
                unheard.push(result.call.clone());
            }
            answered.push((id, result));
        }
        if !unheard.is_empty() {
            self.call(String::new(), unheard);
        }
        let mut fresh = std::mem::take(&mut self.open).into_iter();
        for (id, result) in answered {
            let Some(id) = id.or_else(|| fresh.next().map(|(id, _)| id)) else {
                continue;
            };
            let mut message = Message::new(Role::Tool, Value::Array(result.outputs).to_string());
            message.answers = Some(id);
            self.say(message);
        }
        self.open = open;
    }
}

/// Documents as a part of what is said: a line for each field, an empty one between two.
pub(super) fn documents(documents: &[Map<String, Value>]) -> Option<Part> {
    if documents.is_empty() {
        return None;
    }
    let one = |document: &Map<String, Value>| {
        let lines = document.iter().map(|(name, value)| match value {
            Value::String(text) => format!("{name}: {text}\n"),
            other => format!("{name}: {other}\n"),
        });
        lines.collect::<String>()
    };
    let texts: Vec<_> = documents.iter().map(one).collect();
    Some(Part::Text(format!("Documents:\n\n{}", texts.join("\n"))))
}

/// Puts turns into a body: the last one is the message, or what tools answered.
pub(super) fn write(messages: &[Message], body: &mut CohereBody) -> Result<()> {
    let mut calls: Vec<&ToolCall> = Vec::new();
    let mut turns: Vec<Turn> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let param = format!("messages[{place}]");
        let text = text_of(message, &param)?;
        let role = match message.role {
            Role::System if place == 0 => {
                body.preamble = Some(text);
                continue;
            }
            Role::System => "SYSTEM",
            Role::User => "USER",
            Role::Assistant => "CHATBOT",
            Role::Tool => {
                let result = result(message, &text, &calls).ok_or_else(|| no_word(&param))?;
                match turns.last_mut().and_then(|turn| turn.tool_results.as_mut()) {
                    Some(results) => results.push(result),
                    None => turns.push(Turn {
                        role: "TOOL".into(),
                        tool_results: Some(vec![result]),
                        ..Turn::default()
                    }),
                }
                continue;
            }
        };
        calls.extend(&message.tool_calls);
        let own = message
            .tool_calls
            .iter()
            .enumerate()
            .map(|(at, call)| own(call).ok_or_else(|| no_word(&format!("{param}.tool_calls[{at}]"))))
            .collect::<Result<Vec<_>>>()?;
        turns.push(Turn {
            role: role.into(),
            message: Some(text),
            tool_calls: (!own.is_empty()).then_some(own),
            tool_results: None,
        });
    }
    match turns.pop() {
        Some(Turn {
            tool_results: Some(results),
            ..
        }) => {
            body.tool_results = results;
            body.message = Some(String::new());
        }
        Some(turn) if turn.role == "USER" => body.message = turn.message,
        _ => return Err(no_word(&format!("messages[{}].role", messages.len() - 1))),
    }
    body.chat_history = turns;
    Ok(())
}

/// A call, where its arguments are an object.
fn own(call: &ToolCall) -> Option<Call> {
    serde_json::from_value(Call::of(call)).ok()
}

/// What a tool said, with the call that it answers. Results that are a list of ours are one again.
fn result(message: &Message, text: &str, calls: &[&ToolCall]) -> Option<Results> {
    let id = message.answers.as_ref()?;
    let call = calls.iter().rev().find(|call| call.id == *id)?;
    let outputs = match serde_json::from_str(text) {
        Ok(Value::Array(outputs)) if outputs.iter().all(Value::is_object) => outputs,
        Ok(Value::Object(output)) => vec![Value::Object(output)],
        _ => vec![json!({ "text": text })],
    };
    Some(Results {
        call: own(call)?,
        outputs,
    })
}
