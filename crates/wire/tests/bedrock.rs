//! Bedrock's runtime, in both directions: the documented shapes, and everything that they can say.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod support;

#[path = "bedrock/answers.rs"]
mod answers;
#[path = "bedrock/called.rs"]
mod called;
#[path = "bedrock/errors.rs"]
mod errors;
#[path = "bedrock/everything.rs"]
mod everything;
#[path = "bedrock/invoke.rs"]
mod invoke;
#[path = "bedrock/paths.rs"]
mod paths;
#[path = "bedrock/pictures.rs"]
mod pictures;
#[path = "bedrock/requests.rs"]
mod requests;
#[path = "bedrock/sent.rs"]
mod sent;
