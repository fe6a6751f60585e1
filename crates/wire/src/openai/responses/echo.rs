//! What an answer gives back of its request.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    request::{ReasoningConfig, ResponsesBody, TextConfig, TextFormat},
    tools::{ResponsesTool, ResponsesToolChoice},
};

/// What an answer gives back of its request. Clients' types want most of it to be there.
#[derive(Clone, Debug, Serialize)]
pub struct Echo {
    instructions: Option<String>,
    max_output_tokens: Option<u32>,
    metadata: Map<String, Value>,
    parallel_tool_calls: bool,
    previous_response_id: Option<String>,
    reasoning: ReasoningConfig,
    /// False whatever was asked: nothing is stored.
    store: bool,
    temperature: Option<f64>,
    text: TextConfig,
    tool_choice: ResponsesToolChoice,
    tools: Vec<ResponsesTool>,
    top_logprobs: u32,
    top_p: Option<f64>,
    truncation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
}

impl Echo {
    pub(super) fn of(body: &ResponsesBody) -> Self {
        let text = TextConfig {
            format: Some(
                body.text
                    .as_ref()
                    .and_then(|text| text.format.clone())
                    .unwrap_or_else(plain),
            ),
            verbosity: body.text.as_ref().and_then(|text| text.verbosity.clone()),
        };
        let tool_choice = body.tool_choice.clone();
        Self {
            instructions: body.instructions.clone(),
            max_output_tokens: body.max_output_tokens,
            metadata: body.metadata.clone().unwrap_or_default(),
            parallel_tool_calls: body.parallel_tool_calls.unwrap_or(true),
            previous_response_id: None,
            reasoning: body.reasoning.clone().unwrap_or_default(),
            store: false,
            temperature: body.temperature.and_then(decimal),
            text,
            tool_choice: tool_choice.unwrap_or_else(|| ResponsesToolChoice::Mode("auto".to_owned())),
            tools: body.tools.clone().unwrap_or_default(),
            top_logprobs: body.top_logprobs.unwrap_or_default(),
            top_p: body.top_p.and_then(decimal),
            truncation: body.truncation.clone().unwrap_or_else(|| "disabled".to_owned()),
            user: body.user.clone(),
        }
    }

    /// Whether thoughts are told as a summary.
    pub(super) fn summarises(&self) -> bool {
        self.reasoning.summary.is_some()
    }
}

fn plain() -> TextFormat {
    TextFormat {
        kind: "text".to_owned(),
        name: None,
        description: None,
        schema: None,
        strict: None,
    }
}

/// As it was written: 0.7, and not what lies nearest to it.
fn decimal(value: f32) -> Option<f64> {
    value.to_string().parse().ok()
}
