//! `text_encoder/config.json`.

use serde::Deserialize;

/// What a text encoder is made of; what is absent is as CLIP ViT-L/14 has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct ClipConfig {
    pub(crate) vocab_size: usize,
    pub(crate) hidden_size: usize,
    pub(crate) intermediate_size: usize,
    pub(crate) num_hidden_layers: usize,
    pub(crate) num_attention_heads: usize,
    pub(crate) max_position_embeddings: usize,
    pub(crate) hidden_act: String,
    pub(crate) layer_norm_eps: f32,
    #[cfg(test)]
    pub(crate) projection_dim: usize,
    #[cfg(test)]
    pub(crate) eos_token_id: u32,
}

impl Default for ClipConfig {
    fn default() -> Self {
        Self {
            vocab_size: 49408,
            hidden_size: 512,
            intermediate_size: 2048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: "quick_gelu".into(),
            layer_norm_eps: 1e-5,
            #[cfg(test)]
            projection_dim: 512,
            #[cfg(test)]
            eos_token_id: 49407,
        }
    }
}
