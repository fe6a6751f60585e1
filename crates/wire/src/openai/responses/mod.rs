//! `POST /v1/responses`.
//!
//! Nothing is kept here between two requests: what a conversation was is in its `input`, and whatever
//! names something stored is refused by its name.

mod echo;
pub mod hosts;
mod input;
mod items;
mod part;
mod progress;
mod request;
mod tools;
mod writer;

pub use echo::Echo;
pub use input::{Input, InputItem};
pub use items::{Item, OutputPart, ResponseUsage};
pub use part::{InputPart, TextOrList};
pub use request::{ReasoningConfig, ResponsesBody, TextConfig, TextFormat};
pub use tools::{ResponsesTool, ResponsesToolChoice};
pub use writer::ResponsesWriter;

use crate::Framing;

/// The name of this format.
pub const FORMAT: busbar_core::Format = busbar_core::Format("openai-responses");

/// How its streams are framed: its last event says by itself that it is the last.
pub const FRAMING: Framing = Framing::Sse { end: None };
