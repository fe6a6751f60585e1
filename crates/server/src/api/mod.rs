//! The endpoints, one file each.

pub(crate) mod embeddings;
pub(crate) mod generate;
pub(crate) mod models;
pub(crate) mod probes;
pub(crate) mod reply;
pub(crate) mod summaries;
