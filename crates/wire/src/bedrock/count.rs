//! How many tokens a request has: `CountTokens`.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_core::{ChatRequest, Error, Result, Tokens};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{
    Family,
    converse::{Asked, ConverseBody},
    invoke::InvokeBody,
    nonsense,
};
use crate::{answer::json, body};

/// The body of a request: the request whose tokens are to be counted.
#[derive(Debug, Deserialize)]
pub struct CountBody {
    input: Input,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    converse: Option<Box<ConverseBody>>,
    invoke_model: Option<Own>,
}

#[derive(Debug, Deserialize)]
struct Own {
    body: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    input_tokens: u32,
}

impl CountBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// The request whose tokens are to be counted, for a model of this family.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, asked: Asked, family: Family) -> Result<ChatRequest> {
        if let Some(body) = self.input.converse {
            return body.into_request(asked);
        }
        let Some(own) = self.input.invoke_model else {
            let message = "`input` must have `converse` or `invokeModel`";
            return Err(Error::invalid("input", message));
        };
        let body = BASE64_STANDARD.decode(own.body).map_err(|error| {
            let param = "input.invokeModel.body";
            Error::invalid(param, format!("`{param}` is not base64")).with_source(error)
        })?;
        InvokeBody::read(&body, family)?.into_request(asked)
    }
}

/// An answer.
pub fn write_count(tokens: Tokens) -> Bytes {
    json(&Answer {
        input_tokens: tokens.0,
    })
}

/// The number that an answer has.
///
/// # Errors
/// `BadUpstream` where it is no answer.
pub fn read_count(body: &[u8]) -> Result<Tokens> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| nonsense("number of tokens", error))?;
    Ok(Tokens(answer.input_tokens))
}
