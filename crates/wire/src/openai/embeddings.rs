//! `POST /v1/embeddings`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use busbar_core::{Capabilities, Context, EmbedPurpose, EmbedRequest, Embeddings, Error, ModelId, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OneOrMany;
use crate::{Metrics, answer::json, body};

/// The dialect's own limit on the texts of one request.
const MOST_INPUTS: usize = 2048;

/// The body of a request.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = EmbeddingRequest)]
pub struct EmbeddingBody {
    /// The model's name; the default one where it is absent.
    pub model: Option<String>,
    /// The text or texts. Lists of token ids are not taken: they mean nothing without the model's
    /// own vocabulary.
    pub input: OneOrMany,
    /// How vectors are written.
    pub encoding_format: Option<EncodingFormat>,
    /// How long the vectors shall be. Models here make them of their own length only; hosts elsewhere may
    /// shorten them.
    pub dimensions: Option<u32>,
    /// What the texts are for, to models that make other vectors for other uses.
    pub input_type: Option<InputType>,
    /// Taken and ignored.
    pub user: Option<String>,
}

/// How vectors are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EncodingFormat {
    /// As a list of numbers.
    #[default]
    Float,
    /// As base64 of little-endian 32-bit floats; the official clients ask for it by themselves.
    Base64,
}

/// What texts are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    /// They are to be found.
    SearchDocument,
    /// They are what somebody looks for.
    SearchQuery,
    /// They are to be put into classes.
    Classification,
    /// They are to be put beside those that are alike.
    Clustering,
}

impl From<InputType> for EmbedPurpose {
    fn from(kind: InputType) -> Self {
        match kind {
            InputType::SearchDocument => Self::Document,
            InputType::SearchQuery => Self::Query,
            InputType::Classification => Self::Classification,
            InputType::Clustering => Self::Clustering,
        }
    }
}

impl From<EmbedPurpose> for InputType {
    fn from(purpose: EmbedPurpose) -> Self {
        match purpose {
            EmbedPurpose::Document => Self::SearchDocument,
            EmbedPurpose::Query => Self::SearchQuery,
            EmbedPurpose::Classification => Self::Classification,
            EmbedPurpose::Clustering => Self::Clustering,
        }
    }
}

impl EmbeddingBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes).map_err(|error| match error.param() {
            Some(param) if param.starts_with("input[") => {
                let message = format!(
                    "`{param}` must be a text: token ids mean nothing without the model's own vocabulary \
                     (LangChain sends texts with `check_embedding_ctx_length=False`)"
                );
                Error::invalid(param.to_owned(), message)
            }
            _ => error,
        })
    }

    /// The model asked for; empty where none was.
    pub fn model(&self) -> &str {
        self.model.as_deref().unwrap_or_default()
    }

    /// How vectors are to be written.
    pub fn encoding(&self) -> EncodingFormat {
        self.encoding_format.unwrap_or_default()
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field.
    pub fn into_request(self, context: Context, can: &Capabilities) -> Result<EmbedRequest> {
        if !can.makes_vectors_of(self.dimensions) {
            let own = can.embedding_dimensions.unwrap_or_default();
            let message = format!("this model's vectors cannot be shortened: its own `dimensions` are {own}");
            return Err(super::unsupported("dimensions", message));
        }
        if self.dimensions == Some(0) {
            return Err(Error::invalid("dimensions", "`dimensions` must be at least 1"));
        }
        let model = ModelId::new(self.model.unwrap_or_default());
        let listed = matches!(self.input, OneOrMany::Many(_));
        let inputs = self.input.into_vec();
        if inputs.is_empty() || inputs.len() > MOST_INPUTS {
            let message = format!("`input` must have 1 to {MOST_INPUTS} texts, not {}", inputs.len());
            return Err(Error::invalid("input", message));
        }
        if let Some(empty) = inputs.iter().position(String::is_empty) {
            let param = if listed {
                format!("input[{empty}]")
            } else {
                "input".to_owned()
            };
            return Err(Error::invalid(param, "a text to embed must not be empty"));
        }
        Ok(EmbedRequest {
            dimensions: self.dimensions,
            purpose: self.input_type.map(EmbedPurpose::from),
            ..EmbedRequest::new(context, model, inputs)
        })
    }
}

/// The answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EmbeddingList {
    /// `list`.
    pub object: &'static str,
    /// One entry an input, in order.
    pub data: Vec<EmbeddingObject>,
    /// The model that served.
    pub model: String,
    /// Tokens read.
    pub usage: EmbeddingUsage,
    /// What this answer tells about itself.
    pub busbar: Metrics,
}

/// One vector.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EmbeddingObject {
    /// `embedding`.
    pub object: &'static str,
    /// Which input it is of.
    pub index: usize,
    /// The vector, of length 1.
    pub embedding: Vector,
}

/// A vector as it is written.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Vector {
    /// Numbers.
    Float(Vec<f32>),
    /// Base64 of little-endian 32-bit floats.
    Base64(String),
}

/// Tokens read.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct EmbeddingUsage {
    /// Tokens of all inputs.
    pub prompt_tokens: u32,
    /// The same.
    pub total_tokens: u32,
}

impl EmbeddingList {
    /// An answer with these vectors.
    pub fn new(embeddings: Embeddings, encoding: EncodingFormat, busbar: Metrics) -> Self {
        let tokens = embeddings.usage.prompt().0;
        let data = embeddings
            .vectors
            .into_iter()
            .enumerate()
            .map(|(index, vector)| EmbeddingObject {
                object: "embedding",
                index,
                embedding: Vector::new(vector, encoding),
            });
        Self {
            object: "list",
            data: data.collect(),
            model: busbar.model.clone(),
            usage: EmbeddingUsage {
                prompt_tokens: tokens,
                total_tokens: tokens,
            },
            busbar,
        }
    }

    /// The answer as JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl Vector {
    fn new(vector: Vec<f32>, encoding: EncodingFormat) -> Self {
        match encoding {
            EncodingFormat::Float => Self::Float(vector),
            EncodingFormat::Base64 => {
                let bytes: Vec<u8> = vector.into_iter().flat_map(f32::to_le_bytes).collect();
                Self::Base64(STANDARD.encode(bytes))
            }
        }
    }
}
