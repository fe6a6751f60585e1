//! One turn of a conversation, as clients write it.

use busbar_core::{Error, Message, Part, Result, Role, Thought, ToolCall, ToolCallId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Content, thinking::ThinkingBlock};
use crate::openai::cache::CacheControl;

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
    /// On a tool's turn, whether the tool failed (our extension).
    pub is_error: Option<bool>,
    /// On an assistant's turn, what it thought before (an extension that servers share).
    pub reasoning_content: Option<String>,
    /// The same by its other name.
    #[schema(ignore)]
    pub reasoning: Option<String>,
    /// The same, with what must go back to the model unchanged (an extension that gateways share).
    pub thinking_blocks: Option<Vec<ThinkingBlock>>,
    /// Everything up to the end of this turn should be kept computed (an extension that gateways share).
    pub cache_control: Option<CacheControl>,
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
    pub(super) fn into_message(mut self, param: &str) -> Result<Message> {
        let calls = self.tool_calls.take().unwrap_or_default();
        if self.role != ChatRole::Assistant && !calls.is_empty() {
            let field = format!("{param}.tool_calls");
            let message = format!("`{field}` may be on an assistant's turn only");
            return Err(Error::invalid(field, message));
        }
        if self.role == ChatRole::Tool && self.tool_call_id.is_none() {
            return Err(missing(param, "tool_call_id"));
        }
        let thoughts = self.thoughts();
        let said = match (self.content, self.refusal) {
            (Some(content), _) => content.into_parts(&format!("{param}.content"))?,
            (None, Some(refusal)) => vec![Part::Text(refusal)],
            (None, None) if self.role == ChatRole::Assistant && !calls.is_empty() => Vec::new(),
            (None, None) => return Err(missing(param, "content")),
        };
        let point = self.cache_control.as_ref().map(CacheControl::point);
        let content = thoughts
            .into_iter()
            .map(Part::Thought)
            .chain(said)
            .chain(point.map(Part::CachePoint))
            .collect();
        let tool_calls = calls
            .into_iter()
            .enumerate()
            .map(|(place, call)| call.into_call(&format!("{param}.tool_calls[{place}]")))
            .collect::<Result<_>>()?;
        Ok(Message {
            role: self.role.into(),
            content,
            name: self.name,
            tool_calls,
            answers: self.tool_call_id.map(ToolCallId::new),
            failed: self.is_error.unwrap_or_default(),
        })
    }

    /// Blocks say all that the plain text says, and more.
    fn thoughts(&mut self) -> Vec<Thought> {
        let blocks = self.thinking_blocks.take().unwrap_or_default();
        let text = self.reasoning_content.take().or(self.reasoning.take());
        let text = text.filter(|text| !text.is_empty());
        if self.role != ChatRole::Assistant {
            return Vec::new();
        }
        if blocks.is_empty() {
            let open = |text| Thought::Open {
                text,
                signature: None,
            };
            return text.into_iter().map(open).collect();
        }
        blocks
            .into_iter()
            .filter_map(ThinkingBlock::into_thought)
            .collect()
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
