//! What Llama models take by themselves: a prompt in the model's own template.
//!
//! Source: the Bedrock user guide, "Meta Llama models", and Meta's "Llama 3 prompt formats".

use busbar_core::{ChatRequest, Format, Message, Prompt, Result, Role, Tokens, Usage};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    numbers,
    plain::{self, Piece, Plain, PlainFormat, Said},
};
use crate::{
    answer::json,
    bedrock::{converse::Asked, unsupported},
    body,
};

/// The format's name.
pub const FORMAT: Format = Format("bedrock-llama");

const BEGIN: &str = "<|begin_of_text|>";
const HEADER: &str = "<|start_header_id|>";
const HEADER_END: &str = "<|end_header_id|>\n\n";
const TURN_END: &str = "<|eot_id|>";
const BORDERS: &[&str] = &[BEGIN, HEADER, "<|end_header_id|>", TURN_END];

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LlamaBody {
    /// The prompt.
    pub prompt: String,
    /// The most tokens to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_gen_len: Option<u32>,
    /// 0 picks the likeliest token always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Nucleus sampling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Not taken: pictures, which Converse has a place for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
}

impl LlamaBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// The request that this body means. A prompt in Llama 3's template is a conversation, so that other
    /// models understand it, too; any other is a text to be continued.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, asked: Asked) -> Result<ChatRequest> {
        if !self.images.is_empty() {
            let message = "`images` is not taken: send pictures by Converse";
            return Err(unsupported("images", message));
        }
        let prompt = turns(&self.prompt).map_or(Prompt::Text(self.prompt), Prompt::Messages);
        let mut request = ChatRequest::new(asked.context, asked.model, prompt);
        request.whole = asked.whole;
        request.max_tokens = numbers::most("max_gen_len", self.max_gen_len)?;
        request.sampling.temperature = self.temperature;
        request.sampling.top_p = self.top_p;
        numbers::check(&request.sampling, &[])?;
        Ok(request)
    }
}

/// The turns of a prompt in the template.
fn turns(prompt: &str) -> Option<Vec<Message>> {
    let prompt = prompt.trim_start();
    let mut rest = prompt.strip_prefix(BEGIN).unwrap_or(prompt).trim_start();
    let mut turns = Vec::new();
    loop {
        let (role, after) = rest.strip_prefix(HEADER)?.split_once("<|end_header_id|>")?;
        let Some((text, next)) = after.split_once(TURN_END) else {
            // What the model goes on from.
            return (role == "assistant" && after.trim().is_empty() && !turns.is_empty()).then_some(turns);
        };
        let text = text.strip_prefix("\n\n").unwrap_or(text);
        turns.push(match role {
            "system" => Message::system(text),
            "user" => Message::user(text),
            "assistant" => Message::assistant(text),
            _ => return None,
        });
        rest = next.trim_start();
    }
}

/// The prompt that turns are.
fn prompt(turns: &[Said]) -> Result<String> {
    plain::refuse_borders(turns, BORDERS)?;
    let mut prompt = String::from(BEGIN);
    for turn in turns {
        let role = match turn.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant | Role::Tool => "assistant",
        };
        prompt.push_str(&format!("{HEADER}{role}{HEADER_END}{}{TURN_END}", turn.text));
    }
    Ok(prompt + HEADER + "assistant" + HEADER_END)
}

/// The format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Llama;

#[derive(Deserialize)]
struct Answer {
    generation: String,
    #[serde(default)]
    prompt_token_count: Option<u32>,
    #[serde(default)]
    generation_token_count: Option<u32>,
    #[serde(default)]
    stop_reason: Option<String>,
}

impl PlainFormat for Llama {
    fn name(&self) -> Format {
        FORMAT
    }

    fn ask(&self, request: &ChatRequest) -> Result<Bytes> {
        let prompt = match plain::of(request)? {
            Plain::Text(text) => text,
            Plain::Turns(turns) => prompt(&turns)?,
        };
        if !request.stop.is_empty() {
            return Err(plain::no_word("stop"));
        }
        if request.sampling.top_k.is_some() {
            return Err(plain::no_word("top_k"));
        }
        Ok(json(&LlamaBody {
            prompt,
            max_gen_len: request.max_tokens.map(|most| most.0),
            temperature: request.sampling.temperature,
            top_p: request.sampling.top_p,
            images: Vec::new(),
        }))
    }

    fn read(&self, json: &[u8]) -> Result<Piece, serde_json::Error> {
        let answer: Answer = serde_json::from_slice(json)?;
        Ok(Piece {
            text: answer.generation,
            finish: answer.stop_reason.as_deref().map(plain::finish),
            usage: Usage {
                input: Tokens(answer.prompt_token_count.unwrap_or_default()),
                output: Tokens(answer.generation_token_count.unwrap_or_default()),
                ..Usage::default()
            },
        })
    }

    fn write(&self, piece: &Piece) -> Bytes {
        let count = |tokens: Tokens| piece.finish.map(|_| tokens.0);
        json(&json!({
            "generation": piece.text,
            "prompt_token_count": count(piece.usage.prompt()),
            "generation_token_count": count(piece.usage.written()),
            "stop_reason": piece.finish.map(plain::reason),
        }))
    }
}
