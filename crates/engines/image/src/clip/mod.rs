//! CLIP's text encoder.

mod config;
mod model;
#[cfg(test)]
mod projection;

pub(crate) use config::ClipConfig;
pub(crate) use model::TextEncoder;
#[cfg(test)]
pub(crate) use projection::Projection;
