//! Attention of a picture to itself and to a text.

use candle_core::{Result, Tensor, bail};

use super::heard::{Heard, Reader};
use crate::nn::{Attend, GatedGelu, GroupNorm, LayerNorm, Linear, Weights, attend};

/// The sizes of a transformer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TransformerConfig {
    pub(crate) channels: usize,
    pub(crate) heads: usize,
    pub(crate) layers: usize,
    /// Channels of the text.
    pub(crate) text: usize,
    pub(crate) groups: usize,
}

/// A transformer over the places of a picture. Its projections are matrices in new files and 1×1
/// convolutions in old ones, which is the same where channels are last.
#[derive(Debug)]
pub(crate) struct Transformer {
    norm: GroupNorm,
    proj_in: Linear,
    layers: Vec<Layer>,
    proj_out: Linear,
}

#[derive(Debug)]
struct Layer {
    norm1: LayerNorm,
    to_itself: Attention,
    norm2: LayerNorm,
    to_text: Attention,
    norm3: LayerNorm,
    widen: Linear,
    narrow: Linear,
}

#[derive(Debug)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    how: Attend,
}

impl Transformer {
    /// Reads a transformer.
    pub(crate) fn load(weights: &Weights, config: TransformerConfig) -> Result<Self> {
        let TransformerConfig {
            channels,
            heads,
            groups,
            ..
        } = config;
        if heads == 0 || !channels.is_multiple_of(heads) {
            bail!("{channels} channels cannot be {heads} heads")
        }
        let layers = (0..config.layers)
            .map(|layer| Layer::load(&weights.at(format_args!("transformer_blocks.{layer}")), config))
            .collect::<Result<_>>()?;
        Ok(Self {
            // This epsilon is not in any configuration.
            norm: GroupNorm::load(&weights.at("norm"), channels, groups, 1e-6)?,
            proj_in: Linear::load(&weights.at("proj_in"), channels, channels)?,
            layers,
            proj_out: Linear::load(&weights.at("proj_out"), channels, channels)?,
        })
    }

    /// Makes of a text, `(batch, places, channels)`, what its layers need.
    pub(super) fn hear(&self, text: &Tensor, heard: &mut Heard) -> Result<()> {
        for layer in &self.layers {
            let to_text = &layer.to_text;
            heard.push(to_text.key.forward(text)?, to_text.value.forward(text)?);
        }
        Ok(())
    }

    /// `x` is `(batch, rows, columns, channels)`.
    pub(super) fn forward(&self, x: &Tensor, heard: &Reader<'_>) -> Result<Tensor> {
        let (batch, rows, columns, channels) = x.dims4()?;
        let mut h = self.norm.forward(x)?.reshape((batch, rows * columns, channels))?;
        h = self.proj_in.forward(&h)?;
        for layer in &self.layers {
            h = layer.forward(&h, heard)?;
        }
        let h = h.reshape((batch, rows, columns, channels))?;
        self.proj_out.forward_onto(&h, x)
    }
}

impl Layer {
    fn load(weights: &Weights, config: TransformerConfig) -> Result<Self> {
        let TransformerConfig { channels, text, .. } = config;
        let norm = |name| LayerNorm::load(&weights.at(name), channels, 1e-5);
        Ok(Self {
            norm1: norm("norm1")?,
            to_itself: Attention::load(&weights.at("attn1"), config, channels)?,
            norm2: norm("norm2")?,
            to_text: Attention::load(&weights.at("attn2"), config, text)?,
            norm3: norm("norm3")?,
            widen: Linear::load(&weights.at("ff.net.0.proj"), channels, 8 * channels)?,
            narrow: Linear::load(&weights.at("ff.net.2"), 4 * channels, channels)?,
        })
    }

    fn forward(&self, x: &Tensor, heard: &Reader<'_>) -> Result<Tensor> {
        let h = self.norm1.forward(x)?;
        let x = self.to_itself.to_itself(&h, x)?;
        let h = self.norm2.forward(&x)?;
        let x = self.to_text.to_others(&h, heard.next()?, &x)?;
        let h = self.widen.forward(&self.norm3.forward(&x)?)?;
        self.narrow.forward_onto(&GatedGelu::forward(&h)?, &x)
    }
}

impl Attention {
    fn load(weights: &Weights, config: TransformerConfig, seen: usize) -> Result<Self> {
        let TransformerConfig { channels, heads, .. } = config;
        Ok(Self {
            query: Linear::load(&weights.at("to_q"), channels, channels)?,
            key: Linear::load(&weights.at("to_k"), seen, channels)?,
            value: Linear::load(&weights.at("to_v"), seen, channels)?,
            out: Linear::load(&weights.at("to_out.0"), channels, channels)?,
            how: Attend {
                heads,
                causal: false,
                score_bytes: weights.backend().score_bytes,
            },
        })
    }

    fn to_itself(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        let pair = (self.key.forward(x)?, self.value.forward(x)?);
        self.to_others(x, &pair, residual)
    }

    fn to_others(&self, x: &Tensor, (key, value): &(Tensor, Tensor), residual: &Tensor) -> Result<Tensor> {
        let query = self.query.forward(x)?;
        self.out
            .forward_onto(&attend(&query, key, value, self.how)?, residual)
    }
}
