//! A request for text.

use serde_json::{Map, Value};

use crate::{
    Context, Error, ErrorKind, Format, Message, ModelId, Result, Sampling, Tokens, Tool, ToolChoice,
};

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
    /// Whether it may call several tools at once, where the client says.
    pub parallel_tool_calls: Option<bool>,
    /// How much it should think before it speaks, where the client says.
    pub reasoning: Option<Reasoning>,
    /// How many alternatives to report beside each token; `Some(0)`: the token's own only.
    pub logprobs: Option<u8>,
    /// Go on past the end-of-text token (benchmarks only).
    pub ignore_end: bool,
    /// The caller wants the answer whole: whoever serves it may write it in one piece.
    pub whole: bool,
    /// What only the request's own format has a word for.
    pub extra: Extra,
    /// The same, of what changes nothing in the answer: hosts of that format get it, others leave it.
    pub hints: Extra,
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
            parallel_tool_calls: None,
            reasoning: None,
            logprobs: None,
            ignore_end: false,
            whole: false,
            extra: Extra::default(),
            hints: Extra::default(),
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

/// How much to think before speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasoning {
    /// Not at all.
    Off,
    /// As much as this word means to the model.
    Effort(Effort),
    /// At most so many tokens.
    Budget(Tokens),
}

/// How much effort to put into thinking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// As little as possible.
    Minimal,
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// Fields that only one format has a word for. They reach models whose hosts speak that format, as
/// they are; nobody else can keep to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    /// The format that the request was written in.
    pub format: Option<Format>,
    /// Its fields, by their own names.
    pub fields: Map<String, Value>,
}

impl Extra {
    /// The fields for whoever writes this format.
    ///
    /// # Errors
    /// `Unsupported`, naming a field, where they are of another format: they are never dropped in
    /// silence.
    pub fn of(&self, format: Format) -> Result<&Map<String, Value>> {
        match self.fields.keys().next() {
            Some(field) if self.format != Some(format) => Err(self.refused(field)),
            _ => Ok(&self.fields),
        }
    }

    /// Refuses them all.
    ///
    /// # Errors
    /// `Unsupported`, naming a field, where there is one.
    pub fn none(&self) -> Result<()> {
        self.fields
            .keys()
            .next()
            .map_or(Ok(()), |field| Err(self.refused(field)))
    }

    fn refused(&self, field: &str) -> Error {
        let message = format!("`{field}` means nothing to the model that serves this request; leave it out");
        Error::new(ErrorKind::Unsupported, message)
            .with_param(field)
            .with_code("unsupported_parameter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_format_knows_is_refused_by_the_others_by_name() {
        let mut extra = Extra {
            format: Some(Format("a")),
            fields: Map::new(),
        };
        assert!(extra.of(Format("b")).is_ok() && extra.none().is_ok());
        extra.fields.insert("knob".into(), 1.into());
        assert_eq!(extra.of(Format("a")).map(Map::len).ok(), Some(1));
        let refused = extra.of(Format("b")).unwrap_err();
        assert_eq!(
            (refused.kind(), refused.param()),
            (ErrorKind::Unsupported, Some("knob"))
        );
        assert!(extra.none().is_err());
    }
}
