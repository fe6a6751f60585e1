//! The network that tells noise from picture: `UNet2DConditionModel`.

mod block;
mod config;
mod heard;
mod model;
mod resnet;
mod time;
mod transformer;

pub(crate) use config::UNetConfig;
pub(crate) use heard::Heard;
pub(crate) use model::UNet;
pub(crate) use resnet::{Resnet, ResnetConfig};
