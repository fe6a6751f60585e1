//! What a picture will roughly be: each latent's values, mixed into a colour.
//!
//! How they mix is asked of the model's own autoencoder, once: it decodes patches of random
//! latents, and least squares finds the mixture that comes closest.

use busbar_core::Pixels;
use candle_core::{DType, Device, Result, Tensor};

use crate::{
    nn::{Backend, with_values},
    noise::Noise,
    pipeline::pixels,
    vae::{Vae, VaeConfig},
};

/// A mixture: for each colour a share of each latent channel, and what is added.
#[derive(Debug)]
pub(crate) struct Sketch {
    shares: Vec<[f64; 3]>,
}

/// Patches on a side; each is `PATCH` latents wide, so that its middle knows no neighbour.
const PATCHES: usize = 6;
const PATCH: usize = 3;

impl Sketch {
    /// Finds the mixture of an autoencoder.
    pub(crate) fn find(vae: &Vae, config: &VaeConfig, backend: &Backend) -> Result<Self> {
        let (channels, factor) = (config.latent_channels, config.factor());
        let side = PATCHES * PATCH;
        let noise = Noise::new(0).normal(PATCHES * PATCHES * channels);
        let patch = |row: usize, column: usize| {
            &noise[(row / PATCH * PATCHES + column / PATCH) * channels..][..channels]
        };
        let latents: Vec<f32> = (0..side * side)
            .flat_map(|i| patch(i / side, i % side).iter().copied())
            .collect();
        let latents = Tensor::from_vec(latents, (1, side, side, channels), &Device::Cpu)?;
        let unscaled = ((latents / config.scaling_factor)? + config.shift_factor.unwrap_or(0.0))?;
        let decoded = vae.decode(&backend.take(&unscaled)?)?;
        let decoded = decoded.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
        let mut equations = Equations::new(channels + 1);
        with_values(&decoded, |decoded| {
            let line = side * factor;
            for (row, column) in (0..PATCHES * PATCHES).map(|i| (i / PATCHES, i % PATCHES)) {
                let (top, left) = ((row * PATCH + 1) * factor, (column * PATCH + 1) * factor);
                let mut colour = [0.0; 3];
                for (y, x) in (0..factor * factor).map(|i| (top + i / factor, left + i % factor)) {
                    for (colour, value) in colour.iter_mut().zip(&decoded[(y * line + x) * 3..]) {
                        *colour += f64::from(*value) / (factor * factor) as f64;
                    }
                }
                let values = patch(row * PATCH, column * PATCH);
                let inputs: Vec<f64> = values
                    .iter()
                    .map(|value| f64::from(*value))
                    .chain([1.0])
                    .collect();
                equations.add(&inputs, colour);
            }
        })?;
        Ok(Self {
            shares: equations.solve(),
        })
    }

    /// The sketch of scaled latents `(1, rows, columns, channels)`.
    pub(crate) fn draw(&self, latents: &Tensor) -> Result<Pixels> {
        let (_, height, width, channels) = latents.dims4()?;
        let rgb: Vec<u8> = with_values(latents, |values| {
            let colour = |values: &[f32]| {
                let mut colour = self.shares[channels];
                for (value, shares) in values.iter().zip(&self.shares) {
                    for (colour, share) in colour.iter_mut().zip(shares) {
                        *colour += f64::from(*value) * share;
                    }
                }
                colour.map(|value| ((value * 0.5 + 0.5) * 255.0).round().clamp(0.0, 255.0) as u8)
            };
            values.chunks_exact(channels).flat_map(colour).collect()
        })?;
        pixels(width, height, rgb)
    }
}

/// The normal equations of least squares with a little weight on small solutions.
struct Equations {
    size: usize,
    left: Vec<f64>,
    right: Vec<[f64; 3]>,
}

impl Equations {
    fn new(size: usize) -> Self {
        let mut left = vec![0.0; size * size];
        for i in 0..size {
            left[i * size + i] = 1e-3;
        }
        Self {
            size,
            left,
            right: vec![[0.0; 3]; size],
        }
    }

    fn add(&mut self, inputs: &[f64], colour: [f64; 3]) {
        for (i, a) in inputs.iter().enumerate() {
            for (j, b) in inputs.iter().enumerate() {
                self.left[i * self.size + j] += a * b;
            }
            for (right, colour) in self.right[i].iter_mut().zip(colour) {
                *right += a * colour;
            }
        }
    }

    /// Gauss and Jordan's elimination; the matrix is positive definite.
    fn solve(mut self) -> Vec<[f64; 3]> {
        let n = self.size;
        for column in 0..n {
            let pivot = self.left[column * n + column];
            for row in (0..n).filter(|row| *row != column) {
                let factor = self.left[row * n + column] / pivot;
                for k in 0..n {
                    self.left[row * n + k] -= factor * self.left[column * n + k];
                }
                for k in 0..3 {
                    self.right[row][k] -= factor * self.right[column][k];
                }
            }
        }
        (0..n)
            .map(|row| self.right[row].map(|value| value / self.left[row * n + row]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_is_found_again() {
        let truth = [[0.5, -0.2, 0.1], [0.0, 0.3, 0.9], [0.1, 0.2, 0.3]];
        let mut equations = Equations::new(3);
        for i in 0..200 {
            let inputs = [(i % 7) as f64 - 3.0, (i % 11) as f64 - 5.0, 1.0];
            let colour = [0, 1, 2].map(|k| (0..3).map(|i| inputs[i] * truth[i][k]).sum());
            equations.add(&inputs, colour);
        }
        for (found, truth) in equations.solve().iter().flatten().zip(truth.iter().flatten()) {
            assert!((found - truth).abs() < 1e-4);
        }
    }
}
