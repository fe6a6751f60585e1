//! Encoder and decoder.

use candle_core::{Result, Tensor};

use super::VaeConfig;
use crate::{
    nn::{Attend, Conv2d, GroupNorm, Linear, Padding, Weights, attend, upsample},
    unet::{Resnet, ResnetConfig},
};

const EPSILON: f64 = 1e-6;

/// An autoencoder: `encode` makes latents of pixels, `decode` pixels of latents.
#[derive(Debug)]
pub(crate) struct Vae {
    encoder: Encoder,
    quant: Option<Conv2d>,
    post_quant: Option<Conv2d>,
    decoder: Decoder,
    latents: usize,
}

impl Vae {
    /// Reads an autoencoder.
    pub(crate) fn load(weights: &Weights, config: &VaeConfig) -> Result<Self> {
        config.check()?;
        let latents = config.latent_channels;
        let one = |name, channels, wanted: bool| {
            wanted
                .then(|| Conv2d::load(&weights.at(name), (channels, channels), (1, 1), Padding::Same))
                .transpose()
        };
        Ok(Self {
            encoder: Encoder::load(&weights.at("encoder"), config)?,
            quant: one("quant_conv", 2 * latents, config.use_quant_conv)?,
            post_quant: one("post_quant_conv", latents, config.use_post_quant_conv)?,
            decoder: Decoder::load(&weights.at("decoder"), config)?,
            latents,
        })
    }

    /// Mean and standard deviation of the latents of pixels from −1 to 1, unscaled.
    pub(crate) fn encode(&self, pixels: &Tensor) -> Result<(Tensor, Tensor)> {
        let mut moments = self.encoder.forward(pixels)?;
        if let Some(quant) = &self.quant {
            moments = quant.forward(&moments)?;
        }
        let mean = moments.narrow(3, 0, self.latents)?.contiguous()?;
        let log_variance = moments
            .narrow(3, self.latents, self.latents)?
            .clamp(-30.0, 20.0)?;
        Ok((mean, (log_variance * 0.5)?.exp()?))
    }

    /// Pixels, mostly from −1 to 1, of unscaled latents.
    pub(crate) fn decode(&self, latents: &Tensor) -> Result<Tensor> {
        match &self.post_quant {
            Some(post_quant) => self.decoder.forward(&post_quant.forward(latents)?),
            None => self.decoder.forward(latents),
        }
    }
}

/// The residual block that autoencoders are made of.
fn resnet(weights: &Weights, config: &VaeConfig, from: usize, to: usize) -> Result<Resnet> {
    let config = ResnetConfig {
        from,
        to,
        groups: config.norm_num_groups,
        epsilon: EPSILON,
        time: None,
    };
    Resnet::load(weights, config)
}

fn through(blocks: &[Resnet], x: Tensor) -> Result<Tensor> {
    blocks.iter().try_fold(x, |x, block| block.forward(&x, None))
}

/// Residual blocks, then half or twice the size.
#[derive(Debug)]
struct Block {
    resnets: Vec<Resnet>,
    resize: Option<Conv2d>,
}

/// What the levels of an encoder, or of a decoder, are, and how their size changes from one to the next.
struct Levels<'a> {
    /// Those of each level.
    channels: &'a [usize],
    /// Residual blocks of each level.
    layers: usize,
    /// What the levels are called.
    blocks: &'static str,
    /// What the convolution is called that changes the size; the last level has none.
    resize: &'static str,
    /// Its kernel's side and its stride.
    shape: (usize, usize),
    padding: Padding,
}

impl Levels<'_> {
    fn load(&self, weights: &Weights, config: &VaeConfig) -> Result<Vec<Block>> {
        let levels = 0..self.channels.len();
        levels.map(|level| self.block(weights, config, level)).collect()
    }

    fn block(&self, weights: &Weights, config: &VaeConfig, level: usize) -> Result<Block> {
        let weights = weights.at(format_args!("{}.{level}", self.blocks));
        let (before, to) = (self.channels[level.saturating_sub(1)], self.channels[level]);
        let resnets = (0..self.layers)
            .map(|layer| {
                let from = if layer == 0 { before } else { to };
                resnet(&weights.at(format_args!("resnets.{layer}")), config, from, to)
            })
            .collect::<Result<_>>()?;
        let resize = || Conv2d::load(&weights.at(self.resize), (to, to), self.shape, self.padding);
        let resize = (level + 1 < self.channels.len()).then(resize).transpose()?;
        Ok(Block { resnets, resize })
    }
}

#[derive(Debug)]
struct Middle {
    first: Resnet,
    attention: Option<Attention>,
    second: Resnet,
}

