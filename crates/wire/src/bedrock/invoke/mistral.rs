//! What Mistral models take by themselves: a prompt in the model's own template.
//!
//! Source: the Bedrock user guide, "Mistral AI text completion". These bodies have no counts of tokens
//! in them: whole answers have them in headers, streamed ones in the last chunk.

use busbar_core::{ChatRequest, Format, Message, Prompt, Result, Role, Usage};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    numbers,
    plain::{self, Piece, Plain, PlainFormat, Said},
};
use crate::{answer::json, bedrock::converse::Asked, body};

/// The format's name.
pub const FORMAT: Format = Format("bedrock-mistral");

const BORDERS: &[&str] = &["<s>", "</s>", "[INST]", "[/INST]"];

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MistralBody {
    /// The prompt.
    pub prompt: Option<String>,
    /// The most tokens to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Texts that end the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// 0 picks the likeliest token always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Nucleus sampling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Only the k likeliest tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
}

impl MistralBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// The request that this body means. A prompt in the template is a conversation, so that other models
    /// understand it, too; any other is a text to be continued.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, asked: Asked) -> Result<ChatRequest> {
        let Some(text) = self.prompt else {
            let message = "`prompt` is missing; a conversation stands in `messages`";
            return Err(busbar_core::Error::invalid("prompt", message));
        };
        let prompt = turns(&text).map_or(Prompt::Text(text), Prompt::Messages);
        let mut request = ChatRequest::new(asked.context, asked.model, prompt);
        request.whole = asked.whole;
        request.max_tokens = numbers::most("max_tokens", self.max_tokens)?;
        request.stop = numbers::stop("stop", self.stop)?;
        request.sampling.temperature = self.temperature;
        request.sampling.top_p = self.top_p;
        request.sampling.top_k = self.top_k;
        numbers::check(&request.sampling, &[])?;
        Ok(request)
    }
}

/// The turns of a prompt in the template.
fn turns(prompt: &str) -> Option<Vec<Message>> {
    let prompt = prompt.trim();
    let mut rest = prompt.strip_prefix("<s>").unwrap_or(prompt);
    let mut turns = Vec::new();
    loop {
        let (user, after) = rest.trim_start().strip_prefix("[INST]")?.split_once("[/INST]")?;
        turns.push(Message::user(user.trim()));
        if after.trim().is_empty() {
            return Some(turns);
        }
        let (assistant, next) = after.split_once("</s>")?;
        turns.push(Message::assistant(assistant.trim()));
        rest = next;
    }
}

/// The prompt that turns are. The template has no place for instructions but before what the person
/// says first.
fn prompt(turns: &[Said]) -> Result<String> {
    plain::refuse_borders(turns, BORDERS)?;
    let mut prompt = String::from("<s>");
    let mut before = String::new();
    for (place, turn) in turns.iter().enumerate() {
        match turn.role {
            Role::System if place == 0 => before = format!("{}\n\n", turn.text),
            Role::User => prompt.push_str(&format!(
                "[INST] {}{} [/INST]",
                std::mem::take(&mut before),
                turn.text
            )),
            Role::Assistant if place > 0 => prompt.push_str(&format!(" {}</s>", turn.text)),
            _ => return Err(plain::no_word(&format!("messages[{place}].role"))),
        }
    }
    Ok(prompt)
}

/// The format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mistral;

#[derive(Deserialize)]
struct Answer {
    outputs: Vec<Given>,
}

#[derive(Default, Deserialize)]
struct Given {
    text: String,
    #[serde(default)]
    stop_reason: Option<String>,
}

impl PlainFormat for Mistral {
    fn name(&self) -> Format {
        FORMAT
    }

    fn ask(&self, request: &ChatRequest) -> Result<Bytes> {
        let prompt = match plain::of(request)? {
            Plain::Text(text) => text,
            Plain::Turns(turns) => prompt(&turns)?,
        };
        Ok(json(&MistralBody {
            prompt: Some(prompt),
            max_tokens: request.max_tokens.map(|most| most.0),
            stop: request.stop.clone(),
            temperature: request.sampling.temperature,
            top_p: request.sampling.top_p,
            top_k: request.sampling.top_k,
        }))
    }

    fn read(&self, json: &[u8]) -> Result<Piece, serde_json::Error> {
        let answer: Answer = serde_json::from_slice(json)?;
        let given = answer.outputs.into_iter().next().unwrap_or_default();
        Ok(Piece {
            text: given.text,
            finish: given.stop_reason.as_deref().map(plain::finish),
            usage: Usage::default(),
        })
    }

    fn write(&self, piece: &Piece) -> Bytes {
        let stop_reason = piece.finish.map(plain::reason);
        json(&json!({ "outputs": [{ "text": piece.text, "stop_reason": stop_reason }] }))
    }
}
