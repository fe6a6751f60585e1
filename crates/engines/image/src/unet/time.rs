//! When it is, as a vector.

use candle_core::{Result, Tensor};

use super::UNetConfig;
use crate::nn::{Activation, Linear, Weights};

/// Sines and cosines of the time, then two layers.
#[derive(Debug)]
pub(crate) struct TimeEmbedding {
    first: Linear,
    second: Linear,
    channels: usize,
    cosines_first: bool,
    shift: f64,
}

impl TimeEmbedding {
    /// Reads the embedding.
    pub(crate) fn load(weights: &Weights, config: &UNetConfig) -> Result<Self> {
        let channels = config.block_out_channels[0];
        let width = Self::width(config);
        Ok(Self {
            first: Linear::load(&weights.at("linear_1"), channels, width)?,
            second: Linear::load(&weights.at("linear_2"), width, width)?,
            channels,
            cosines_first: config.flip_sin_to_cos,
            shift: config.freq_shift,
        })
    }

    /// How long the vector is.
    pub(crate) fn width(config: &UNetConfig) -> usize {
        config
            .time_embedding_dim
            .unwrap_or(4 * config.block_out_channels[0])
    }

    /// The vector of a time, with SiLU applied: every block applies it first. `(1, width)`.
    pub(crate) fn forward(&self, time: f64, like: &Tensor) -> Result<Tensor> {
        let half = self.channels / 2;
        let angle = |i: usize| {
            let exponent = -(10_000_f64.ln()) * i as f64 / (half as f64 - self.shift);
            time * exponent.exp()
        };
        let sines = (0..half).map(|i| angle(i).sin() as f32);
        let cosines = (0..half).map(|i| angle(i).cos() as f32);
        let values: Vec<f32> = if self.cosines_first {
            cosines.chain(sines).collect()
        } else {
            sines.chain(cosines).collect()
        };
        let x = Tensor::from_vec(values, (1, 2 * half), like.device())?.to_dtype(like.dtype())?;
        let x = Activation::Silu.forward(&self.first.forward(&x)?)?;
        Activation::Silu.forward(&self.second.forward(&x)?)
    }
}
