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
}

/// One vector for each input, in order, each of length 1 (L2).
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// The vectors; all have the model's dimension.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens read.
    pub usage: Usage,
}
