//! Vectors from hosts that speak this dialect.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use busbar_core::{EmbedRequest, Embeddings, Error, ErrorKind, Result};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::counts::Counts;
use crate::{answer::json as bytes, openai::embeddings::InputType};

/// The request for one vector of each input. `model` is left out where it is empty.
pub fn write_embeddings(request: &EmbedRequest, model: &str) -> Bytes {
    let mut body = Map::new();
    if !model.is_empty() {
        body.insert("model".into(), model.into());
    }
    body.insert("input".into(), json!(request.inputs));
    body.insert("encoding_format".into(), "float".into());
    if let Some(dimensions) = request.dimensions {
        body.insert("dimensions".into(), dimensions.into());
    }
    bytes(&body)
}

/// The same for another server of ours, which knows what texts are for.
pub fn write_own_embeddings(request: &EmbedRequest, model: &str) -> Bytes {
    let body = write_embeddings(request, model);
    let Some(purpose) = request.purpose else {
        return body;
    };
    let Ok(mut body) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return body;
    };
    body.insert("input_type".into(), json!(InputType::from(purpose)));
    bytes(&body)
}

/// The vectors in an answer, in the order of the inputs.
///
/// # Errors
/// `BadUpstream` where the answer holds no vectors.
pub fn read_embeddings(body: &[u8]) -> Result<Embeddings> {
    #[derive(Deserialize)]
    struct List {
        data: Vec<One>,
        usage: Option<Counts>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(default)]
        index: usize,
        embedding: Vector,
    }
    let mut list: List = serde_json::from_slice(body).map_err(|error| unread().with_source(error))?;
    list.data.sort_by_key(|one| one.index);
    let vectors = list.data.into_iter().map(|one| one.embedding.numbers());
    Ok(Embeddings {
        vectors: vectors.collect::<Result<_>>()?,
        usage: list.usage.map(Counts::into_usage).unwrap_or_default(),
    })
}

/// Numbers, or base64 of little-endian 32-bit floats, which some hosts send unasked.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vector {
    Float(Vec<f32>),
    Base64(String),
}

impl Vector {
    fn numbers(self) -> Result<Vec<f32>> {
        let text = match self {
            Self::Float(numbers) => return Ok(numbers),
            Self::Base64(text) => text,
        };
        let bytes = STANDARD
            .decode(text)
            .map_err(|error| unread().with_source(error))?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(unread());
        }
        Ok(numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
    }
}

fn unread() -> Error {
    Error::new(
        ErrorKind::BadUpstream,
        "the vectors of the model's host cannot be read",
    )
}

#[cfg(test)]
mod tests {
    use busbar_core::{Capabilities, Context, EmbedPurpose, RequestId, Tokens};

    use super::*;
    use crate::openai::embeddings::EmbeddingBody;

    #[test]
    fn the_server_reads_back_what_the_client_wrote() {
        let context = || Context::new(RequestId::new("r"));
        let request = EmbedRequest {
            dimensions: Some(256),
            purpose: Some(EmbedPurpose::Query),
            ..EmbedRequest::new(context(), "m".into(), vec!["a".into(), "b".into()])
        };
        let body = EmbeddingBody::read(&write_own_embeddings(&request, "m")).unwrap();
        let read = body.into_request(context(), &Capabilities::default()).unwrap();
        assert_eq!(
            (read.model, read.inputs),
            (request.model.clone(), request.inputs.clone())
        );
        assert_eq!(
            (read.dimensions, read.purpose),
            (Some(256), Some(EmbedPurpose::Query))
        );
        // Other hosts refuse fields that they have not heard of.
        let body = EmbeddingBody::read(&write_embeddings(&request, "m")).unwrap();
        assert_eq!((body.dimensions, body.input_type), (Some(256), None));
    }

    #[test]
    fn vectors_come_in_the_order_of_the_inputs() {
        let body = br#"{"data":[{"index":1,"embedding":[0.5]},{"index":0,"embedding":"AACAPw=="}],"usage":{"prompt_tokens":7,"total_tokens":7}}"#;
        let read = read_embeddings(body).unwrap();
        assert_eq!(read.vectors, [[1.0], [0.5]]);
        assert_eq!(read.usage.input, Tokens(7));
        assert!(read_embeddings(b"{}").is_err());
        assert!(read_embeddings(br#"{"data":[{"embedding":"AACA"}]}"#).is_err());
    }
}
