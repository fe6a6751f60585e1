//! The autoencoder between pixels and latents: `AutoencoderKL`.

mod config;
mod model;

pub(crate) use config::VaeConfig;
pub(crate) use model::Vae;
