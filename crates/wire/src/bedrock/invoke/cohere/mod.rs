//! What Cohere's Command R models take by themselves: a message, what was said before it, and documents.
//!
//! Source: the Bedrock user guide, "Cohere Command R and Command R+ models". Calls of tools have no ids
//! there; they get theirs from their place. Documents are read as text before the message: answers quote
//! nothing from them.

mod answer;
pub mod embed;
mod tools;
mod turns;

pub(super) use answer::CohereWriter;

use busbar_core::{
    ChatRequest, Format, Message, OutputFormat, Part, Prompt, Reasoning, Result, Role, Sampling, ToolChoice,
    Transcript,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::{
    tools::CohereTool,
    turns::{Calling, Results, Turn},
};
use super::{InvokeReader, numbers, plain::no_word};
use crate::{
    answer::json,
    bedrock::{converse::Asked, error, unsupported},
    body,
    upstream::{AnswerReader, ChatFormat, Said},
};

/// The format's name.
pub const FORMAT: Format = Format("bedrock-cohere");

/// What our fields are called here.
const NAMES: &[(&str, &str)] = &[("top_p", "p"), ("top_k", "k")];

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CohereBody {
    /// What the person says; empty where tools' results are what there is to say.
    pub message: Option<String>,
    /// What was said before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chat_history: Vec<Turn>,
    /// Texts that the answer may rest on, of any fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Map<String, Value>>,
    /// Instructions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preamble: Option<String>,
    /// The most tokens to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 picks the likeliest token always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Nucleus sampling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f32>,
    /// Only the k likeliest tokens; 0: all. A whole number, though written as any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k: Option<f32>,
    /// −2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f32>,
    /// −2 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f32>,
    /// Same seed, same request, same text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Texts that end the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<String>,
    /// Functions that the model may call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<CohereTool>,
    /// What tools answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_results: Vec<Results>,
    /// The message goes to the model without a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_prompting: Option<bool>,
    /// Only `false`: nobody searches here.
    #[serde(skip_serializing)]
    pub search_queries_only: Option<bool>,
    /// Only `false`.
    #[serde(skip_serializing)]
    pub return_prompt: Option<bool>,
    /// Only `OFF`: nothing is left out in silence.
    #[serde(skip_serializing)]
    pub prompt_truncation: Option<String>,
    /// Not taken: the body of older models.
    #[serde(skip_serializing)]
    pub prompt: Option<serde::de::IgnoredAny>,
}

impl CohereBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(mut self, asked: Asked) -> Result<ChatRequest> {
        self.refuse_what_nobody_does()?;
        let prompt = self.prompt()?;
        let mut request = ChatRequest::new(asked.context, asked.model, prompt);
        request.whole = asked.whole;
        request.max_tokens = numbers::most("max_tokens", self.max_tokens)?;
        request.stop = numbers::stop("stop_sequences", self.stop_sequences)?;
        request.sampling = Sampling {
            temperature: self.temperature,
            top_p: self.p,
            top_k: tools::whole_number("k", self.k)?,
            frequency_penalty: self.frequency_penalty,
            presence_penalty: self.presence_penalty,
            seed: self.seed,
            ..Sampling::default()
        };
        numbers::check(&request.sampling, NAMES)?;
        request.tools = tools::read(self.tools)?;
        Ok(request)
    }

    fn prompt(&mut self) -> Result<Prompt> {
        let Some(message) = self.message.take() else {
            let error = busbar_core::Error::invalid("message", "`message` is missing");
            return Err(error);
        };
        if self.raw_prompting == Some(true) {
            return Ok(Prompt::Text(message));
        }
        let mut turns = Calling::default();
        if let Some(preamble) = self.preamble.take() {
            turns.say(Message::system(preamble));
        }
        for (place, turn) in std::mem::take(&mut self.chat_history).into_iter().enumerate() {
            turns.turn(turn, &format!("chat_history[{place}]"))?;
        }
        let documents = turns::documents(&self.documents);
        if !message.is_empty() || documents.is_some() {
            let parts: Vec<_> = documents.into_iter().chain([Part::Text(message)]).collect();
            turns.say(Message::user(parts));
        }
        turns.results(std::mem::take(&mut self.tool_results));
        let messages = turns.into_messages();
        if messages.iter().all(|message| message.role == Role::System) {
            let message = "`message` must not be empty where no tool has answered";
            return Err(busbar_core::Error::invalid("message", message));
        }
        Ok(Prompt::Messages(messages))
    }

    fn refuse_what_nobody_does(&self) -> Result<()> {
        if self.prompt.is_some() {
            let message = "`prompt` is not taken: of Cohere's models those are spoken for that take `message` \
                 (Command R), and those that make vectors of `texts`";
            return Err(unsupported("prompt", message));
        }
        if self.search_queries_only == Some(true) {
            let message = "nobody searches here: leave `search_queries_only` out";
            return Err(unsupported("search_queries_only", message));
        }
        if self.return_prompt == Some(true) {
            let message = "the prompt is not given back: leave `return_prompt` out";
            return Err(unsupported("return_prompt", message));
        }
        if self
            .prompt_truncation
            .as_deref()
            .is_some_and(|mode| mode != "OFF")
        {
            let message = "nothing is left out of a prompt in silence: `prompt_truncation` may be `OFF` only";
            return Err(unsupported("prompt_truncation", message));
        }
        Ok(())
    }
}

