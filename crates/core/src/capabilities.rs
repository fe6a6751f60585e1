//! What a model is and what it can do.

use crate::{ModelId, Price, Tokens};

/// How a model presents itself to people and to routing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelCard {
    /// The name clients ask for.
    pub id: ModelId,
    /// The name people read.
    pub title: String,
    /// What runs it: an engine's or a provider's name.
    pub host: String,
    /// The licence of the weights, as an SPDX expression or a name.
    pub licence: String,
    /// What it can do.
    pub capabilities: Capabilities,
    /// What its tokens cost; `None`: nobody said, which is not the same as nothing.
    pub price: Option<Price>,
}

/// What a model can do. Routing treats each as a hard constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Which traits it implements.
    pub tasks: Vec<Task>,
    /// The most tokens that prompt and answer may have together.
    pub context_window: Tokens,
    /// The most tokens of one answer.
    pub max_output: Tokens,
    /// Whether it follows conversations (has a chat template).
    pub chat: bool,
    /// Whether it can call tools.
    pub tools: bool,
    /// Whether it looks at pictures.
    pub images: bool,
    /// Whether it reads documents.
    pub documents: bool,
    /// Whether it can be told how much to think.
    pub reasoning: bool,
    /// Whether it can be held to a JSON schema.
    pub structured_output: bool,
    /// Whether it goes on with a last turn of its own where that ended, rather than answer it.
    pub prefill: bool,
    /// Length of its embedding vectors, where it makes them.
    pub embedding_dimensions: Option<u32>,
}

impl Capabilities {
    /// Whether vectors of this length may be asked for. Of a model whose own length nobody knows, any may be:
    /// its host says whether it makes them.
    pub fn makes_vectors_of(&self, dimensions: Option<u32>) -> bool {
        match (dimensions, self.embedding_dimensions) {
            (Some(wanted), Some(own)) => wanted == own,
            (None, _) | (_, None) => true,
        }
    }
}

/// Something that a model does; one trait each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Text from text.
    Chat,
    /// Vectors from text.
    Embed,
    /// Pictures from text.
    Image,
    /// Labels from pictures.
    Classify,
}

impl Task {
    /// The name in lists and errors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embed => "embed",
            Self::Image => "image",
            Self::Classify => "classify",
        }
    }
}
