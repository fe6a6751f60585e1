//! The encoder itself: token and place embeddings, then layers that look back only.

use candle_core::{Result, Tensor, bail};

use super::ClipConfig;
use crate::nn::{Activation, Attend, LayerNorm, Linear, Weights, attend};

/// A text encoder of CLIP.
#[derive(Debug)]
pub(crate) struct TextEncoder {
    tokens: Tensor,
    places: Tensor,
    layers: Vec<Layer>,
    last: LayerNorm,
    vocabulary: usize,
}

#[derive(Debug)]
struct Layer {
    before_attention: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    before_feed: LayerNorm,
    widen: Linear,
    narrow: Linear,
    activation: Activation,
    how: Attend,
}

impl TextEncoder {
    /// Reads an encoder.
    pub(crate) fn load(weights: &Weights, config: &ClipConfig) -> Result<Self> {
        // Files written before version 5 of `transformers` have one level more.
        let weights = if weights.has("text_model.final_layer_norm.weight") {
            weights.at("text_model")
        } else {
            weights.clone()
        };
        let size = config.hidden_size;
        if config.num_attention_heads == 0 || !size.is_multiple_of(config.num_attention_heads) {
            bail!("{size} channels cannot be {} heads", config.num_attention_heads)
        }
        let embeddings = weights.at("embeddings");
        let tokens = embeddings.tensor("token_embedding.weight", &[config.vocab_size, size])?;
        let places = embeddings.tensor(
            "position_embedding.weight",
            &[config.max_position_embeddings, size],
        )?;
        let layers = (0..config.num_hidden_layers)
            .map(|layer| Layer::load(&weights.at(format_args!("encoder.layers.{layer}")), config))
            .collect::<Result<_>>()?;
        let last = LayerNorm::load(&weights.at("final_layer_norm"), size, config.layer_norm_eps)?;
        Ok(Self {
            tokens,
            places,
            layers,
            last,
            vocabulary: config.vocab_size,
        })
    }

    /// The states after the last layer, normalised: `(batch, places, channels)`.
    pub(crate) fn forward(&self, ids: &[Vec<u32>]) -> Result<Tensor> {
        self.last.forward(&self.states(ids, 0)?)
    }

    /// The states `skip` layers before the last, as they are.
    pub(crate) fn states(&self, ids: &[Vec<u32>], skip: usize) -> Result<Tensor> {
        let places = ids.first().map_or(0, Vec::len);
        if places == 0 || places > self.places.dim(0)? || ids.iter().any(|ids| ids.len() != places) {
            bail!("texts of {places} tokens do not fit the encoder")
        }
        let flat: Vec<u32> = ids.iter().flatten().copied().collect();
        if flat.iter().any(|id| *id as usize >= self.vocabulary) {
            bail!("a token is not in the encoder's vocabulary")
        }
        let flat = Tensor::from_vec(flat, ids.len() * places, self.tokens.device())?;
        let mut x = self
            .tokens
            .index_select(&flat, 0)?
            .reshape((ids.len(), places, ()))?
            .broadcast_add(&self.places.narrow(0, 0, places)?)?;
        let used = self.layers.len().saturating_sub(skip);
        for layer in &self.layers[..used] {
            x = layer.forward(&x)?;
        }
        Ok(x)
    }
}

impl Layer {
    fn load(weights: &Weights, config: &ClipConfig) -> Result<Self> {
        let (size, wide) = (config.hidden_size, config.intermediate_size);
        let norm = |name| LayerNorm::load(&weights.at(name), size, config.layer_norm_eps);
        let square = |name| Linear::load(&weights.at("self_attn").at(name), size, size);
        Ok(Self {
            before_attention: norm("layer_norm1")?,
            query: square("q_proj")?,
            key: square("k_proj")?,
            value: square("v_proj")?,
            out: square("out_proj")?,
            before_feed: norm("layer_norm2")?,
            widen: Linear::load(&weights.at("mlp.fc1"), size, wide)?,
            narrow: Linear::load(&weights.at("mlp.fc2"), wide, size)?,
            activation: Activation::from_name(&config.hidden_act)?,
            how: Attend {
                heads: config.num_attention_heads,
                causal: true,
                score_bytes: weights.backend().score_bytes,
            },
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let h = self.before_attention.forward(x)?;
        let (q, k, v) = (
            self.query.forward(&h)?,
            self.key.forward(&h)?,
            self.value.forward(&h)?,
        );
        let x = self.out.forward_onto(&attend(&q, &k, &v, self.how)?, x)?;
        let h = self.widen.forward(&self.before_feed.forward(&x)?)?;
        self.narrow.forward_onto(&self.activation.forward(&h)?, &x)
    }
}
