//! Pictures as jobs: asked for, watched, stopped, looked at; and the OpenAI dialect on top of it.
//!
//! **Invariant:** nothing here makes a picture or knows where files lie; that is behind `busbar-jobs`.

mod desk;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod generations;
pub(crate) mod jobs;
mod order;
mod range;
mod view;
pub(crate) mod within;
