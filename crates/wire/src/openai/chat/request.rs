//! The body of a request.

use std::collections::BTreeMap;

use busbar_core::{
    ChatRequest, Context, Error, Message, ModelId, OutputFormat, Prompt, Result, Sampling, Tool, ToolChoice,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    ChatMessage, ChatTool, ChatToolChoice, ReasoningOptions, ThinkingOptions,
    options::{carried, extra, reasoning},
};
use crate::{
    body,
    openai::{OneOrMany, StreamOptions, lenient, sampling, unsupported},
};

/// The dialect's own limit on alternatives beside each token.
const MOST_LOGPROBS: u8 = 20;
/// The most answers to one request.
const MOST_CHOICES: u32 = 8;

/// The body of a request. Of the fields that are not listed, those that would change the answer go to
/// hosts that may know them; the others are taken and ignored.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ChatCompletionRequest)]
pub struct ChatBody {
    /// The model's name; the default one where it is absent.
    pub model: Option<String>,
    /// The conversation, at least one turn.
    pub messages: Vec<ChatMessage>,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// What the stream carries beside text.
    pub stream_options: Option<StreamOptions>,
    /// The most tokens to write.
    pub max_completion_tokens: Option<u32>,
    /// The same by its older name.
    pub max_tokens: Option<u32>,
    /// Texts that end the answer; at most 16.
    pub stop: Option<OneOrMany>,
    /// The form that the answer must have.
    pub response_format: Option<ResponseFormat>,
    /// Functions that the model may call.
    pub tools: Option<Vec<ChatTool>>,
    /// Whether it may, must or must not call one.
    pub tool_choice: Option<ChatToolChoice>,
    /// Whether to report log-probabilities.
    pub logprobs: Option<bool>,
    /// How many alternatives beside each token, 0 to 20; needs `logprobs`.
    pub top_logprobs: Option<u32>,
    /// How many answers, 1 to 8.
    pub n: Option<u32>,
    /// 0 picks the likeliest token always. 0 to 2.
    pub temperature: Option<f32>,
    /// Nucleus sampling. Above 0 to 1.
    pub top_p: Option<f32>,
    /// Only the k likeliest tokens (our extension). At least 1.
    pub top_k: Option<u32>,
    /// Only tokens at least this fraction as likely as the likeliest (our extension). 0 to 1.
    pub min_p: Option<f32>,
    /// Divides the logits of tokens seen before (our extension). Above 0 to 2.
    pub repetition_penalty: Option<f32>,
    /// −2 to 2.
    pub presence_penalty: Option<f32>,
    /// −2 to 2.
    pub frequency_penalty: Option<f32>,
    /// Same seed, same request, same text.
    #[serde(default, deserialize_with = "lenient::seed")]
    #[schema(value_type = Option<i64>)]
    pub seed: Option<u64>,
    /// Token id → what is added to its logit, −100 to 100.
    pub logit_bias: Option<BTreeMap<String, f32>>,
    /// Whether several tools may be called at once.
    pub parallel_tool_calls: Option<bool>,
    /// How much to think: `none`, `minimal`, `low`, `medium` or `high`; `xhigh` and `max` where the model's
    /// host knows them.
    pub reasoning_effort: Option<String>,
    /// The same as hosted gateways write it.
    pub reasoning: Option<ReasoningOptions>,
    /// The same in Anthropic's words.
    pub thinking: Option<ThinkingOptions>,
    /// Go on past the end-of-text token (our extension, for benchmarks).
    pub ignore_eos: Option<bool>,
    /// Only text.
    pub modalities: Option<Vec<String>>,
    /// Not taken: the older way to offer tools.
    #[schema(ignore)]
    pub functions: Option<Value>,
    /// Not taken: the older way to choose a tool.
    #[schema(ignore)]
    pub function_call: Option<Value>,
    /// Not taken: answers are not spoken.
    #[schema(ignore)]
    pub audio: Option<Value>,
    /// Everything else.
    #[serde(flatten)]
    #[schema(ignore)]
    pub rest: Map<String, Value>,
}

/// The form that an answer must have.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct ResponseFormat {
    /// Which.
    #[serde(rename = "type")]
    pub kind: ResponseFormatKind,
    /// With `json_schema`, the schema.
    pub json_schema: Option<JsonSchemaFormat>,
}

/// Which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseFormatKind {
    /// Anything.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON that a schema accepts.
    JsonSchema,
}

/// A schema with its name.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct JsonSchemaFormat {
    /// Its name; taken and ignored.
    pub name: Option<String>,
    /// JSON Schema; some JSON object where it is absent.
    #[schema(value_type = Option<Object>)]
    pub schema: Option<Value>,
    /// Taken and ignored: a schema is always kept to.
    pub strict: Option<bool>,
}

