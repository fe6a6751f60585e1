//! Vectors: what Cohere's embedding models take and answer.
//!
//! Source: the Bedrock user guide, "Cohere Embed and Cohere Embed v4 models". What a text is for
//! (`input_type`) changes nothing here: a model of ours makes one vector of a text, whatever it is for.

use busbar_core::{Capabilities, Context, EmbedRequest, Embeddings, Error, ModelId, Result};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::{answer::json, bedrock::unsupported, body};

/// The most texts of a request.
const MOST_TEXTS: usize = 96;

/// What a text may be for.
const INPUT_TYPES: &[&str] = &["search_document", "search_query", "classification", "clustering"];

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CohereEmbedBody {
    /// The texts, 1 to 96.
    pub texts: Option<Vec<String>>,
    /// What they are for.
    pub input_type: Option<String>,
    /// Only `NONE`: nothing is cut in silence.
    pub truncate: Option<String>,
    /// `float` only; where they are named, the answer names them too.
    pub embedding_types: Option<Vec<String>>,
    /// Only the model's own number of dimensions is possible.
    pub output_dimension: Option<u32>,
    /// Not taken.
    pub images: Option<serde_json::Value>,
    /// Not taken.
    pub inputs: Option<serde_json::Value>,
}

impl CohereEmbedBody {
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
    pub fn to_request(&self, context: Context, model: ModelId, can: &Capabilities) -> Result<EmbedRequest> {
        for (field, given) in [("images", &self.images), ("inputs", &self.inputs)] {
            if given.is_some() {
                let message = format!("vectors are made of `texts` only; leave `{field}` out");
                return Err(unsupported(field, message));
            }
        }
        let texts = self.texts.clone().unwrap_or_default();
        if texts.is_empty() || texts.len() > MOST_TEXTS {
            let message = format!("`texts` must have 1 to {MOST_TEXTS} texts, not {}", texts.len());
            return Err(Error::invalid("texts", message));
        }
        if let Some(place) = texts.iter().position(String::is_empty) {
            let param = format!("texts[{place}]");
            return Err(Error::invalid(&*param, format!("`{param}` must not be empty")));
        }
        let known = |kind: &String| INPUT_TYPES.contains(&kind.as_str());
        if !self.input_type.as_ref().is_some_and(known) {
            let message = format!("`input_type` must be one of {}", INPUT_TYPES.join(", "));
            return Err(Error::invalid("input_type", message));
        }
        if self.truncate.as_deref().is_some_and(|end| end != "NONE") {
            let message = "no text is cut in silence: `truncate` may be `NONE` only";
            return Err(unsupported("truncate", message));
        }
        if self.output_dimension.is_some() && self.output_dimension != can.embedding_dimensions {
            let message = "this model's vectors cannot be shortened; leave `output_dimension` out";
            return Err(unsupported("output_dimension", message));
        }
        let types = self.embedding_types.iter().flatten();
        if types.into_iter().any(|kind| kind != "float") {
            let message = "`embedding_types` may have `float` only";
            return Err(unsupported("embedding_types", message));
        }
        Ok(EmbedRequest {
            context,
            model,
            inputs: texts,
        })
    }

    /// The answer with these vectors. Its name tells nothing of whom it is for.
    pub fn answer(&self, id: &str, embeddings: &Embeddings) -> Bytes {
        let vectors = &embeddings.vectors;
        let (kind, vectors) = match self.embedding_types {
            Some(_) => ("embeddings_by_type", json!({ "float": vectors })),
            None => ("embeddings_floats", json!(vectors)),
        };
        json(&json!({ "id": id, "response_type": kind, "embeddings": vectors, "texts": self.texts }))
    }
}
