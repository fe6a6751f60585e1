//! `POST /v1/summaries`: Busbar's own.

use busbar_core::{Context, Error, Progress, Result, Sampling, Tokens};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Metrics,
    answer::json,
    body,
    openai::{TokenUsage, seed},
};

/// The body of a request. Fields that are not listed are taken and ignored.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = SummaryRequest)]
pub struct SummaryBody {
    /// The model's name; the default one where it is absent.
    pub model: Option<String>,
    /// The text, of any length.
    pub text: String,
    /// The form of the summary; a paragraph where it is absent.
    pub style: Option<SummaryStyle>,
    /// How long it should be; medium where it is absent.
    pub length: Option<SummaryLength>,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// 0 picks the likeliest token always. 0 to 2.
    pub temperature: Option<f32>,
    /// Same seed, same request, same text.
    #[serde(default, deserialize_with = "seed")]
    #[schema(value_type = Option<i64>)]
    pub seed: Option<u64>,
    /// The most tokens of the summary; by style and length where it is absent.
    pub max_tokens: Option<u32>,
}

/// The form of a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SummaryStyle {
    /// Running text.
    #[default]
    Paragraph,
    /// A list.
    Bullets,
    /// One line.
    Headline,
}

/// How long a summary should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SummaryLength {
    /// The gist.
    Short,
    /// The main points.
    #[default]
    Medium,
    /// The main points and what supports them.
    Long,
}

/// What a body asks for, read and checked.
#[derive(Clone, Debug)]
pub struct SummaryAsked {
    /// Whom it is for.
    pub context: Context,
    /// The model asked for; empty where none was.
    pub model: String,
    /// The text.
    pub text: String,
    /// The form of the summary.
    pub style: SummaryStyle,
    /// How long it should be.
    pub length: SummaryLength,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// The most tokens of the summary.
    pub max_tokens: Option<Tokens>,
}

impl SummaryBody {
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

    /// What this body asks for.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn into_asked(self, context: Context) -> Result<SummaryAsked> {
        let sampling = Sampling {
            temperature: self.temperature,
            seed: self.seed,
            ..Sampling::default()
        };
        sampling.check()?;
        if self.max_tokens == Some(0) {
            let message = "`max_tokens` must be at least 1, not 0";
            return Err(Error::invalid("max_tokens", message));
        }
        Ok(SummaryAsked {
            context,
            model: self.model.unwrap_or_default(),
            text: self.text,
            style: self.style.unwrap_or_default(),
            length: self.length.unwrap_or_default(),
            sampling,
            max_tokens: self.max_tokens.map(Tokens),
        })
    }
}

/// A whole summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Summary)]
pub struct SummaryAnswer {
    /// The answer's id.
    pub id: String,
    /// `summary`.
    pub object: String,
    /// When it began, seconds since 1970.
    pub created: u64,
    /// The model that served.
    pub model: String,
    /// The summary.
    pub summary: String,
    /// Into how many parts the text was split; 1: it fitted.
    pub parts: u32,
    /// How many times the parts' summaries were combined; 0: the text fitted.
    pub rounds: u32,
    /// `stop` or `length`.
    pub finish_reason: String,
    /// Tokens that all calls read and wrote together.
    pub usage: TokenUsage,
    /// What this answer tells about itself.
    pub busbar: Metrics,
}

impl SummaryAnswer {
    /// The answer as JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

/// How far a summary has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SummaryProgress {
    /// `map`: parts are summarised; `reduce`: their summaries are combined.
    pub stage: &'static str,
    /// Finished.
    pub done: u32,
    /// In all.
    pub total: u32,
}

impl SummaryProgress {
    /// The event's data.
    pub fn encode(progress: &Progress) -> Bytes {
        json(&Self {
            stage: progress.stage,
            done: progress.done,
            total: progress.total,
        })
    }
}

/// The next piece of a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SummaryDelta {
    /// More text.
    pub text: String,
}

impl SummaryDelta {
    /// The event's data.
    pub fn encode(text: &str) -> Bytes {
        json(&Self {
            text: text.to_owned(),
        })
    }
}
