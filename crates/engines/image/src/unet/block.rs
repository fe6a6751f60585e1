//! The blocks of the way down and the way up: residual blocks, each with or without a transformer.

use candle_core::{Result, Tensor, bail};

use super::{
    UNetConfig,
    heard::{Heard, Reader},
    resnet::{Resnet, ResnetConfig},
    time::TimeEmbedding,
    transformer::{Transformer, TransformerConfig},
};
use crate::nn::{Conv2d, Padding, Weights, concat_channels, upsample};

/// What all layers of a block are told.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) time: &'a Tensor,
    pub(super) heard: &'a Reader<'a>,
}

/// What a block is within its network.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) config: &'a UNetConfig,
    /// Counted on the way down, also for blocks of the way up.
    pub(crate) level: usize,
    /// Whether its layers have transformers.
    pub(crate) attends: bool,
}

impl Place<'_> {
    fn resnet(&self, weights: &Weights, layer: usize, from: usize, to: usize) -> Result<Resnet> {
        let config = ResnetConfig {
            from,
            to,
            groups: self.config.norm_num_groups,
            epsilon: self.config.norm_eps,
            time: Some(TimeEmbedding::width(self.config)),
        };
        Resnet::load(&weights.at(format_args!("resnets.{layer}")), config)
    }

    fn transformer(&self, weights: &Weights, layer: usize, channels: usize) -> Result<Option<Transformer>> {
        if !self.attends {
            return Ok(None);
        }
        let config = TransformerConfig {
            channels,
            heads: self.config.attention_head_dim.get(self.level)?,
            layers: self.config.transformer_layers_per_block.get(self.level)?,
            text: self.config.cross_attention_dim.get(self.level)?,
            groups: self.config.norm_num_groups,
        };
        Transformer::load(&weights.at(format_args!("attentions.{layer}")), config).map(Some)
    }
}

#[derive(Debug)]
struct Layer {
    resnet: Resnet,
    transformer: Option<Transformer>,
}

impl Layer {
    fn hear(&self, text: &Tensor, heard: &mut Heard) -> Result<()> {
        self.transformer
            .as_ref()
            .map_or(Ok(()), |transformer| transformer.hear(text, heard))
    }

    fn forward(&self, x: &Tensor, told: Told<'_>) -> Result<Tensor> {
        let x = self.resnet.forward(x, Some(told.time))?;
        match &self.transformer {
            Some(transformer) => transformer.forward(&x, told.heard),
            None => Ok(x),
        }
    }
}

/// A block on the way down.
#[derive(Debug)]
pub(crate) struct Down {
    layers: Vec<Layer>,
    shrink: Option<Conv2d>,
}

impl Down {
    /// Reads a block from `from` to `to` channels.
    pub(crate) fn load(weights: &Weights, place: Place<'_>, (from, to): (usize, usize)) -> Result<Self> {
        let layers = (0..place.config.layers_per_block.get(place.level)?)
            .map(|layer| {
                Ok(Layer {
                    resnet: place.resnet(weights, layer, if layer == 0 { from } else { to }, to)?,
                    transformer: place.transformer(weights, layer, to)?,
                })
            })
            .collect::<Result<_>>()?;
        let last = place.level + 1 == place.config.block_out_channels.len();
        let shrink = if last {
            None
        } else {
            let weights = weights.at("downsamplers.0.conv");
            Some(Conv2d::load(&weights, (to, to), (3, 2), Padding::Same)?)
        };
        Ok(Self { layers, shrink })
    }

    /// Makes of a text what its layers need.
    pub(super) fn hear(&self, text: &Tensor, heard: &mut Heard) -> Result<()> {
        self.layers.iter().try_for_each(|layer| layer.hear(text, heard))
    }

