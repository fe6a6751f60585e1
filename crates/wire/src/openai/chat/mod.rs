//! `POST /v1/chat/completions`.

pub(crate) mod answer;
mod content;
mod message;
mod options;
mod request;
mod thinking;
mod tools;
mod writer;

pub use answer::{
    AnswerMessage, AnswerToolCall, CalledFunction, ChatAnswer, ChatChoice, ChatChunk, ChunkChoice,
    ChunkDelta, ChunkFunction, ChunkToolCall,
};
pub use content::{Content, ContentPart, FilePart, ImageUrl, InputAudio};
pub use message::{ChatMessage, ChatRole, MessageFunction, MessageToolCall};
pub(super) use options::effort;
pub use options::{CARRIED, HARMLESS, ReasoningOptions, ThinkingOptions};
pub use request::{ChatBody, JsonSchemaFormat, ResponseFormat, ResponseFormatKind};
pub use thinking::ThinkingBlock;
pub(super) use thinking::{blocks, readable};
pub use tools::{ChatTool, ChatToolChoice, ToolFunction, ToolName};
pub use writer::ChatWriter;

/// The name of this format.
pub const FORMAT: busbar_core::Format = busbar_core::Format("openai-chat");
