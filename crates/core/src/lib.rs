//! The vocabulary of Busbar: what a request, an event, a failure and a model are.
//!
//! **Invariant:** this crate performs no I/O, owns no runtime, reads no clock and names no vendor
//! and no wire format. Everything else speaks in these words.

mod capabilities;
mod chat;
mod clock;
mod context;
mod embed;
mod error;
mod event;
mod ids;
mod message;
mod metrics;
mod model;
mod registry;
mod roster;
mod sampling;
mod secret;
mod usage;

pub use capabilities::{Capabilities, ModelCard, Task};
pub use chat::{ChatRequest, OutputFormat, Prompt};
pub use clock::Clock;
pub use context::{Context, Priority, RequestId, Tenant};
pub use embed::{EmbedRequest, Embeddings};
pub use error::{Error, ErrorKind, Result};
pub use event::{Delta, Done, Event, EventStream, FinishReason, Progress, TokenLogprob};
pub use ids::{ModelId, ToolCallId};
pub use message::{Message, Role, Tool, ToolCall, ToolChoice};
pub use metrics::{AnswerMetrics, Stopwatch};
pub use model::{BoxFuture, ChatModel, ChatModelExt, Embedder, TokenCounter, Transcript};
pub use registry::{Model, Models};
pub use roster::{Readiness, Roster};
pub use sampling::{LogitBias, Sampling};
pub use secret::Secret;
pub use usage::{Tokens, Usage};
