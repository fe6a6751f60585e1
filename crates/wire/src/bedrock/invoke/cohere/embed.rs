//! Vectors: what Cohere's embedding models take and answer.
//!
//! Source: the Bedrock user guide, "Cohere Embed and Cohere Embed v4 models". What a text is for
//! (`input_type`) changes nothing where a model of ours serves: it makes one vector of a text, whatever it is for.

use busbar_core::{
    Capabilities, Context, EmbedPurpose, EmbedRequest, Embeddings, Error, ModelId, Result, Usage,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::{
    answer::json,
    bedrock::{nonsense, unsupported},
    body,
};

/// The most texts of a request.
const MOST_TEXTS: usize = 96;

/// What a text may be for.
const INPUT_TYPES: &[(&str, EmbedPurpose)] = &[
    ("search_document", EmbedPurpose::Document),
    ("search_query", EmbedPurpose::Query),
    ("classification", EmbedPurpose::Classification),
    ("clustering", EmbedPurpose::Clustering),
];

fn purpose(word: &str) -> Option<EmbedPurpose> {
    let mut all = INPUT_TYPES.iter();
    all.find(|(known, _)| *known == word).map(|(_, purpose)| *purpose)
}

/// The bodies that ask a host for the vectors of these texts, in order. What texts are for must be said there: they
/// are to be found where nobody said it.
pub fn write(request: &EmbedRequest) -> Vec<Bytes> {
    let purpose = request.purpose.unwrap_or(EmbedPurpose::Document);
    let mut known = INPUT_TYPES.iter();
    let input_type = known.find(|(_, known)| *known == purpose).map(|(word, _)| *word);
    let body = |texts: &[String]| {
        let mut body = json!({ "texts": texts, "input_type": input_type, "truncate": "NONE" });
        if let Some(dimensions) = request.dimensions {
            body["output_dimension"] = dimensions.into();
        }
        json(&body)
    };
    request.inputs.chunks(MOST_TEXTS).map(body).collect()
}

/// The vectors of an answer. How many tokens were read stands in the answer's head.
///
/// # Errors
/// `BadUpstream` where it is no answer.
pub fn read_answer(body: &[u8]) -> Result<Embeddings> {
    #[derive(Deserialize)]
    struct Answer {
        embeddings: Vectors,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Vectors {
        Float(Vec<Vec<f32>>),
        ByType { float: Vec<Vec<f32>> },
    }
    let answer: Answer = serde_json::from_slice(body).map_err(|error| nonsense("vector", error))?;
    let (Vectors::Float(vectors) | Vectors::ByType { float: vectors }) = answer.embeddings;
    Ok(Embeddings {
        vectors,
        usage: Usage::default(),
    })
}

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
    /// How long the vectors shall be; of a model here, only its own length is possible.
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
        if self.input_type.as_deref().and_then(purpose).is_none() {
            let known: Vec<_> = INPUT_TYPES.iter().map(|(word, _)| *word).collect();
            let message = format!("`input_type` must be one of {}", known.join(", "));
            return Err(Error::invalid("input_type", message));
        }
        if self.truncate.as_deref().is_some_and(|end| end != "NONE") {
            let message = "no text is cut in silence: `truncate` may be `NONE` only";
            return Err(unsupported("truncate", message));
        }
        if !can.makes_vectors_of(self.output_dimension) {
            let message = "this model's vectors cannot be shortened; leave `output_dimension` out";
            return Err(unsupported("output_dimension", message));
        }
        let types = self.embedding_types.iter().flatten();
        if types.into_iter().any(|kind| kind != "float") {
            let message = "`embedding_types` may have `float` only";
            return Err(unsupported("embedding_types", message));
        }
        Ok(EmbedRequest {
            dimensions: self.output_dimension,
            purpose: self.input_type.as_deref().and_then(purpose),
            ..EmbedRequest::new(context, model, texts)
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
