//! A model's own chat template: a conversation in, the text that the model reads out.
//!
//! Templates are Jinja as the `transformers` library runs it, so that a template written for it
//! gives the same text here. What a template can do (system turns, tools, calls in the history) is
//! found out by trying it once; what it cannot is told to the caller or put into words that it can.
//!
//! **Invariant:** time is passed in, steps and output are bounded, and text of a client never
//! becomes a control token.

mod abilities;
mod chat;
mod clock;
mod conversation;
mod environment;
mod fold;
mod generation;
mod guard;
mod json;
mod python;
mod rendered;

pub use abilities::Abilities;
pub use chat::{ChatTemplate, Conversation, TemplateSource};
pub use rendered::Rendered;
