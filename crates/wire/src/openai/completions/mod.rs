//! `POST /v1/completions`: text continued as it stands, without a chat template.

mod answer;
mod request;
mod writer;

pub use answer::{CompletionAnswer, CompletionChoice, CompletionLogprobs};
pub use request::CompletionBody;
pub use writer::CompletionWriter;
