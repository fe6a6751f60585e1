//! What clients send.

mod block;
mod source;
mod tools;
mod turns;

use std::collections::BTreeSet;

use busbar_core::{
    ChatRequest, Context, Error, Extra, ModelId, OutputFormat, Part, Prompt, Result, Sampling, Tokens,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use self::{
    block::Said,
    tools::{ChoiceBody, ToolBody},
    turns::Turn,
};
use super::{
    BEDROCK_VERSION, BETAS, FORMAT, HINTS, Variant,
    cache::CacheControl,
    missing,
    thinking::{Asked, Form, OutputConfig, Thinking},
    unsupported,
};
use crate::body;

pub(super) use self::source::PLAIN;

/// The body of `/v1/messages`, of `/v1/messages/count_tokens`, and of InvokeModel for Claude.
#[derive(Debug, Deserialize)]
pub struct MessagesBody {
    model: Option<String>,
    messages: Vec<Turn>,
    max_tokens: Option<u32>,
    system: Option<Said>,
    stream: Option<bool>,
    stop_sequences: Option<Vec<String>>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    tools: Option<Vec<ToolBody>>,
    tool_choice: Option<ChoiceBody>,
    thinking: Option<Thinking>,
    output_config: Option<OutputConfig>,
    /// Where `output_config.format` was before.
    output_format: Option<Form>,
    /// On the body itself: up to the last block that can have it.
    cache_control: Option<CacheControl>,
    anthropic_version: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl MessagesBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8], variant: Variant) -> Result<Self> {
        let body: Self = body::read(bytes)?;
        match variant {
            Variant::Direct => body.has_model()?,
            Variant::Bedrock => body.has_version()?,
        }
        Ok(body)
    }

    /// The model asked for; empty within InvokeModel, where the path says it.
    pub fn model(&self) -> &str {
        self.model.as_deref().unwrap_or_default()
    }

    /// Whether the answer comes as a stream. Within InvokeModel the path says it.
    pub fn stream(&self) -> bool {
        self.stream.unwrap_or_default()
    }

    /// The same body with the new features that the header `anthropic-beta` asks for.
    #[must_use]
    pub fn with_betas(mut self, header: &str) -> Self {
        let new = header.split(',').map(str::trim).filter(|name| !name.is_empty());
        let old = self.rest.get(BETAS).and_then(Value::as_array);
        let old = old.into_iter().flatten().filter_map(Value::as_str);
        let all: BTreeSet<String> = old.chain(new).map(str::to_owned).collect();
        if !all.is_empty() {
            self.rest.insert(BETAS.to_owned(), all.into_iter().collect());
        }
        self
    }

    /// The request that this is.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field.
    pub fn into_request(self, context: Context) -> Result<ChatRequest> {
        match self.max_tokens {
            None => Err(missing("max_tokens")),
            Some(0) => {
                let message = "`max_tokens` must be at least 1: there is no answer without a token";
                Err(unsupported("max_tokens", message))
            }
            Some(_) => self.read_all(context),
        }
    }

    /// The request whose tokens are to be counted; it has no `max_tokens`.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field.
    pub fn into_counted(self, context: Context) -> Result<ChatRequest> {
        self.read_all(context)
    }

    fn read_all(self, context: Context) -> Result<ChatRequest> {
        let mut messages = turns::read(self.system, self.messages)?;
        if let (Some(control), Some(last)) = (self.cache_control, messages.last_mut()) {
            last.content.push(Part::CachePoint(control.into()));
        }
        let config = self.output_config.unwrap_or_default();
        let output = match (config.format, self.output_format) {
            (Some(form), _) => form.into_output("output_config.format")?,
            (None, Some(form)) => form.into_output("output_format")?,
            (None, None) => OutputFormat::Text,
        };
        let asked = Asked::read(self.thinking.as_ref(), config.effort)?;
        let tools = tools::read(self.tools.unwrap_or_default())?;
        let (tool_choice, parallel_tool_calls) = match self.tool_choice {
            Some(choice) => choice.into_choice(&tools)?,
            None => Default::default(),
        };
        let (mut hints, mut extra) = sorted(self.rest);
        hints.extend(asked.hints);
        extra.extend(asked.extra);
        if !config.rest.is_empty() {
            extra.insert("output_config".to_owned(), config.rest.into());
        }
        let sampling = sampling(self.temperature, self.top_p, self.top_k)?;
        let whole = !self.stream.unwrap_or_default();
        let model = ModelId::new(self.model.unwrap_or_default());
        Ok(ChatRequest {
            sampling,
            max_tokens: self.max_tokens.map(Tokens),
            stop: self.stop_sequences.unwrap_or_default(),
            output,
            tools,
            tool_choice,
            parallel_tool_calls,
            reasoning: asked.reasoning,
            whole,
            extra: of_this_format(extra),
            hints: of_this_format(hints),
            ..ChatRequest::new(context, model, Prompt::Messages(messages))
        })
    }

    fn has_model(&self) -> Result<()> {
        if self.model().is_empty() {
            return Err(missing("model"));
        }
        Ok(())
    }

    fn has_version(&self) -> Result<()> {
        match self.anthropic_version.as_deref() {
            None => Err(missing("anthropic_version")),
            Some(BEDROCK_VERSION) => self.leaves_to_the_path(),
            Some(other) => {
                let message = format!("`anthropic_version` must be `{BEDROCK_VERSION}`, not `{other}`");
                Err(Error::invalid("anthropic_version", message))
            }
        }
    }

    /// A second place for the model would be a second opinion about it.
    fn leaves_to_the_path(&self) -> Result<()> {
        let said = [("model", self.model.is_some()), ("stream", self.stream.is_some())];
        match said.iter().find(|(_, said)| *said) {
            Some((field, _)) => {
                let message =
                    format!("`{field}` is said by the path of the request; leave it out of the body");
                Err(Error::invalid(*field, message))
            }
            None => Ok(()),
        }
    }
}

/// The fields that nobody misses, and those that only this format's hosts can keep to.
fn sorted(rest: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let said = rest.into_iter().filter(|(_, value)| !value.is_null());
    said.partition(|(name, _)| HINTS.contains(&name.as_str()))
}

fn of_this_format(fields: Map<String, Value>) -> Extra {
    Extra {
        format: (!fields.is_empty()).then_some(FORMAT),
        fields,
    }
}

fn sampling(temperature: Option<f32>, top_p: Option<f32>, top_k: Option<u32>) -> Result<Sampling> {
    let sampling = Sampling {
        temperature,
        top_p,
        top_k,
        ..Sampling::default()
    };
    if let Some(hot) = temperature.filter(|temperature| *temperature > 1.0) {
        let message = format!("`temperature` must be 0 to 1, not {hot}");
        return Err(Error::invalid("temperature", message));
    }
    sampling.check()?;
    Ok(sampling)
}