/// The format, for hosts elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cohere;

impl ChatFormat for Cohere {
    fn name(&self) -> Format {
        FORMAT
    }

    fn write(&self, request: &ChatRequest, _model: &str) -> Result<Bytes> {
        request.extra.none()?;
        refuse_what_has_no_word(request)?;
        let sampling = &request.sampling;
        let mut body = CohereBody {
            max_tokens: request.max_tokens.map(|most| most.0),
            temperature: sampling.temperature,
            p: sampling.top_p,
            #[expect(clippy::cast_precision_loss, reason = "nobody has so many tokens")]
            k: sampling.top_k.map(|k| k as f32),
            frequency_penalty: sampling.frequency_penalty,
            presence_penalty: sampling.presence_penalty,
            seed: sampling.seed,
            stop_sequences: request.stop.clone(),
            ..CohereBody::default()
        };
        if request.tool_choice != ToolChoice::None {
            body.tools = tools::write(&request.tools)?;
        }
        match &request.prompt {
            Prompt::Text(text) => {
                body.message = Some(text.clone());
                body.raw_prompting = Some(true);
            }
            Prompt::Messages(messages) => turns::write(messages, &mut body)?,
        }
        Ok(json(&body))
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::new(InvokeReader::new(Box::<answer::Reader>::default()))
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        answer::whole(body)
    }

    fn said(&self, body: &[u8]) -> Said {
        error::said(body)
    }
}

fn refuse_what_has_no_word(request: &ChatRequest) -> Result<()> {
    let must_call = matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Named(_));
    let thinks = |reasoning| reasoning != Reasoning::Off;
    let asked = [
        ("min_p", request.sampling.min_p.is_some()),
        (
            "repetition_penalty",
            request.sampling.repetition_penalty.is_some(),
        ),
        ("logit_bias", !request.sampling.logit_bias.is_empty()),
        ("logprobs", request.logprobs.is_some()),
        ("ignore_eos", request.ignore_end),
        ("response_format", request.output != OutputFormat::Text),
        ("tool_choice", must_call && !request.tools.is_empty()),
        (
            "parallel_tool_calls",
            request.parallel_tool_calls == Some(false) && !request.tools.is_empty(),
        ),
        ("reasoning", request.reasoning.is_some_and(thinks)),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        Some((param, _)) => Err(no_word(param)),
        None => Ok(()),
    }
}

/// Text of a turn; hints of what to keep computed change nothing.
fn text_of(message: &Message, param: &str) -> Result<String> {
    if message.name.is_some() {
        return Err(no_word(&format!("{param}.name")));
    }
    let parts = message.content.parts();
    let other = parts
        .iter()
        .position(|part| matches!(part, Part::Media(_) | Part::Thought(_)));
    match other {
        Some(place) => Err(no_word(&format!("{param}.content[{place}]"))),
        None => Ok(message.content.text().into_owned()),
    }
}
