//! What a model thought, in the words that servers and gateways added to the dialect:
//! `reasoning_content` for text alone, `thinking_blocks` where a signature or a sealed thought must come
//! back unchanged.

use busbar_core::{Thought, ThoughtDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A thought that goes back to the model unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ThinkingBlock {
    /// `thinking`, or `redacted_thinking` for one that only the model can read.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// Proof that the model thought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// A thought that only the model can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

impl ThinkingBlock {
    /// The thought, where it is of a kind that is known.
    pub(in crate::openai) fn into_thought(self) -> Option<Thought> {
        match self.kind.as_str() {
            "redacted_thinking" => self.data.map(Thought::Sealed),
            "thinking" => Some(Thought::Open {
                text: self.thinking.unwrap_or_default(),
                signature: self.signature.filter(|signature| !signature.is_empty()),
            }),
            _ => None,
        }
    }

    fn sealed(data: &str) -> Self {
        Self {
            kind: "redacted_thinking".to_owned(),
            data: Some(data.to_owned()),
            ..Self::default()
        }
    }

    fn open(text: &str, signature: Option<&str>) -> Self {
        Self {
            kind: "thinking".to_owned(),
            thinking: Some(text.to_owned()),
            signature: signature.map(str::to_owned),
            data: None,
        }
    }

    /// What of a piece `reasoning_content` has no room for.
    pub(in crate::openai) fn of_piece(piece: &ThoughtDelta) -> Option<Self> {
        match piece {
            ThoughtDelta::Text(_) => None,
            ThoughtDelta::Signature(signature) => Some(Self::open("", Some(signature))),
            ThoughtDelta::Sealed(data) => Some(Self::sealed(data)),
        }
    }
}

impl From<&Thought> for ThinkingBlock {
    fn from(thought: &Thought) -> Self {
        match thought {
            Thought::Open { text, signature } => Self::open(text, signature.as_deref()),
            Thought::Sealed(data) => Self::sealed(data),
        }
    }
}

/// What was thought and may be read, a line each.
pub(in crate::openai) fn readable(thoughts: &[Thought]) -> Option<String> {
    let open = thoughts.iter().filter_map(|thought| match thought {
        Thought::Open { text, .. } => Some(text.as_str()),
        Thought::Sealed(_) => None,
    });
    let text = open.collect::<Vec<_>>().join("\n");
    (!text.is_empty()).then_some(text)
}

/// The thoughts, where one of them must come back unchanged.
pub(in crate::openai) fn blocks(thoughts: &[Thought]) -> Vec<ThinkingBlock> {
    let simple = |thought: &Thought| matches!(thought, Thought::Open { signature: None, .. });
    // Several thoughts would run together in one text.
    if thoughts.len() <= 1 && thoughts.iter().all(simple) {
        return Vec::new();
    }
    thoughts.iter().map(ThinkingBlock::from).collect()
}
