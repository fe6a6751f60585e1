//! Asks hosts elsewhere.

mod block;
mod tools;
mod turns;

use busbar_core::{ChatRequest, Format, Prompt, Result, Sampling, Tokens, Transcript};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use self::{
    tools::{SentChoice, SentTool},
    turns::{SentTurn, Turns},
};
use super::{
    BEDROCK_FORMAT, BEDROCK_VERSION, BETAS, FORMAT, Variant, error,
    generation::Generation,
    reader::{self, MessagesReader},
    thinking::{self, Form},
    unsupported,
};
use crate::{
    answer::json,
    upstream::{AnswerReader, ChatFormat, Said},
};

/// The format as hosts elsewhere speak it.
#[derive(Clone, Copy, Debug)]
pub struct MessagesFormat {
    variant: Variant,
}

/// Anthropic's own, and that of whoever speaks like it.
pub static MESSAGES_FORMAT: MessagesFormat = MessagesFormat {
    variant: Variant::Direct,
};

/// Claude within InvokeModel. Its events come in frames of their own; what these carry is read here.
pub static BEDROCK_MESSAGES_FORMAT: MessagesFormat = MessagesFormat {
    variant: Variant::Bedrock,
};

impl ChatFormat for MessagesFormat {
    fn name(&self) -> Format {
        match self.variant {
            Variant::Direct => FORMAT,
            Variant::Bedrock => BEDROCK_FORMAT,
        }
    }

    /// The features of [`betas`](super::betas) are not in it where the host is Anthropic itself.
    fn write(&self, request: &ChatRequest, model: &str) -> Result<Bytes> {
        body(request, model, self.variant).map(|body| json(&body))
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::<MessagesReader>::default()
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        reader::whole(body)
    }

    fn said(&self, body: &[u8]) -> Said {
        error::said(body)
    }
}

/// A request. What is `None` is not said.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    anthropic_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<block::Said<'a>>,
    messages: Vec<SentTurn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_sequences: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<SentTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<SentChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    /// `thinking`, `output_config`, and what only this format has a word for.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Body<'_> {
    /// Leaves out what is about the answer only.
    pub(super) fn leave_out_the_answer(&mut self) {
        self.max_tokens = None;
        self.stop_sequences = None;
        self.temperature = None;
        self.top_p = None;
        self.top_k = None;
        self.stream = None;
        self.rest.remove("metadata");
        self.rest.remove("service_tier");
    }
}

/// The body of a request.
pub(super) fn body<'a>(request: &'a ChatRequest, model: &'a str, variant: Variant) -> Result<Body<'a>> {
    has_only_what_can_be_kept(request)?;
    let Prompt::Messages(messages) = &request.prompt else {
        let message = "this model takes conversations only, no text to go on with";
        return Err(unsupported("prompt", message));
    };
    let turns = Turns::of(messages, model, variant)?;
    let tools = tools::sent(request, turns.mark_on_tools);
    let tool_choice = tools::choice(request, &tools);
    let rest = rest(request, model, variant)?;
    let direct = variant == Variant::Direct;
    Ok(Body {
        anthropic_version: (!direct).then_some(BEDROCK_VERSION),
        model: direct.then_some(model),
        max_tokens: Some(max_tokens(request, model).0),
        system: turns.system,
        messages: turns.turns,
        stop_sequences: (!request.stop.is_empty()).then_some(&request.stop),
        temperature: request.sampling.temperature.map(decimal),
        top_p: request.sampling.top_p.map(decimal),
        top_k: request.sampling.top_k,
        tools,
        tool_choice,
        stream: (direct && !request.whole).then_some(true),
        rest,
    })
}

/// The fields that are not always there, and those that the client's format knows and we do not.
fn rest(request: &ChatRequest, model: &str, variant: Variant) -> Result<Map<String, Value>> {
    let (thinking, effort) = thinking::told(request.reasoning, model, request.max_tokens)?;
    let mut rest = Map::new();
    let mut config = Map::new();
    if let Some(thinking) = thinking {
        rest.insert(
            "thinking".into(),
            serde_json::to_value(thinking).unwrap_or_default(),
        );
    }
    if let Some(effort) = effort {
        config.insert("effort".into(), effort.into());
    }
    if let Some(form) = Form::of(&request.output)? {
        config.insert("format".into(), serde_json::to_value(form).unwrap_or_default());
    }
    let hints = request.hints.of(FORMAT).ok().into_iter().flatten();
    for (name, value) in hints.chain(request.extra.of(FORMAT)?) {
        match (name.as_str(), value) {
            // Said with a header.
            (BETAS, _) if variant == Variant::Direct => {}
            ("output_config", Value::Object(more)) => config.extend(more.clone()),
            // The client said nothing of it, and we must not either.
            (_, Value::Null) => {
                rest.remove(name);
            }
            _ => {
                rest.insert(name.clone(), value.clone());
            }
        }
    }
    if !config.is_empty() {
        rest.insert("output_config".into(), config.into());
    }
    Ok(rest)
}

/// It must be said; what the client leaves open is as much as models like this one write.
fn max_tokens(request: &ChatRequest, model: &str) -> Tokens {
    let longest = || {
        let thoughts = match request.reasoning {
            Some(busbar_core::Reasoning::Budget(budget)) => budget,
            _ => Tokens::ZERO,
        };
        Generation::of(model).longest_answer() + thoughts
    };
    request.max_tokens.unwrap_or_else(longest)
}

/// What the format has no word for and would change the answer. Values that do nothing may go.
fn has_only_what_can_be_kept(request: &ChatRequest) -> Result<()> {
    let sampling: &Sampling = &request.sampling;
    let does = |value: Option<f32>, nothing: f32| value.is_some_and(|value| value != nothing);
    let fields = [
        ("min_p", does(sampling.min_p, 0.0)),
        ("repetition_penalty", does(sampling.repetition_penalty, 1.0)),
        ("presence_penalty", does(sampling.presence_penalty, 0.0)),
        ("frequency_penalty", does(sampling.frequency_penalty, 0.0)),
        ("seed", sampling.seed.is_some()),
        ("logit_bias", !sampling.logit_bias.is_empty()),
        ("logprobs", request.logprobs.is_some()),
        ("ignore_eos", request.ignore_end),
    ];
    if let Some((field, _)) = fields.iter().find(|(_, said)| *said) {
        let message = format!("the model that serves this request has no `{field}`; leave it out");
        return Err(unsupported(*field, message));
    }
    if let Some(hot) = sampling.temperature.filter(|temperature| *temperature > 1.0) {
        let message =
            format!("`temperature` must be 0 to 1 with the model that serves this request, not {hot}");
        return Err(unsupported("temperature", message));
    }
    Ok(())
}

/// As it is written: 0.7, where a plain widening would send 0.699999988079071.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}
