//! A request for text.

use serde_json::Value;

use crate::{Context, Message, ModelId, Sampling, Tokens, Tool, ToolChoice};

/// A request for text, whatever dialect it came in.
#[derive(Clone, Debug)]
pub struct ChatRequest {
    /// Whom it is for.
    pub context: Context,
    /// The model asked for. A model that is called directly need not look at it.
    pub model: ModelId,
    /// What the model is given.
    pub prompt: Prompt,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// The most tokens to write; `None`: up to the end of the context window.
    pub max_tokens: Option<Tokens>,
    /// Texts that end the answer; they are not part of it.
    pub stop: Vec<String>,
    /// The form that the answer must have.
    pub output: OutputFormat,
    /// Functions that the model may call.
    pub tools: Vec<Tool>,
    /// Whether it may, must or must not call one.
    pub tool_choice: ToolChoice,
    /// How many alternatives to report beside each token; `Some(0)`: the token's own only.
    pub logprobs: Option<u8>,
    /// Go on past the end-of-text token (benchmarks only).
    pub ignore_end: bool,
}

impl ChatRequest {
    /// A request with every parameter at its default.
    pub fn new(context: Context, model: ModelId, prompt: Prompt) -> Self {
        Self {
            context,
            model,
            prompt,
            sampling: Sampling::default(),
            max_tokens: None,
            stop: Vec::new(),
            output: OutputFormat::Text,
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            logprobs: None,
            ignore_end: false,
        }
    }
}

/// What the model is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Prompt {
    /// A conversation, put into the model's own template.
    Messages(Vec<Message>),
    /// Text that is continued as it stands, without a template.
    Text(String),
}

/// The form that an answer must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum OutputFormat {
    /// Anything.
    #[default]
    Text,
    /// Some JSON object.
    Json,
    /// JSON that this schema accepts.
    JsonSchema(Value),
}