impl ChatBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// Whether the answer comes as server-sent events.
    pub fn stream(&self) -> bool {
        self.stream.unwrap_or_default()
    }

    /// Whether the stream ends with a chunk of usage.
    pub fn include_usage(&self) -> bool {
        self.stream_options
            .and_then(|options| options.include_usage)
            .unwrap_or_default()
    }

    /// How many answers are wanted. Whoever gives them takes the number out; in a body that becomes a
    /// request it is refused.
    ///
    /// # Errors
    /// `Invalid` where there are none, or too many.
    pub fn take_choices(&mut self) -> Result<u32> {
        match self.n.take().unwrap_or(1) {
            choices @ 1..=MOST_CHOICES => Ok(choices),
            other => {
                let message = format!("`n` must be 1 to {MOST_CHOICES}, not {other}");
                Err(Error::invalid("n", message))
            }
        }
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, context: Context) -> Result<ChatRequest> {
        self.refuse_what_nobody_does()?;
        let max_tokens = match self.max_completion_tokens {
            Some(_) => sampling::max_tokens("max_completion_tokens", self.max_completion_tokens)?,
            None => sampling::max_tokens("max_tokens", self.max_tokens)?,
        };
        let logprobs = logprobs(self.logprobs, self.top_logprobs)?;
        let tools = tools(self.tools.unwrap_or_default())?;
        let tool_choice = match self.tool_choice {
            Some(choice) => choice.into_choice(&tools)?,
            None => ToolChoice::Auto,
        };
        let mut fields = carried(self.rest);
        let reasoning = reasoning(
            self.reasoning_effort,
            self.reasoning,
            self.thinking.as_ref(),
            &mut fields,
        )?;
        let sampling = Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            top_k: self.top_k,
            min_p: self.min_p,
            repetition_penalty: self.repetition_penalty,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty,
            seed: self.seed,
            logit_bias: Vec::new(),
        };
        Ok(ChatRequest {
            context,
            model: ModelId::new(self.model.unwrap_or_default()),
            prompt: Prompt::Messages(messages(self.messages)?),
            sampling: sampling::checked(sampling, self.logit_bias)?,
            max_tokens,
            stop: sampling::stop(self.stop)?,
            output: self
                .response_format
                .map_or(Ok(OutputFormat::Text), ResponseFormat::into_output)?,
            tools,
            tool_choice,
            logprobs,
            ignore_end: self.ignore_eos.unwrap_or_default(),
            parallel_tool_calls: self.parallel_tool_calls,
            reasoning,
            whole: !self.stream.unwrap_or_default(),
            extra: extra(fields),
            hints: busbar_core::Extra::default(),
        })
    }

    /// Fields that would change the answer's meaning are refused; all others may be ignored.
    fn refuse_what_nobody_does(&self) -> Result<()> {
        sampling::single("n", self.n)?;
        if self.functions.is_some() {
            return Err(unsupported(
                "functions",
                "`functions` is not taken any more: use `tools`",
            ));
        }
        if self.function_call.is_some() {
            let message = "`function_call` is not taken any more: use `tool_choice`";
            return Err(unsupported("function_call", message));
        }
        if self.audio.is_some() {
            return Err(unsupported(
                "audio",
                "answers are not spoken here: leave `audio` out",
            ));
        }
        let modalities = self.modalities.as_deref().unwrap_or_default();
        if let Some(other) = modalities.iter().find(|modality| *modality != "text") {
            let message = format!("`modalities` may have `text` only, not `{other}`");
            return Err(unsupported("modalities", message));
        }
        Ok(())
    }
}

fn messages(messages: Vec<ChatMessage>) -> Result<Vec<Message>> {
    if messages.is_empty() {
        return Err(Error::invalid(
            "messages",
            "`messages` must have at least one turn",
        ));
    }
    messages
        .into_iter()
        .enumerate()
        .map(|(place, message)| message.into_message(&format!("messages[{place}]")))
        .collect()
}

fn tools(tools: Vec<ChatTool>) -> Result<Vec<Tool>> {
    tools
        .into_iter()
        .enumerate()
        .map(|(place, tool)| tool.into_tool(&format!("tools[{place}]")))
        .collect()
}

fn logprobs(wanted: Option<bool>, top: Option<u32>) -> Result<Option<u8>> {
    let wanted = wanted.unwrap_or_default();
    let Some(top) = top else {
        return Ok(wanted.then_some(0));
    };
    if !wanted && top > 0 {
        return Err(Error::invalid(
            "top_logprobs",
            "`top_logprobs` needs `logprobs` to be true",
        ));
    }
    match u8::try_from(top) {
        Ok(top) if top <= MOST_LOGPROBS => Ok(wanted.then_some(top)),
        _ => {
            let message = format!("`top_logprobs` must be 0 to {MOST_LOGPROBS}, not {top}");
            Err(Error::invalid("top_logprobs", message))
        }
    }
}

impl ResponseFormat {
    fn into_output(self) -> Result<OutputFormat> {
        match self.kind {
            ResponseFormatKind::Text => Ok(OutputFormat::Text),
            ResponseFormatKind::JsonObject => Ok(OutputFormat::Json),
            ResponseFormatKind::JsonSchema => {
                let format = self.json_schema.ok_or_else(|| {
                    Error::invalid(
                        "response_format.json_schema",
                        "`response_format.json_schema` is missing",
                    )
                })?;
                let Some(schema) = format.schema else {
                    return Ok(OutputFormat::Json);
                };
                if !schema.is_object() && !schema.is_boolean() {
                    let param = "response_format.json_schema.schema";
                    return Err(Error::invalid(
                        param,
                        format!("`{param}` must be a JSON Schema object"),
                    ));
                }
                Ok(OutputFormat::JsonSchema(schema))
            }
        }
    }
}
