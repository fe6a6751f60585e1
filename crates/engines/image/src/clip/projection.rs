//! One vector for a whole text, as the second encoder of Stable Diffusion XL answers with. Proved
//! against the reference before a pipeline needs it.

use candle_core::{Result, Tensor};

use super::ClipConfig;
use crate::nn::{Linear, Weights};

/// The state at a text's end, projected.
#[derive(Debug)]
pub(crate) struct Projection {
    linear: Linear,
    end: u32,
}

impl Projection {
    /// Reads the projection beside an encoder.
    pub(crate) fn load(weights: &Weights, config: &ClipConfig) -> Result<Self> {
        Ok(Self {
            linear: Linear::load(
                &weights.at("text_projection"),
                config.hidden_size,
                config.projection_dim,
            )?,
            end: config.eos_token_id,
        })
    }

    /// `(batch, channels)` of normalised states and the tokens that they are of.
    pub(crate) fn forward(&self, states: &Tensor, ids: &[Vec<u32>]) -> Result<Tensor> {
        let rows = ids
            .iter()
            .enumerate()
            .map(|(text, ids)| {
                // Early configurations name a wrong token; the largest is the end there.
                let end = match self.end {
                    2 => ids.iter().max(),
                    _ => Some(&self.end),
                };
                let place = ids.iter().position(|id| Some(id) == end).unwrap_or(0);
                states.narrow(0, text, 1)?.narrow(1, place, 1)?.squeeze(1)
            })
            .collect::<Result<Vec<_>>>()?;
        self.linear.forward(&Tensor::cat(&rows, 0)?)
    }
}
