//! Conversations: who said what, and which tools were called.

use serde_json::Value;

use crate::{CachePoint, Content, ToolCallId};

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; empty where the turn only calls tools.
    pub content: Content,
    /// The speaker's name, where the client gave one.
    pub name: Option<String>,
    /// Tools that an assistant turn calls.
    pub tool_calls: Vec<ToolCall>,
    /// On a tool turn, the call that it answers.
    pub answers: Option<ToolCallId>,
    /// On a tool turn, whether the tool failed.
    pub failed: bool,
}

impl Message {
    /// A plain turn.
    pub fn new(role: Role, content: impl Into<Content>) -> Self {
        Self {
            role,
            content: content.into(),
            name: None,
            tool_calls: Vec::new(),
            answers: None,
            failed: false,
        }
    }

    /// A turn of the user.
    pub fn user(content: impl Into<Content>) -> Self {
        Self::new(Role::User, content)
    }

    /// Instructions that stand above the conversation.
    pub fn system(content: impl Into<Content>) -> Self {
        Self::new(Role::System, content)
    }

    /// A turn of the model.
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self::new(Role::Assistant, content)
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Instructions of whoever built the application (OpenAI's `system` and `developer`).
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

impl Role {
    /// The name that chat templates know it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// A call of a tool, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Ties the result to this call.
    pub id: ToolCallId,
    /// Which tool.
    pub name: String,
    /// Its arguments, as JSON text exactly as the model wrote it.
    pub arguments: String,
}

/// A function that the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, for the model to read.
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    pub parameters: Value,
    /// Whether its arguments must keep to the schema, where the client says.
    pub strict: Option<bool>,
    /// Everything up to this tool should be kept computed.
    pub cache_point: Option<CachePoint>,
}

impl Tool {
    /// A tool by its name and its arguments' schema.
    pub fn new(name: impl Into<String>, parameters: Value) -> Self {
        Self {
            name: name.into(),
            description: None,
            parameters,
            strict: None,
            cache_point: None,
        }
    }
}

/// Whether the model may, must or must not call a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// No call.
    None,
    /// At least one call, of any tool.
    Required,
    /// A call of this tool.
    Named(String),
}
