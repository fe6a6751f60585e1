//! What Titan text models take by themselves.
//!
//! Source: the Bedrock user guide, "Amazon Titan Text models".

use busbar_core::{ChatRequest, FinishReason, Format, Message, Prompt, Result, Role, Tokens, Usage};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    numbers,
    plain::{self, Piece, Plain, PlainFormat, Said},
};
use crate::{answer::json, bedrock::converse::Asked, body};

/// The format's name.
pub const FORMAT: Format = Format("bedrock-titan-text");

/// What begins a turn of the person and of the model.
const USER: &str = "User: ";
const BOT: &str = "Bot: ";
/// What the model goes on from.
const OPEN: &str = "\nBot:";

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TitanBody {
    /// The prompt: a text, or turns that begin with `User: ` and `Bot: `.
    pub input_text: String,
    /// How tokens are chosen, and how many.
    #[serde(default)]
    pub text_generation_config: TitanConfig,
}

/// How tokens are chosen, and how many.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TitanConfig {
    /// The most tokens to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_token_count: Option<u32>,
    /// 0 picks the likeliest token always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Nucleus sampling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Texts that end the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<String>,
}

impl TitanBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// The request that this body means. These models are made for conversations: a text without turns
    /// is the person's.
    ///
    /// # Errors
    /// `Invalid`, naming the field as the client wrote it.
    pub fn into_request(self, asked: Asked) -> Result<ChatRequest> {
        let config = self.text_generation_config;
        let turns = turns(&self.input_text).unwrap_or_else(|| vec![Message::user(self.input_text)]);
        let mut request = ChatRequest::new(asked.context, asked.model, Prompt::Messages(turns));
        request.whole = asked.whole;
        request.max_tokens = numbers::most("textGenerationConfig.maxTokenCount", config.max_token_count)?;
        request.stop = numbers::stop("textGenerationConfig.stopSequences", config.stop_sequences)?;
        request.sampling.temperature = config.temperature;
        request.sampling.top_p = config.top_p;
        let names = [
            ("temperature", "textGenerationConfig.temperature"),
            ("top_p", "textGenerationConfig.topP"),
        ];
        numbers::check(&request.sampling, &names)?;
        Ok(request)
    }
}

/// The turns of a text that is written as turns.
fn turns(text: &str) -> Option<Vec<Message>> {
    let text = text.trim_end().strip_suffix(OPEN)?;
    let (system, mut rest) = match text.strip_prefix(USER) {
        Some(rest) => (None, rest),
        None => text
            .split_once("\nUser: ")
            .map(|(system, rest)| (Some(system.trim()), rest))?,
    };
    let mut turns: Vec<_> = system.map(Message::system).into_iter().collect();
    loop {
        let Some((user, after)) = rest.split_once("\nBot: ") else {
            turns.push(Message::user(rest));
            return Some(turns);
        };
        let (bot, after) = after.split_once("\nUser: ")?;
        turns.extend([Message::user(user), Message::assistant(bot)]);
        rest = after;
    }
}

/// The text that turns are.
fn text(turns: &[Said]) -> Result<String> {
    if let [
        Said {
            role: Role::User,
            text,
        },
    ] = turns
        && self::turns(text).is_none()
    {
        return Ok(text.clone());
    }
    plain::refuse_borders(turns, &["\nUser:", "\nBot:"])?;
    let mut lines = Vec::new();
    for turn in turns {
        lines.push(match turn.role {
            Role::System => format!("{}\n", turn.text),
            Role::User => format!("{USER}{}", turn.text),
            Role::Assistant | Role::Tool => format!("{BOT}{}", turn.text),
        });
    }
    Ok(lines.join("\n") + OPEN)
}

/// The format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Titan;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    input_text_token_count: Option<u32>,
    /// In whole answers.
    #[serde(default)]
    results: Vec<Given>,
    #[serde(flatten)]
    given: Given,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Given {
    output_text: Option<String>,
    #[serde(alias = "totalOutputTextTokenCount")]
    token_count: Option<u32>,
    completion_reason: Option<String>,
}

impl PlainFormat for Titan {
    fn name(&self) -> Format {
        FORMAT
    }

    fn ask(&self, request: &ChatRequest) -> Result<Bytes> {
        let input_text = match plain::of(request)? {
            Plain::Text(_) => return Err(plain::no_word("prompt")),
            Plain::Turns(turns) => text(&turns)?,
        };
        if request.sampling.top_k.is_some() {
            return Err(plain::no_word("top_k"));
        }
        Ok(json(&TitanBody {
            input_text,
            text_generation_config: TitanConfig {
                max_token_count: request.max_tokens.map(|most| most.0),
                temperature: request.sampling.temperature,
                top_p: request.sampling.top_p,
                stop_sequences: request.stop.clone(),
            },
        }))
    }

    fn read(&self, json: &[u8]) -> Result<Piece, serde_json::Error> {
        let answer: Answer = serde_json::from_slice(json)?;
        let given = answer.results.into_iter().next().unwrap_or(answer.given);
        Ok(Piece {
            text: given.output_text.unwrap_or_default(),
            finish: given.completion_reason.as_deref().map(|reason| match reason {
                "LENGTH" | "LENGTH_EXCEEDED" => FinishReason::Length,
                "CONTENT_FILTERED" => FinishReason::Filtered,
                _ => FinishReason::Stop,
            }),
            usage: Usage {
                input: Tokens(answer.input_text_token_count.unwrap_or_default()),
                output: Tokens(given.token_count.unwrap_or_default()),
                ..Usage::default()
            },
        })
    }

    fn write(&self, piece: &Piece) -> Bytes {
        let mut chunk = json!({
            "outputText": piece.text,
            "index": 0,
            "totalOutputTextTokenCount": null,
            "completionReason": piece.finish.map(reason),
            "inputTextTokenCount": null,
        });
        if piece.finish.is_some() {
            chunk["totalOutputTextTokenCount"] = piece.usage.written().0.into();
            chunk["inputTextTokenCount"] = piece.usage.prompt().0.into();
        }
        json(&chunk)
    }

    fn whole(&self, piece: &Piece) -> Bytes {
        let result = json!({
            "tokenCount": piece.usage.written().0,
            "outputText": piece.text,
            "completionReason": piece.finish.map(reason),
        });
        json(&json!({ "inputTextTokenCount": piece.usage.prompt().0, "results": [result] }))
    }
}

fn reason(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Stop | FinishReason::ToolCalls => "FINISHED",
        FinishReason::Length => "LENGTH",
        FinishReason::Filtered => "CONTENT_FILTERED",
    }
}
