//! Two convolutions with a way around them.

use candle_core::{Result, Tensor};

use crate::nn::{Conv2d, GroupNorm, Linear, Padding, Weights};

/// The sizes of a residual block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResnetConfig {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) groups: usize,
    pub(crate) epsilon: f64,
    /// The length of the time's vector, where the block is told the time.
    pub(crate) time: Option<usize>,
}

/// A residual block, told the time or not.
#[derive(Debug)]
pub(crate) struct Resnet {
    norm1: GroupNorm,
    conv1: Conv2d,
    time: Option<Linear>,
    norm2: GroupNorm,
    conv2: Conv2d,
    shortcut: Option<Conv2d>,
}

impl Resnet {
    /// Reads a block.
    pub(crate) fn load(weights: &Weights, config: ResnetConfig) -> Result<Self> {
        let ResnetConfig {
            from,
            to,
            groups,
            epsilon,
            time,
        } = config;
        let conv = |name, from, size| Conv2d::load(&weights.at(name), (from, to), (size, 1), Padding::Same);
        let shortcut = if from != to || weights.has("conv_shortcut.weight") {
            Some(conv("conv_shortcut", from, 1)?)
        } else {
            None
        };
        let time = time
            .map(|width| Linear::load(&weights.at("time_emb_proj"), width, to))
            .transpose()?;
        Ok(Self {
            norm1: GroupNorm::load(&weights.at("norm1"), from, groups, epsilon)?,
            conv1: conv("conv1", from, 3)?,
            time,
            norm2: GroupNorm::load(&weights.at("norm2"), to, groups, epsilon)?,
            conv2: conv("conv2", to, 3)?,
            shortcut,
        })
    }

    /// The block; `time` is the time's vector with SiLU applied.
    pub(crate) fn forward(&self, x: &Tensor, time: Option<&Tensor>) -> Result<Tensor> {
        let shift = match (&self.time, time) {
            (Some(linear), Some(time)) => Some(linear.forward(time)?.squeeze(0)?),
            _ => None,
        };
        let h = self.norm1.forward_silu(x)?;
        let h = self.conv1.forward_shifted(&h, shift.as_ref())?;
        let h = self.norm2.forward_silu(&h)?;
        match &self.shortcut {
            Some(shortcut) => self.conv2.forward_onto(&h, &shortcut.forward(x)?),
            None => self.conv2.forward_onto(&h, x),
        }
    }
}
