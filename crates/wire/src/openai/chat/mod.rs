//! `POST /v1/chat/completions`.

pub(crate) mod answer;
mod content;
mod message;
mod request;
mod tools;
mod writer;

pub use answer::{
    AnswerMessage, AnswerToolCall, CalledFunction, ChatAnswer, ChatChoice, ChatChunk, ChunkChoice,
    ChunkDelta, ChunkFunction, ChunkToolCall,
};
pub use content::{Content, ContentPart};
pub use message::{ChatMessage, ChatRole, MessageFunction, MessageToolCall};
pub use request::{ChatBody, JsonSchemaFormat, ResponseFormat, ResponseFormatKind};
pub use tools::{ChatTool, ChatToolChoice, ToolFunction, ToolName};
pub use writer::ChatWriter;