    /// The block; what each of its parts gave is kept in `kept`.
    pub(crate) fn forward(&self, x: &Tensor, told: Told<'_>, kept: &mut Vec<Tensor>) -> Result<Tensor> {
        let mut x = x.clone();
        for layer in &self.layers {
            x = layer.forward(&x, told)?;
            kept.push(x.clone());
        }
        if let Some(shrink) = &self.shrink {
            x = shrink.forward(&x)?;
            kept.push(x.clone());
        }
        Ok(x)
    }
}

/// The block between the ways.
#[derive(Debug)]
pub(crate) struct Middle {
    first: Resnet,
    transformer: Option<Transformer>,
    second: Resnet,
}

impl Middle {
    /// Reads the block.
    pub(crate) fn load(weights: &Weights, place: Place<'_>, channels: usize) -> Result<Self> {
        Ok(Self {
            first: place.resnet(weights, 0, channels, channels)?,
            transformer: place.transformer(weights, 0, channels)?,
            second: place.resnet(weights, 1, channels, channels)?,
        })
    }

    /// Makes of a text what its layers need.
    pub(super) fn hear(&self, text: &Tensor, heard: &mut Heard) -> Result<()> {
        self.transformer
            .as_ref()
            .map_or(Ok(()), |transformer| transformer.hear(text, heard))
    }

    /// The block.
    pub(crate) fn forward(&self, x: &Tensor, told: Told<'_>) -> Result<Tensor> {
        let mut x = self.first.forward(x, Some(told.time))?;
        if let Some(transformer) = &self.transformer {
            x = transformer.forward(&x, told.heard)?;
        }
        self.second.forward(&x, Some(told.time))
    }
}

/// A block on the way up.
#[derive(Debug)]
pub(crate) struct Up {
    layers: Vec<Layer>,
    grow: Option<Conv2d>,
}

/// Channels of a block on the way up: of what comes in, of the level below, and its own.
#[derive(Clone, Copy)]
pub(crate) struct UpChannels {
    pub(crate) before: usize,
    pub(crate) below: usize,
    pub(crate) own: usize,
}

impl Up {
    /// Reads a block.
    pub(crate) fn load(weights: &Weights, place: Place<'_>, channels: UpChannels) -> Result<Self> {
        let UpChannels { before, below, own } = channels;
        let count = place.config.layers_per_block.get(place.level)? + 1;
        let layers = (0..count)
            .map(|layer| {
                let kept = if layer + 1 == count { below } else { own };
                let from = if layer == 0 { before } else { own };
                Ok(Layer {
                    resnet: place.resnet(weights, layer, from + kept, own)?,
                    transformer: place.transformer(weights, layer, own)?,
                })
            })
            .collect::<Result<_>>()?;
        let grow = if place.level == 0 {
            None
        } else {
            let weights = weights.at("upsamplers.0.conv");
            Some(Conv2d::load(&weights, (own, own), (3, 1), Padding::Same)?)
        };
        Ok(Self { layers, grow })
    }

    /// Makes of a text what its layers need.
    pub(super) fn hear(&self, text: &Tensor, heard: &mut Heard) -> Result<()> {
        self.layers.iter().try_for_each(|layer| layer.hear(text, heard))
    }

    /// The block; it takes from `kept` what the way down left there.
    pub(crate) fn forward(&self, x: &Tensor, told: Told<'_>, kept: &mut Vec<Tensor>) -> Result<Tensor> {
        let mut x = x.clone();
        for layer in &self.layers {
            let Some(other) = kept.pop() else {
                bail!("the way up is longer than the way down")
            };
            x = layer.forward(&concat_channels(&x, &other)?, told)?;
        }
        let Some(grow) = &self.grow else { return Ok(x) };
        let (_, height, width, _) = x.dims4()?;
        // Sizes that were odd on the way down are taken from what was left there.
        let size = match kept.last() {
            Some(next) => (next.dim(1)?, next.dim(2)?),
            None => (2 * height, 2 * width),
        };
        grow.forward(&upsample(&x, size)?)
    }
}
