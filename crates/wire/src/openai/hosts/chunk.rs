//! What hosts of this format send as answers, with room for all that they do differently.

use busbar_core::TokenLogprob;
use serde::Deserialize;
use serde_json::Value;

use super::{counts::Counts, reported::Reported};
use crate::openai::chat::ThinkingBlock;

/// A piece of an answer, or a whole one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    pub(super) id: Option<String>,
    pub(super) choices: Option<Vec<Choice>>,
    pub(super) usage: Option<Counts>,
    pub(super) error: Option<Reported>,
    /// Groq's place for the usage of a stream.
    pub(super) x_groq: Option<Groq>,
}

#[derive(Deserialize)]
pub(super) struct Groq {
    pub(super) usage: Option<Counts>,
    pub(super) error: Option<Reported>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub(super) index: Option<u32>,
    pub(super) delta: Option<Piece>,
    /// Where the answer is whole, it stands here.
    pub(super) message: Option<Piece>,
    /// Where a text is continued, it stands here.
    pub(super) text: Option<String>,
    pub(super) logprobs: Option<Logprobs>,
    pub(super) finish_reason: Option<String>,
    /// A gateway's choice may fail by itself.
    pub(super) error: Option<Reported>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Piece {
    pub(super) content: Option<Said>,
    pub(super) refusal: Option<String>,
    pub(super) reasoning_content: Option<String>,
    pub(super) reasoning: Option<String>,
    pub(super) thinking_blocks: Option<Vec<ThinkingBlock>>,
    pub(super) tool_calls: Option<Vec<CallPiece>>,
    /// The older way to call one function.
    pub(super) function_call: Option<FunctionPiece>,
}

/// Text, or with Mistral's thinking models parts.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Said {
    Text(String),
    Parts(Vec<SaidPart>),
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SaidPart {
    text: Option<String>,
    thinking: Option<Vec<SaidPart>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CallPiece {
    pub(super) index: Option<u32>,
    pub(super) id: Option<String>,
    pub(super) function: Option<FunctionPiece>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionPiece {
    pub(super) name: Option<String>,
    /// Text; with some hosts the object itself.
    pub(super) arguments: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Logprobs {
    content: Option<Vec<Logprob>>,
}

/// A token that was chosen.
#[derive(Deserialize)]
pub(crate) struct Logprob {
    token: String,
    logprob: Option<f32>,
    bytes: Option<Vec<u8>>,
    #[serde(default)]
    top_logprobs: Option<Vec<Logprob>>,
}

impl Said {
    /// What is thought in it, and what is said.
    pub(super) fn split(self) -> (String, String) {
        let parts = match self {
            Self::Text(text) => return (String::new(), text),
            Self::Parts(parts) => parts,
        };
        let (mut thought, mut said) = (String::new(), String::new());
        for part in parts {
            for inner in part.thinking.into_iter().flatten() {
                thought.extend(inner.text);
            }
            said.extend(part.text);
        }
        (thought, said)
    }
}

impl FunctionPiece {
    /// The next piece of the arguments, as JSON text.
    pub(super) fn arguments(&mut self) -> String {
        match self.arguments.take() {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        }
    }
}

impl Logprobs {
    pub(super) fn into_tokens(self) -> Vec<TokenLogprob> {
        let tokens = self.content.into_iter().flatten();
        tokens.map(Logprob::into_token).collect()
    }
}

impl Logprob {
    pub(crate) fn into_token(self) -> TokenLogprob {
        let top = self.top_logprobs.into_iter().flatten();
        TokenLogprob {
            bytes: self.bytes.unwrap_or_else(|| self.token.as_bytes().to_vec()),
            token: self.token,
            // The dialect writes −9999 for a probability of 0.
            logprob: self
                .logprob
                .filter(|logprob| *logprob > -9999.0)
                .unwrap_or(f32::NEG_INFINITY),
            top: top.map(Self::into_token).collect(),
        }
    }
}
