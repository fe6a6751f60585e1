//! The whole network.

use candle_core::{Result, Tensor, bail};

use super::{
    UNetConfig,
    block::{Down, Middle, Place, Told, Up, UpChannels},
    heard::Heard,
    time::TimeEmbedding,
};
use crate::nn::{Conv2d, GroupNorm, Padding, Weights};

/// A U-Net that is told the time and a text.
#[derive(Debug)]
pub(crate) struct UNet {
    time: TimeEmbedding,
    conv_in: Conv2d,
    down: Vec<Down>,
    middle: Option<Middle>,
    up: Vec<Up>,
    norm_out: GroupNorm,
    conv_out: Conv2d,
    centred: bool,
}

impl UNet {
    /// Reads a network.
    pub(crate) fn load(weights: &Weights, config: &UNetConfig) -> Result<Self> {
        config.check()?;
        let channels = &config.block_out_channels;
        let levels = channels.len();
        let conv =
            |name, from, to, size| Conv2d::load(&weights.at(name), (from, to), (size, 1), Padding::Same);
        let down = (0..levels)
            .map(|level| {
                let attends = match config.down_block_types[level].as_str() {
                    "CrossAttnDownBlock2D" => true,
                    "DownBlock2D" => false,
                    other => bail!("the block `{other}` is not known here"),
                };
                let place = Place {
                    config,
                    level,
                    attends,
                };
                let from = channels[level.saturating_sub(1)];
                let weights = weights.at(format_args!("down_blocks.{level}"));
                Down::load(&weights, place, (from, channels[level]))
            })
            .collect::<Result<_>>()?;
        let middle = match config.mid_block_type.as_deref() {
            None => None,
            Some(kind @ ("UNetMidBlock2DCrossAttn" | "UNetMidBlock2D")) => {
                let place = Place {
                    config,
                    level: levels - 1,
                    attends: kind == "UNetMidBlock2DCrossAttn",
                };
                Some(Middle::load(
                    &weights.at("mid_block"),
                    place,
                    channels[levels - 1],
                )?)
            }
            Some(other) => bail!("the block `{other}` is not known here"),
        };
        let up = (0..levels)
            .map(|block| {
                let attends = match config.up_block_types[block].as_str() {
                    "CrossAttnUpBlock2D" => true,
                    "UpBlock2D" => false,
                    other => bail!("the block `{other}` is not known here"),
                };
                let level = levels - 1 - block;
                let place = Place {
                    config,
                    level,
                    attends,
                };
                let channels = UpChannels {
                    before: channels[(level + 1).min(levels - 1)],
                    below: channels[level.saturating_sub(1)],
                    own: channels[level],
                };
                Up::load(&weights.at(format_args!("up_blocks.{block}")), place, channels)
            })
            .collect::<Result<_>>()?;
        let norm_out = GroupNorm::load(
            &weights.at("conv_norm_out"),
            channels[0],
            config.norm_num_groups,
            config.norm_eps,
        )?;
        Ok(Self {
            time: TimeEmbedding::load(&weights.at("time_embedding"), config)?,
            conv_in: conv("conv_in", config.in_channels, channels[0], config.conv_in_kernel)?,
            down,
            middle,
            up,
            norm_out,
            conv_out: conv(
                "conv_out",
                channels[0],
                config.out_channels,
                config.conv_out_kernel,
            )?,
            centred: config.center_input_sample,
        })
    }

    /// Makes of a text, `(batch, places, channels)`, what the layers need at every step.
    pub(crate) fn hear(&self, text: &Tensor) -> Result<Heard> {
        let mut heard = Heard::default();
        // In the order in which `forward` goes.
        for block in &self.down {
            block.hear(text, &mut heard)?;
        }
        if let Some(middle) = &self.middle {
            middle.hear(text, &mut heard)?;
        }
        for block in &self.up {
            block.hear(text, &mut heard)?;
        }
        Ok(heard)
    }

    /// What the network says of `x` (`(batch, rows, columns, channels)`) at a time, having heard a
    /// text for each picture of the batch.
    pub(crate) fn forward(&self, x: &Tensor, time: f64, heard: &Heard) -> Result<Tensor> {
        let x = if self.centred {
            ((x * 2.0)? - 1.0)?
        } else {
            x.clone()
        };
        let told = Told {
            time: &self.time.forward(time, &x)?,
            heard: &heard.reader(),
        };
        let mut x = self.conv_in.forward(&x)?;
        let mut kept = vec![x.clone()];
        for block in &self.down {
            x = block.forward(&x, told, &mut kept)?;
        }
        if let Some(middle) = &self.middle {
            x = middle.forward(&x, told)?;
        }
        for block in &self.up {
            x = block.forward(&x, told, &mut kept)?;
        }
        self.conv_out.forward(&self.norm_out.forward_silu(&x)?)
    }
}
