//! The body of a request.

use busbar_core::{
    ChatRequest, Context, Error, Extra, ModelId, OutputFormat, Prompt, Reasoning, Result, Sampling, Tool,
    ToolChoice,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    FORMAT,
    echo::Echo,
    input::{Input, messages},
    tools::{ResponsesTool, ResponsesToolChoice},
};
use crate::{
    body,
    openai::{chat, sampling, unsupported},
};

/// The dialect's own limit on alternatives beside each token.
const MOST_LOGPROBS: u8 = 20;
/// What `include` calls log-probabilities. Its other values are about tools that are not hosted here, or
/// about what is always told.
const LOGPROBS: &str = "message.output_text.logprobs";

/// The body of a request. Fields that are not listed are taken and ignored.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ResponseRequest)]
pub struct ResponsesBody {
    /// The model's name; the default one where it is absent.
    pub model: Option<String>,
    /// The conversation: a text of the user, or items.
    #[schema(value_type = Value)]
    pub input: Input,
    /// Instructions, which stand above the conversation.
    pub instructions: Option<String>,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// The most tokens to write.
    pub max_output_tokens: Option<u32>,
    /// 0 picks the likeliest token always. 0 to 2.
    pub temperature: Option<f32>,
    /// Nucleus sampling. Above 0 to 1.
    pub top_p: Option<f32>,
    /// How many alternatives beside each token, 0 to 20.
    pub top_logprobs: Option<u32>,
    /// Functions that the model may call.
    pub tools: Option<Vec<ResponsesTool>>,
    /// Whether it may, must or must not call one.
    pub tool_choice: Option<ResponsesToolChoice>,
    /// Whether several tools may be called at once.
    pub parallel_tool_calls: Option<bool>,
    /// The form that the answer must have.
    pub text: Option<TextConfig>,
    /// How much to think.
    pub reasoning: Option<ReasoningConfig>,
    /// What the answer tells beside the usual.
    pub include: Option<Vec<String>>,
    /// Given back with the answer.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
    /// `disabled`; what does not fit is an error.
    pub truncation: Option<String>,
    /// Taken; nothing is stored.
    pub store: Option<bool>,
    /// Given back with the answer.
    pub user: Option<String>,
    /// Not taken: nothing is stored.
    #[schema(ignore)]
    pub previous_response_id: Option<Value>,
    /// Not taken: nothing is stored.
    #[schema(ignore)]
    pub conversation: Option<Value>,
    /// Not taken: no prompts are stored.
    #[schema(ignore)]
    pub prompt: Option<Value>,
    /// Only false.
    #[schema(ignore)]
    pub background: Option<bool>,
    /// Moderation of the host, for hosts of this format only.
    #[schema(ignore)]
    pub moderation: Option<Value>,
    /// Compaction by the host, for hosts of this format only.
    #[schema(ignore)]
    pub context_management: Option<Value>,
}

/// The form that an answer must have.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = ResponseTextConfig)]
pub struct TextConfig {
    /// Which.
    pub format: Option<TextFormat>,
    /// How many words the answer has, for hosts of this format only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<String>,
}

/// Which form.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ResponseTextFormat)]
pub struct TextFormat {
    /// `text`, `json_object` or `json_schema`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema's name; given back with the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is of; given back with the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub schema: Option<Value>,
    /// Given back with the answer: a schema is always kept to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// How much to think.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = ResponseReasoning)]
pub struct ReasoningConfig {
    /// `none`, `minimal`, `low`, `medium` or `high`.
    pub effort: Option<String>,
    /// Tell what was thought as a summary. Without it, it is told as it is.
    pub summary: Option<String>,
}

impl ResponsesBody {
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

