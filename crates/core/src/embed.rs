//! Text to vectors.

use crate::{Context, ModelId, Usage};

/// A request for embeddings.
#[derive(Clone, Debug)]
pub struct EmbedRequest {
    /// Whom it is for.
    pub context: Context,
    /// The model asked for.
    pub model: ModelId,
    /// One vector is made for each text.
    pub inputs: Vec<String>,
    /// How long the vectors shall be, where that was said.
    pub dimensions: Option<u32>,
    /// What the texts are for, where that was said. Models that make one vector of a text, whatever it is
    /// for, need not look at it.
    pub purpose: Option<EmbedPurpose>,
}

/// What a text is for, to models that make other vectors for other uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbedPurpose {
    /// It is to be found.
    Document,
    /// It is what somebody looks for.
    Query,
    /// It is to be put into a class.
    Classification,
    /// It is to be put beside those that are alike.
    Clustering,
}

impl EmbedRequest {
    /// A request for vectors as the model makes them by itself.
    pub fn new(context: Context, model: ModelId, inputs: Vec<String>) -> Self {
        Self {
            context,
            model,
            inputs,
            dimensions: None,
            purpose: None,
        }
    }
}

/// One vector for each input, in order, each of length 1 (L2).
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// The vectors; all have the model's dimension.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens read.
    pub usage: Usage,
}
