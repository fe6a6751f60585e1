//! The layers that every part of a model is made of.
//!
//! Pictures are `(batch, rows, columns, channels)`, texts `(batch, places, channels)`; channels are
//! last everywhere, so that a product with weights never needs a transposition. On a CPU a layer
//! packs its weights for [`crate::kernel`]; elsewhere it keeps candle's tensors.

mod activation;
mod attention;
mod backend;
mod conv;
mod linear;
mod norm;
mod shape;
mod weights;

pub(crate) use activation::{Activation, GatedGelu};
pub(crate) use attention::{Attend, attend};
#[cfg(test)]
pub(crate) use backend::without_kernels;
pub(crate) use backend::{Backend, on_kernels, with_values};
pub(crate) use conv::{Conv2d, Padding};
pub(crate) use linear::Linear;
pub(crate) use norm::{GroupNorm, LayerNorm};
pub(crate) use shape::{concat_channels, upsample};
pub(crate) use weights::Weights;
