//! Text generation as the containers of JumpStart and Hugging Face have it: `inputs` and `parameters`.
//!
//! Source: Hugging Face's Text Generation Inference API, which these containers serve, and the Deep Java
//! Library's "LMI handlers inference API schema".

mod answer;

pub(super) use answer::TextWriter;

use busbar_core::{
    ChatRequest, Context, Error, ErrorKind, Format, ModelId, OutputFormat, Prompt, Result, Sampling,
    Transcript,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use self::answer::TextReader;
use super::{PartsReader, error};
use crate::{
    AnswerWriter,
    answer::json,
    bedrock::invoke::numbers,
    body,
    upstream::{AnswerReader, ChatFormat, Said},
};

/// The format's name.
pub const FORMAT: Format = Format("sagemaker-text");

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TextBody {
    /// The text to go on from.
    pub inputs: String,
    /// How.
    #[serde(default)]
    pub parameters: Option<TextParameters>,
    /// Whether the answer comes in pieces. Within a stream's operation it always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
}

/// How text is generated. Fields that are not listed are taken and ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextParameters {
    /// The most tokens to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_new_tokens: Option<u32>,
    /// 0 picks the likeliest token always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Nucleus sampling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Only the k likeliest tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Divides the logits of tokens seen before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition_penalty: Option<f32>,
    /// Subtracts from the logit by how often a token was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f32>,
    /// Where randomness comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Texts that end the answer.
    #[serde(alias = "stop_sequences", skip_serializing_if = "Option::is_none")]
    pub stop: Option<Vec<String>>,
    /// Whether tokens are drawn at all; the likeliest are picked where nothing says how to draw them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub do_sample: Option<bool>,
    /// Whether the answer begins with `inputs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_full_text: Option<bool>,
    /// Whether the answer says why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<bool>,
    /// Only 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_of: Option<u32>,
    /// Not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typical_p: Option<f32>,
    /// Not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate: Option<u32>,
    /// Not taken where it is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<bool>,
}

impl TextBody {
    /// A writer of the answer, whole or in pieces.
    pub fn writer(&self) -> Box<dyn AnswerWriter> {
        Box::new(TextWriter::new(self))
    }

    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// The request that this body means, without a model.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, context: Context) -> Result<ChatRequest> {
        let asked = self.parameters.unwrap_or_default();
        let untaken = [
            ("best_of", asked.best_of.is_some_and(|best| best != 1)),
            ("typical_p", asked.typical_p.is_some_and(|typical| typical < 1.0)),
            ("truncate", asked.truncate.is_some()),
            ("watermark", asked.watermark == Some(true)),
        ];
        if let Some((name, _)) = untaken.into_iter().find(|(_, there)| *there) {
            return Err(no_word(&format!("parameters.{name}")));
        }
        let says_how = asked.temperature.is_some() || asked.top_p.is_some() || asked.top_k.is_some();
        let draws = asked.do_sample.unwrap_or(false) || says_how;
        let sampling = Sampling {
            temperature: if draws { asked.temperature } else { Some(0.0) },
            top_p: asked.top_p,
            top_k: asked.top_k,
            repetition_penalty: asked.repetition_penalty,
            frequency_penalty: asked.frequency_penalty,
            seed: asked.seed,
            ..Sampling::default()
        };
        let names = [
            ("temperature", "parameters.temperature"),
            ("top_p", "parameters.top_p"),
            ("top_k", "parameters.top_k"),
            ("repetition_penalty", "parameters.repetition_penalty"),
            ("frequency_penalty", "parameters.frequency_penalty"),
        ];
        numbers::check(&sampling, &names)?;
        let mut request = ChatRequest::new(context, ModelId::new(""), Prompt::Text(self.inputs));
        request.sampling = sampling;
        request.max_tokens = numbers::most("parameters.max_new_tokens", asked.max_new_tokens)?;
        request.stop = numbers::stop("parameters.stop", asked.stop.unwrap_or_default())?;
        Ok(request)
    }
}

fn no_word(param: &str) -> Error {
    let message = format!("`{param}` has no word here; leave it out");
    Error::new(ErrorKind::Unsupported, message)
        .with_param(param)
        .with_code("unsupported_parameter")
}

/// The format, for endpoints.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextGeneration;

/// The format, for endpoints.
pub static TEXT_FORMAT: TextGeneration = TextGeneration;

impl ChatFormat for TextGeneration {
    fn name(&self) -> Format {
        FORMAT
    }

    fn write(&self, request: &ChatRequest, _model: &str) -> Result<Bytes> {
        request.extra.none()?;
        let Prompt::Text(inputs) = &request.prompt else {
            return Err(no_word("messages"));
        };
        let sampling = &request.sampling;
        let asked = [
            ("min_p", sampling.min_p.is_some()),
            ("presence_penalty", sampling.presence_penalty.is_some()),
            ("logit_bias", !sampling.logit_bias.is_empty()),
            ("logprobs", request.logprobs.is_some()),
            ("ignore_eos", request.ignore_end),
            ("response_format", request.output != OutputFormat::Text),
            ("tools", !request.tools.is_empty()),
            ("reasoning", request.reasoning.is_some()),
        ];
        if let Some((param, _)) = asked.into_iter().find(|(_, asked)| *asked) {
            return Err(no_word(param));
        }
        // These containers refuse a temperature of 0: it is their way without drawing.
        let greedy = sampling.temperature == Some(0.0);
        let hot = sampling.temperature.filter(|_| !greedy);
        let parameters = TextParameters {
            max_new_tokens: request.max_tokens.map(|most| most.0),
            temperature: hot,
            top_p: sampling.top_p.filter(|_| !greedy),
            top_k: sampling.top_k.filter(|_| !greedy),
            repetition_penalty: sampling.repetition_penalty,
            frequency_penalty: sampling.frequency_penalty,
            seed: sampling.seed,
            stop: (!request.stop.is_empty()).then(|| request.stop.clone()),
            do_sample: Some(!greedy),
            return_full_text: Some(false),
            details: Some(true),
            ..TextParameters::default()
        };
        Ok(json(&TextBody {
            inputs: inputs.clone(),
            parameters: Some(parameters),
            stream: (!request.whole).then_some(true),
        }))
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::new(PartsReader::new(Box::<TextReader>::default()))
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        answer::whole(body)
    }

    fn said(&self, body: &[u8]) -> Said {
        error::said(body)
    }
}
