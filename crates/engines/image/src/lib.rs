//! Local text-to-image diffusion: Stable Diffusion 1 and 2 and models of their kind, read from files in
//! the layout of `diffusers`.
//!
//! On a CPU everything that takes time runs on this crate's own kernels ([`kernel`]); on a GPU the
//! same modules run on candle's.
//!
//! **Invariant:** this crate knows no HTTP, no job and no picture file; it takes a request of
//! `busbar-core` and answers with pixels.

mod clip;
mod config;
mod engine;
mod files;
mod kernel;
mod layout;
mod nn;
mod noise;
#[cfg(test)]
mod parity;
mod pipeline;
mod plan;
mod preview;
mod schedule;
mod tokens;
mod unet;
mod vae;
mod worker;

pub use config::{ImageDevice, ImageEngineConfig, Precision};
pub use engine::ImageEngine;
pub use files::{Embedded, ModelFiles};
pub use plan::ImageDefaults;
