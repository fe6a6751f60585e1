//! One turn of a conversation, as clients write it.

use busbar_core::{Error, Message, Result, Role, ToolCall, ToolCallId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Content;

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Message)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: ChatRole,
    /// What is said; may be absent on an assistant's turn that calls tools.
    pub content: Option<Content>,
    /// The speaker's name.
    pub name: Option<String>,
    /// On an assistant's turn, why it did not answer. It is taken for what was said.
    pub refusal: Option<String>,
    /// On an assistant's turn, the tools that it called.
    pub tool_calls: Option<Vec<MessageToolCall>>,
    /// On a tool's turn, the call that it answers.
    pub tool_call_id: Option<String>,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    /// Instructions.
    System,
    /// Instructions, by their newer name.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

/// A call of a tool in the conversation so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageToolCall {
    /// Ties the result to the call.
    pub id: String,
    /// `function`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What was called.
    pub function: MessageFunction,
}

/// A function that was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageFunction {
    /// Its name.
    pub name: String,
    /// Its arguments: JSON as text.
    pub arguments: String,
}

impl ChatMessage {
    /// The turn that this means; `param` is its own path (`messages[2]`).
    pub(super) fn into_message(self, param: &str) -> Result<Message> {
        let calls = self.tool_calls.unwrap_or_default();
        let said = match self.content {
            Some(content) => Some(content.into_text(&format!("{param}.content"))?),
            None => self.refusal,
        };
        let may_be_silent = self.role == ChatRole::Assistant && !calls.is_empty();
        if said.is_none() && !may_be_silent {
            return Err(missing(param, "content"));
        }
        if self.role != ChatRole::Assistant && !calls.is_empty() {
            let field = format!("{param}.tool_calls");
            let message = format!("`{field}` may be on an assistant's turn only");
            return Err(Error::invalid(field, message));
        }
        if self.role == ChatRole::Tool && self.tool_call_id.is_none() {
            return Err(missing(param, "tool_call_id"));
        }
        let tool_calls = calls
            .into_iter()
            .enumerate()
            .map(|(place, call)| call.into_call(&format!("{param}.tool_calls[{place}]")))
            .collect::<Result<_>>()?;
        Ok(Message {
            role: self.role.into(),
            content: said.unwrap_or_default().into(),
            name: self.name,
            tool_calls,
            answers: self.tool_call_id.map(ToolCallId::new),
            failed: false,
        })
    }
}

impl MessageToolCall {
    fn into_call(self, param: &str) -> Result<ToolCall> {
        if let Some(kind) = self.kind.filter(|kind| kind != "function") {
            let message = format!("a tool call of type `{kind}` is not taken, only `function`");
            return Err(crate::openai::unsupported(&format!("{param}.type"), message));
        }
        if self.function.name.is_empty() {
            let field = format!("{param}.function.name");
            let message = format!("`{field}` must not be empty");
            return Err(Error::invalid(field, message));
        }
        Ok(ToolCall {
            id: ToolCallId::new(self.id),
            name: self.function.name,
            arguments: self.function.arguments,
        })
    }
}

impl From<ChatRole> for Role {
    fn from(role: ChatRole) -> Self {
        match role {
            ChatRole::System | ChatRole::Developer => Self::System,
            ChatRole::User => Self::User,
            ChatRole::Assistant => Self::Assistant,
            ChatRole::Tool => Self::Tool,
        }
    }
}

fn missing(param: &str, field: &str) -> Error {
    let field = format!("{param}.{field}");
    let message = format!("`{field}` is missing");
    Error::invalid(field, message)
}
