//! Vectors: what Titan's embedding models take and answer.
//!
//! Source: the Bedrock user guide, "Amazon Titan Embeddings G1 - Text" and "Amazon Titan Text Embeddings
//! V2".

use busbar_core::{
    Capabilities, Context, EmbedRequest, Embeddings, Error, ErrorKind, ModelId, Result, Tokens, Usage,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    answer::json,
    bedrock::{nonsense, unsupported},
    body,
};

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TitanEmbedBody {
    /// The text; one a request.
    pub input_text: String,
    /// How long the vector shall be; of a model here, only its own length is possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<u32>,
    /// Whether vectors are of length 1; ours always are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalize: Option<bool>,
    /// `float` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding_types: Option<Vec<String>>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    embedding: Vec<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    embeddings_by_type: Option<ByType>,
    input_text_token_count: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ByType {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    float: Option<Vec<f32>>,
}

impl TitanEmbedBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field.
    pub fn into_request(self, context: Context, model: ModelId, can: &Capabilities) -> Result<EmbedRequest> {
        if self.input_text.is_empty() {
            return Err(Error::invalid("inputText", "`inputText` must not be empty"));
        }
        if !can.makes_vectors_of(self.dimensions) {
            let message = "this model's vectors cannot be shortened; leave `dimensions` out";
            return Err(unsupported("dimensions", message));
        }
        if self.normalize == Some(false) {
            let message = "vectors are always of length 1; leave `normalize` out";
            return Err(unsupported("normalize", message));
        }
        let types = self.embedding_types.unwrap_or_default();
        if types.iter().any(|kind| kind != "float") {
            let message = "`embeddingTypes` may have `float` only";
            return Err(unsupported("embeddingTypes", message));
        }
        Ok(EmbedRequest {
            dimensions: self.dimensions,
            ..EmbedRequest::new(context, model, vec![self.input_text])
        })
    }

    /// The bodies that ask for the vectors of these texts, in order.
    pub fn write(request: &EmbedRequest) -> Vec<Bytes> {
        let body = |text: &String| Self {
            input_text: text.clone(),
            dimensions: request.dimensions,
            normalize: None,
            embedding_types: None,
        };
        request.inputs.iter().map(|text| json(&body(text))).collect()
    }
}

/// An answer with this vector.
pub fn write_answer(embeddings: &Embeddings) -> Bytes {
    let vector = embeddings.vectors.first().cloned().unwrap_or_default();
    json(&Answer {
        embeddings_by_type: Some(ByType {
            float: Some(vector.clone()),
        }),
        embedding: vector,
        input_text_token_count: embeddings.usage.prompt().0,
    })
}

/// The vector of an answer, made to be of length 1: the older models' are not.
///
/// # Errors
/// `BadUpstream` where it is no answer.
pub fn read_answer(body: &[u8]) -> Result<Embeddings> {
    let mut answer: Answer = serde_json::from_slice(body).map_err(|error| nonsense("vector", error))?;
    let length = answer
        .embedding
        .iter()
        .map(|value| value * value)
        .sum::<f32>()
        .sqrt();
    if !length.is_normal() {
        return Err(Error::new(
            ErrorKind::BadUpstream,
            "the host sent a vector without a direction",
        ));
    }
    for value in &mut answer.embedding {
        *value /= length;
    }
    Ok(Embeddings {
        vectors: vec![answer.embedding],
        usage: Usage {
            input: Tokens(answer.input_text_token_count),
            ..Usage::default()
        },
    })
}