    /// What the answer gives back of the request.
    pub fn echo(&self) -> Echo {
        Echo::of(self)
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, context: Context) -> Result<ChatRequest> {
        self.refuse_what_is_not_kept()?;
        let mut extra = Map::new();
        let whole = !self.stream();
        let logprobs = self.logprobs()?;
        let truncation = self.truncation.filter(|truncation| truncation != "disabled");
        let carried = [
            ("truncation", truncation.map(Value::String)),
            ("moderation", self.moderation),
            ("context_management", self.context_management),
        ];
        for (name, value) in carried {
            extra.extend(value.map(|value| (name.to_owned(), value)));
        }
        let reasoning = reasoning(self.reasoning.unwrap_or_default(), &mut extra)?;
        let output = output(self.text.unwrap_or_default(), &mut extra)?;
        let tools: Vec<Tool> = self
            .tools
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(place, tool)| tool.into_tool(&format!("tools[{place}]")))
            .collect::<Result<_>>()?;
        let tool_choice = match self.tool_choice {
            Some(choice) => choice.into_choice(&tools)?,
            None => ToolChoice::Auto,
        };
        let ways = Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            ..Sampling::default()
        };
        let prompt = Prompt::Messages(messages(self.instructions, self.input)?);
        let model = ModelId::new(self.model.unwrap_or_default());
        Ok(ChatRequest {
            sampling: sampling::checked(ways, None)?,
            max_tokens: sampling::max_tokens("max_output_tokens", self.max_output_tokens)?,
            output,
            tools,
            tool_choice,
            parallel_tool_calls: self.parallel_tool_calls,
            reasoning,
            logprobs,
            whole,
            extra: Extra {
                format: (!extra.is_empty()).then_some(FORMAT),
                fields: extra,
            },
            ..ChatRequest::new(context, model, prompt)
        })
    }

    /// Nothing is kept between two requests, so what names something kept means nothing.
    fn refuse_what_is_not_kept(&self) -> Result<()> {
        let kept = [
            ("previous_response_id", &self.previous_response_id),
            ("conversation", &self.conversation),
            ("prompt", &self.prompt),
        ];
        if let Some((field, _)) = kept.into_iter().find(|(_, value)| value.is_some()) {
            let message = format!(
                "`{field}` names something stored, and nothing is stored here: send the whole conversation as `input`"
            );
            return Err(unsupported(field, message));
        }
        if self.background == Some(true) {
            let message = "`background` must be false: an answer is not kept until it is asked for";
            return Err(unsupported("background", message));
        }
        Ok(())
    }

    fn logprobs(&self) -> Result<Option<u8>> {
        let included = self.include.iter().flatten().any(|wanted| wanted == LOGPROBS);
        let Some(top) = self.top_logprobs else {
            return Ok(included.then_some(0));
        };
        match u8::try_from(top) {
            Ok(0) => Ok(included.then_some(0)),
            Ok(top) if top <= MOST_LOGPROBS => Ok(Some(top)),
            _ => {
                let message = format!("`top_logprobs` must be 0 to {MOST_LOGPROBS}, not {top}");
                Err(Error::invalid("top_logprobs", message))
            }
        }
    }
}

fn reasoning(config: ReasoningConfig, extra: &mut Map<String, Value>) -> Result<Option<Reasoning>> {
    let Some(word) = config.effort else {
        return Ok(None);
    };
    chat::effort("reasoning.effort", &word, |word| {
        extra.insert("reasoning.effort".to_owned(), word.into());
    })
}

fn output(config: TextConfig, extra: &mut Map<String, Value>) -> Result<OutputFormat> {
    // Medium is what everyone does who has no word for it.
    if let Some(verbosity) = config.verbosity.filter(|verbosity| verbosity != "medium") {
        extra.insert("text.verbosity".to_owned(), verbosity.into());
    }
    let Some(format) = config.format else {
        return Ok(OutputFormat::Text);
    };
    match format.kind.as_str() {
        "text" => Ok(OutputFormat::Text),
        "json_object" => Ok(OutputFormat::Json),
        "json_schema" => match format.schema {
            Some(schema) if schema.is_object() || schema.is_boolean() => Ok(OutputFormat::JsonSchema(schema)),
            Some(_) => Err(Error::invalid(
                "text.format.schema",
                "`text.format.schema` must be a JSON Schema object",
            )),
            None => Err(super::part::missing("text.format", "schema")),
        },
        other => Err(Error::invalid(
            "text.format.type",
            format!("`text.format.type` must be `text`, `json_object` or `json_schema`, not `{other}`"),
        )),
    }
}
