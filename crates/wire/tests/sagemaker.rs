//! SageMaker's runtime, in both directions: the documented shapes, and everything that they can say.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod support;

#[path = "sagemaker/endpoints.rs"]
mod endpoints;
#[path = "sagemaker/pictures.rs"]
mod pictures;
#[path = "sagemaker/streams.rs"]
mod streams;
#[path = "sagemaker/text.rs"]
mod text;
