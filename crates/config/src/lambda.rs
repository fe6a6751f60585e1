//! `[lambda]`: how a function on AWS Lambda answers.

use schemars::JsonSchema;
use serde::Deserialize;

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLambda {
    answers: LambdaAnswers,
    connections: String,
}

/// How a function on AWS Lambda answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lambda {
    /// Whole, or piece by piece.
    pub answers: LambdaAnswers,
    /// Where frames for WebSocket connections go, where it is not what their events say.
    pub connections: Option<String>,
}

/// How answers leave a function. Who calls it decides which of the two it understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LambdaAnswers {
    /// Each is collected, and handed over once it is complete.
    Whole,
    /// Each begins with its head, and goes on in pieces as they come.
    Streamed,
}

impl RawLambda {
    pub(crate) fn check(&self) -> Lambda {
        Lambda {
            answers: self.answers,
            connections: (!self.connections.is_empty()).then(|| self.connections.clone()),
        }
    }
}
