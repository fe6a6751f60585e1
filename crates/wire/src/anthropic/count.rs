//! `POST /v1/messages/count_tokens`. Its body is that of a request for an answer, without what is about
//! the answer only; [`MessagesBody::into_counted`](super::MessagesBody::into_counted) reads it.

use busbar_core::{ChatRequest, Error, ErrorKind, Result, Tokens};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Variant, send};
use crate::answer::json;

/// How many tokens a prompt has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MessageTokensCount)]
pub struct TokenCount {
    /// Tokens of the instructions, the conversation and the tools.
    pub input_tokens: u32,
}

impl TokenCount {
    /// The answer.
    pub fn encode(tokens: Tokens) -> Bytes {
        json(&Self {
            input_tokens: tokens.0,
        })
    }
}

/// Asks a host to count a request's tokens.
///
/// # Errors
/// Those of writing the request itself.
pub fn write_count(request: &ChatRequest, model: &str) -> Result<Bytes> {
    let mut body = send::body(request, model, Variant::Direct)?;
    body.leave_out_the_answer();
    Ok(json(&body))
}

/// The number that a host answers with.
///
/// # Errors
/// `BadUpstream` where it is none.
pub fn read_count(body: &[u8]) -> Result<Tokens> {
    let count: TokenCount = serde_json::from_slice(body).map_err(|error| {
        let message = "the model's host sent something that is no count of tokens";
        Error::new(ErrorKind::BadUpstream, message).with_source(error)
    })?;
    Ok(Tokens(count.input_tokens))
}
