//! The vocabulary of Busbar: what a request, an event, a failure and a model are.
//!
//! **Invariant:** this crate performs no I/O, owns no runtime, reads no clock and names no vendor
//! and no wire format. Everything else speaks in these words.

mod answers;
mod capabilities;
mod chat;
mod civil;
mod classify;
mod clock;
mod content;
mod context;
mod embed;
mod error;
mod event;
mod fetch;
mod guests;
mod ids;
mod image;
mod message;
mod metrics;
mod model;
mod notes;
mod pixels;
mod place;
mod price;
mod registry;
mod relay;
mod roster;
mod routed;
mod sampling;
mod secret;
mod shelf;
mod stages;
mod trace;
mod trail;
mod usage;

pub use answers::{AnswerKey, AnswerStore};
pub use capabilities::{Capabilities, ModelCard, Task};
pub use chat::{ChatRequest, Effort, Extra, OutputFormat, Prompt, Reasoning};
pub use civil::civil;
pub use classify::{
    Classification, Classifier, ClassifyRequest, ClassifyTimings, Picture, Prediction, Sight,
};
pub use clock::{Clock, Timer};
pub use content::{CachePoint, CacheSpan, Content, Media, MediaKind, MediaSource, Part, Thought};
pub use context::{Context, Labels, Priority, RequestId, Tenant};
pub use embed::{EmbedPurpose, EmbedRequest, Embeddings};
pub use error::{Error, ErrorKind, Result};
pub use event::{
    Delta, Done, Event, EventStream, FinishReason, Progress, Resumed, ThoughtDelta, TokenLogprob,
};
pub use fetch::{Fetched, Fetcher};
pub use guests::{GUEST_DOES_NOT_FIT, GUEST_IS_HERE, Guest, Guests};
pub use ids::{ModelId, ToolCallId};
pub use image::{
    GeneratedImage, ImageDone, ImageEvent, ImageModel, ImageRecipe, ImageRequest, ImageScheduler,
    ImageStream, InitImage,
};
pub use message::{Message, Role, Tool, ToolCall, ToolChoice};
pub use metrics::{AnswerMetrics, Stopwatch};
pub use model::{BoxFuture, ChatModel, ChatModelExt, Embedder, TokenCounter, Transcript};
pub use notes::{Note, Notes, Writing};
pub use pixels::Pixels;
pub use place::Place;
pub use price::{Money, Price};
pub use registry::{Model, Models};
pub use relay::{Format, MUST_BE_READ, Relay, RelayItem, RelayRequest, RelayStream};
pub use roster::{Readiness, Roster};
pub use routed::{BreakerState, Excluded, Explanation, RouteStatus, Routed, TargetStatus, TierStatus, Tried};
pub use sampling::{LogitBias, Sampling};
pub use secret::Secret;
pub use shelf::Shelf;
pub use stages::{Stage, StageChange, StageKeeper, Staged, Stages};
pub use trace::Trace;
pub use trail::{Attempt, CacheUse, Course, Served, Step, Trail};
pub use usage::{Tokens, Usage};
