//! Asks for vectors and reads them.

use busbar_core::{EmbedRequest, Embeddings, Error, Result};
use serde::Deserialize;
use serde_json::{Map, json};

use super::{Call, reader::Counts};
use crate::answer::json as bytes;

/// The request for one vector of each input.
pub fn embeddings(request: &EmbedRequest) -> Call {
    let mut body = Map::new();
    if !request.model.as_str().is_empty() {
        body.insert("model".into(), request.model.as_str().into());
    }
    body.insert("input".into(), json!(request.inputs));
    body.insert("encoding_format".into(), "float".into());
    Call {
        path: "/v1/embeddings",
        body: bytes(&body),
    }
}

/// The vectors in an answer, in the order of the inputs.
///
/// # Errors
/// `Internal` where the answer holds no vectors.
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
        embedding: Vec<f32>,
    }
    let mut list: List = serde_json::from_slice(body)
        .map_err(|error| Error::internal("the server's vectors cannot be read").with_source(error))?;
    list.data.sort_by_key(|one| one.index);
    Ok(Embeddings {
        vectors: list.data.into_iter().map(|one| one.embedding).collect(),
        usage: list.usage.map(Counts::into_usage).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use busbar_core::{Context, RequestId, Tokens};

    use super::*;
    use crate::openai::embeddings::EmbeddingBody;

    #[test]
    fn the_server_reads_back_what_the_client_wrote() {
        let context = || Context::new(RequestId::new("r"));
        let request = EmbedRequest {
            context: context(),
            model: "m".into(),
            inputs: vec!["a".into(), "b".into()],
        };
        let call = embeddings(&request);
        let read = EmbeddingBody::read(&call.body).unwrap();
        let read = read
            .into_request(context(), &busbar_core::Capabilities::default())
            .unwrap();
        assert_eq!((read.model, read.inputs), (request.model, request.inputs));
    }

    #[test]
    fn vectors_come_in_the_order_of_the_inputs() {
        let body = br#"{"data":[{"index":1,"embedding":[0.5]},{"index":0,"embedding":[1.0]}],"usage":{"prompt_tokens":7,"total_tokens":7}}"#;
        let read = read_embeddings(body).unwrap();
        assert_eq!(read.vectors, [[1.0], [0.5]]);
        assert_eq!(read.usage.input, Tokens(7));
        assert!(read_embeddings(b"{}").is_err());
    }
}
