//! The shapes in which dialects write their errors. Which status goes with one is decided in `error.rs`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use busbar_core::{Error, RequestId};
use busbar_wire::{Problem, answer::json, anthropic, bedrock, openai::error::ErrorBody, sagemaker};
use bytes::Bytes;

/// Names the class of a failure to clients of AWS.
const CLASS: HeaderName = HeaderName::from_static(bedrock::error::CLASS_HEADER);

/// How an error is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As the OpenAI dialect has it.
    OpenAi,
    /// As Anthropic's has it.
    Anthropic,
    /// As Bedrock's runtime has it.
    Bedrock,
    /// As SageMaker's runtime has it.
    SageMaker,
    /// RFC 9457.
    Problem,
}

impl Shape {
    /// The body of an error, and the headers that go with it.
    pub(crate) fn write(
        self,
        error: &Error,
        problem: impl FnOnce() -> Problem,
        id: &RequestId,
    ) -> (Bytes, HeaderMap) {
        let mut headers = HeaderMap::new();
        let mut put = |name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        let body = match self {
            Self::OpenAi => json(&ErrorBody::from(error)),
            Self::Anthropic => anthropic::error_body(error, Some(id.as_str())),
            Self::Bedrock => {
                put(CLASS, bedrock::error::class(error.kind()));
                bedrock::error::error_body(error)
            }
            Self::SageMaker => {
                put(CLASS, sagemaker::error::class(error.kind()));
                sagemaker::error::error_body(error, Some(problem().status))
            }
            Self::Problem => json(&problem()),
        };
        put(
            header::CONTENT_TYPE,
            match self {
                Self::Problem => Problem::MEDIA_TYPE,
                Self::OpenAi | Self::Anthropic | Self::Bedrock | Self::SageMaker => "application/json",
            },
        );
        (body, headers)
    }

    /// The header by which the dialect's clients know a request, beside our own.
    pub(crate) fn request_id(self) -> Option<HeaderName> {
        match self {
            Self::Anthropic => Some(HeaderName::from_static("request-id")),
            Self::Bedrock | Self::SageMaker => Some(HeaderName::from_static("x-amzn-requestid")),
            Self::OpenAi | Self::Problem => None,
        }
    }
}
