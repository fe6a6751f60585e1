//! Asks for vectors.

use busbar_core::EmbedRequest;

use super::Call;
use crate::openai::hosts::write_own_embeddings;

/// The request for one vector of each input.
pub fn embeddings(request: &EmbedRequest) -> Call {
    Call {
        path: "/v1/embeddings".into(),
        body: write_own_embeddings(request, request.model.as_str()),
    }
}
