//! What an answer must look like.

use busbar_core::OutputFormat;
use serde_json::{Value, json};

/// What an answer must look like.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Some JSON object.
    Json,
    /// JSON that this schema accepts.
    Schema(Value),
    /// One call of a tool, in the way that the model writes calls.
    Call(CallForm),
    /// JSON that the schema accepts, or one call of a tool: the model decides.
    AnswerOrCall {
        /// JSON Schema of an answer.
        answer: Value,
        /// The call.
        call: CallForm,
    },
}

/// How a call is written, and which calls there may be.
#[derive(Clone, Debug, PartialEq)]
pub struct CallForm {
    /// What stands before the call, piece by piece: names of control tokens, or text.
    pub open: Vec<String>,
    /// What stands after it.
    pub close: Vec<String>,
    /// JSON Schema of what stands between.
    pub schema: Value,
}

impl Form {
    /// The form that a request asks for; `None`: anything goes.
    pub fn of(output: &OutputFormat) -> Option<Self> {
        match output {
            OutputFormat::Text => None,
            OutputFormat::Json => Some(Self::Json),
            OutputFormat::JsonSchema(schema) => Some(Self::Schema(schema.clone())),
        }
    }

    /// The field of a request that a wrong form comes from.
    pub(super) fn param(&self) -> &'static str {
        match self {
            Self::Json | Self::Schema(_) | Self::AnswerOrCall { .. } => "response_format",
            Self::Call(_) => "tools",
        }
    }

    /// The JSON Schema of an answer, where it may be one.
    pub(crate) fn answer(&self) -> Option<Value> {
        match self {
            Self::Json => Some(json!({ "type": "object" })),
            Self::Schema(schema) | Self::AnswerOrCall { answer: schema, .. } => Some(schema.clone()),
            Self::Call(_) => None,
        }
    }

    /// The call, where it may be one.
    pub(super) fn call(&self) -> Option<&CallForm> {
        match self {
            Self::Call(call) | Self::AnswerOrCall { call, .. } => Some(call),
            Self::Json | Self::Schema(_) => None,
        }
    }
}
