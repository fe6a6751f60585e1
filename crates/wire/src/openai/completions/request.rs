//! The body of a request.

use std::collections::BTreeMap;

use busbar_core::{ChatRequest, Context, Error, ModelId, Prompt, Result, Sampling, Tokens};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body,
    openai::{OneOrMany, StreamOptions, lenient, sampling, unsupported},
};

/// The dialect's own default, and what its clients count on.
const MAX_TOKENS: Tokens = Tokens(16);

/// The dialect's own limit on alternatives beside each token.
const MOST_LOGPROBS: u8 = 5;

/// The body of a request. Fields that are not listed are taken and ignored.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = CompletionRequest)]
pub struct CompletionBody {
    /// The model's name; the default one where it is absent.
    pub model: Option<String>,
    /// The text to go on with: a string, or a list of one.
    pub prompt: OneOrMany,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// What the stream carries beside text.
    pub stream_options: Option<StreamOptions>,
    /// The most tokens to write; 16 where it is absent.
    pub max_tokens: Option<u32>,
    /// Texts that end the answer; at most 16.
    pub stop: Option<OneOrMany>,
    /// How many alternatives to report beside each token, 0 to 5.
    pub logprobs: Option<u32>,
    /// Only 1.
    pub n: Option<u32>,
    /// Only 1.
    pub best_of: Option<u32>,
    /// Only false.
    pub echo: Option<bool>,
    /// Only absent or empty.
    pub suffix: Option<String>,
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
    /// Go on past the end-of-text token (our extension, for benchmarks).
    pub ignore_eos: Option<bool>,
}

impl CompletionBody {
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

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, context: Context) -> Result<ChatRequest> {
        self.refuse_what_nobody_does()?;
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
        let model = ModelId::new(self.model.unwrap_or_default());
        let mut request = ChatRequest::new(context, model, Prompt::Text(prompt(self.prompt)?));
        request.sampling = sampling::checked(sampling, self.logit_bias)?;
        request.max_tokens = sampling::max_tokens("max_tokens", self.max_tokens)?.or(Some(MAX_TOKENS));
        request.stop = sampling::stop(self.stop)?;
        request.logprobs = logprobs(self.logprobs)?;
        request.ignore_end = self.ignore_eos.unwrap_or_default();
        Ok(request)
    }

    /// Fields that would change the answer's meaning are refused; all others may be ignored.
    fn refuse_what_nobody_does(&self) -> Result<()> {
        sampling::single("n", self.n)?;
        sampling::single("best_of", self.best_of)?;
        if self.echo == Some(true) {
            return Err(unsupported(
                "echo",
                "`echo` must be false: the prompt is not sent back",
            ));
        }
        if self.suffix.as_ref().is_some_and(|suffix| !suffix.is_empty()) {
            return Err(unsupported(
                "suffix",
                "`suffix` must be empty: text is not inserted, only continued",
            ));
        }
        Ok(())
    }
}

fn prompt(prompt: OneOrMany) -> Result<String> {
    let mut texts = prompt.into_vec();
    match texts.pop() {
        Some(text) if texts.is_empty() => {
            if text.is_empty() {
                return Err(Error::invalid("prompt", "`prompt` must not be empty"));
            }
            Ok(text)
        }
        None => Err(Error::invalid("prompt", "`prompt` must not be empty")),
        Some(_) => {
            let message = format!(
                "`prompt` must be one text, not {}: send one request for each",
                texts.len() + 1
            );
            Err(unsupported("prompt", message))
        }
    }
}

fn logprobs(top: Option<u32>) -> Result<Option<u8>> {
    let Some(top) = top else { return Ok(None) };
    match u8::try_from(top) {
        Ok(top) if top <= MOST_LOGPROBS => Ok(Some(top)),
        _ => {
            let message = format!("`logprobs` must be 0 to {MOST_LOGPROBS}, not {top}");
            Err(Error::invalid("logprobs", message))
        }
    }
}
