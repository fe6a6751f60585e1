//! Anthropic's Messages, in both directions: the documented shapes, and everything that they can say.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod support;

#[path = "anthropic/answers.rs"]
mod answers;
#[path = "anthropic/errors.rs"]
mod errors;
#[path = "anthropic/everything.rs"]
mod everything;
#[path = "anthropic/requests.rs"]
mod requests;
#[path = "anthropic/sent.rs"]
mod sent;
