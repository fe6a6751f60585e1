//! The client's side: requests become what a server wants to have, and what it answers becomes events.
//!
//! Speaks the dialect of `openai` and, for summaries, our own. Reads leniently: servers differ in what
//! they leave out. Opens no connection.

mod chat;
mod embeddings;
mod failure;
mod images;
mod models;
mod predict;
mod reader;
mod summary;

use std::borrow::Cow;

use bytes::Bytes;

pub use crate::openai::hosts::read_embeddings;
pub use chat::chat;
pub use embeddings::embeddings;
pub use failure::failure;
pub use images::{cancel_path, image_job, job_path, list_path, read_image_job, read_image_jobs};
pub use models::{MODELS, RemoteModel, read_models};
pub use predict::{REGISTRY, change_stages, predict, read_prediction, read_stages};
pub use reader::AnswerReader;
pub use summary::{SummaryAsk, SummaryItem, SummaryReader, summary};

/// The longest event that a client reads, bytes.
pub const EVENT_LIMIT: usize = 4 * 1024 * 1024;

/// A request to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its path, to be put behind the server's address.
    pub path: Cow<'static, str>,
    /// Its body, JSON.
    pub body: Bytes,
}