impl Middle {
    fn load(weights: &Weights, config: &VaeConfig, channels: usize) -> Result<Self> {
        let attention = config
            .mid_block_add_attention
            .then(|| Attention::load(&weights.at("attentions.0"), config, channels))
            .transpose()?;
        Ok(Self {
            first: resnet(&weights.at("resnets.0"), config, channels, channels)?,
            attention,
            second: resnet(&weights.at("resnets.1"), config, channels, channels)?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = self.first.forward(x, None)?;
        if let Some(attention) = &self.attention {
            x = attention.forward(&x)?;
        }
        self.second.forward(&x, None)
    }
}

#[derive(Debug)]
struct Attention {
    norm: GroupNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    how: Attend,
}

impl Attention {
    fn load(weights: &Weights, config: &VaeConfig, channels: usize) -> Result<Self> {
        // The first Stable Diffusion files have other names for the same.
        let square = |names: &[&str]| Linear::load(&weights.first_of(names)?, channels, channels);
        Ok(Self {
            norm: GroupNorm::load(
                &weights.at("group_norm"),
                channels,
                config.norm_num_groups,
                EPSILON,
            )?,
            query: square(&["to_q", "query"])?,
            key: square(&["to_k", "key"])?,
            value: square(&["to_v", "value"])?,
            out: square(&["to_out.0", "proj_attn"])?,
            how: Attend {
                heads: 1,
                causal: false,
                score_bytes: weights.backend().score_bytes,
            },
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, rows, columns, channels) = x.dims4()?;
        let flat = |x: &Tensor| x.reshape((batch, rows * columns, channels));
        let h = flat(&self.norm.forward(x)?)?;
        let (q, k, v) = (
            self.query.forward(&h)?,
            self.key.forward(&h)?,
            self.value.forward(&h)?,
        );
        self.out
            .forward_onto(&attend(&q, &k, &v, self.how)?, &flat(x)?)?
            .reshape((batch, rows, columns, channels))
    }
}

#[derive(Debug)]
struct Encoder {
    conv_in: Conv2d,
    blocks: Vec<Block>,
    middle: Middle,
    norm_out: GroupNorm,
    conv_out: Conv2d,
}

impl Encoder {
    fn load(weights: &Weights, config: &VaeConfig) -> Result<Self> {
        let channels = &config.block_out_channels;
        let last = channels[channels.len() - 1];
        let levels = Levels {
            channels,
            layers: config.layers_per_block,
            blocks: "down_blocks",
            resize: "downsamplers.0.conv",
            shape: (3, 2),
            padding: Padding::Below,
        };
        let conv = |name, from, to| Conv2d::load(&weights.at(name), (from, to), (3, 1), Padding::Same);
        Ok(Self {
            conv_in: conv("conv_in", config.in_channels, channels[0])?,
            blocks: levels.load(weights, config)?,
            middle: Middle::load(&weights.at("mid_block"), config, last)?,
            norm_out: GroupNorm::load(
                &weights.at("conv_norm_out"),
                last,
                config.norm_num_groups,
                EPSILON,
            )?,
            conv_out: conv("conv_out", last, 2 * config.latent_channels)?,
        })
    }

    fn forward(&self, pixels: &Tensor) -> Result<Tensor> {
        let mut x = self.conv_in.forward(pixels)?;
        for block in &self.blocks {
            x = through(&block.resnets, x)?;
            if let Some(shrink) = &block.resize {
                x = shrink.forward(&x)?;
            }
        }
        let x = self.middle.forward(&x)?;
        self.conv_out.forward(&self.norm_out.forward_silu(&x)?)
    }
}

#[derive(Debug)]
struct Decoder {
    conv_in: Conv2d,
    middle: Middle,
    blocks: Vec<Block>,
    norm_out: GroupNorm,
    conv_out: Conv2d,
}

impl Decoder {
    fn load(weights: &Weights, config: &VaeConfig) -> Result<Self> {
        let channels: Vec<usize> = config.block_out_channels.iter().rev().copied().collect();
        let last = channels[channels.len() - 1];
        let levels = Levels {
            channels: &channels,
            layers: config.layers_per_block + 1,
            blocks: "up_blocks",
            resize: "upsamplers.0.conv",
            shape: (3, 1),
            padding: Padding::Same,
        };
        let conv = |name, from, to| Conv2d::load(&weights.at(name), (from, to), (3, 1), Padding::Same);
        Ok(Self {
            conv_in: conv("conv_in", config.latent_channels, channels[0])?,
            middle: Middle::load(&weights.at("mid_block"), config, channels[0])?,
            blocks: levels.load(weights, config)?,
            norm_out: GroupNorm::load(
                &weights.at("conv_norm_out"),
                last,
                config.norm_num_groups,
                EPSILON,
            )?,
            conv_out: conv("conv_out", last, config.out_channels)?,
        })
    }

    fn forward(&self, latents: &Tensor) -> Result<Tensor> {
        let mut x = self.middle.forward(&self.conv_in.forward(latents)?)?;
        for block in &self.blocks {
            x = through(&block.resnets, x)?;
            if let Some(grow) = &block.resize {
                let (_, height, width, _) = x.dims4()?;
                x = grow.forward(&upsample(&x, (2 * height, 2 * width))?)?;
            }
        }
        self.conv_out.forward(&self.norm_out.forward_silu(&x)?)
    }
}
