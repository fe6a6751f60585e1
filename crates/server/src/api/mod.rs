//! The endpoints, one file each.

pub(crate) mod bedrock;
pub(crate) mod config;
pub(crate) mod count;
pub(crate) mod embeddings;
pub(crate) mod generate;
pub(crate) mod guests;
pub(crate) mod images;
pub(crate) mod models;
pub(crate) mod predict;
pub(crate) mod probes;
pub(crate) mod registry;
pub(crate) mod reply;
pub(crate) mod routes;
pub(crate) mod sagemaker;
pub(crate) mod summaries;

pub use sagemaker::explain;
