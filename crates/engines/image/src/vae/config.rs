//! `vae/config.json`.

use candle_core::{Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// What an autoencoder is made of; what is absent is as `diffusers` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct VaeConfig {
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) down_block_types: Vec<String>,
    pub(crate) up_block_types: Vec<String>,
    pub(crate) block_out_channels: Vec<usize>,
    pub(crate) layers_per_block: usize,
    pub(crate) act_fn: String,
    pub(crate) latent_channels: usize,
    pub(crate) norm_num_groups: usize,
    pub(crate) scaling_factor: f64,
    pub(crate) shift_factor: Option<f64>,
    pub(crate) latents_mean: Option<Value>,
    pub(crate) use_quant_conv: bool,
    pub(crate) use_post_quant_conv: bool,
    pub(crate) mid_block_add_attention: bool,
}

impl Default for VaeConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            down_block_types: vec!["DownEncoderBlock2D".into()],
            up_block_types: vec!["UpDecoderBlock2D".into()],
            block_out_channels: vec![64],
            layers_per_block: 1,
            act_fn: "silu".into(),
            latent_channels: 4,
            norm_num_groups: 32,
            scaling_factor: 0.18215,
            shift_factor: None,
            latents_mean: None,
            use_quant_conv: true,
            use_post_quant_conv: true,
            mid_block_add_attention: true,
        }
    }
}

impl VaeConfig {
    /// Pixels that a latent stands for, in each direction.
    pub(crate) fn factor(&self) -> usize {
        1 << (self.block_out_channels.len() - 1)
    }

    /// Refuses what would be read wrongly.
    pub(crate) fn check(&self) -> Result<()> {
        if self.block_out_channels.is_empty() || self.block_out_channels.len() > 6 {
            bail!(
                "an autoencoder of {} blocks is not supported",
                self.block_out_channels.len()
            )
        }
        let known = |kinds: &[String], kind: &str| kinds.iter().all(|other| other == kind);
        if !known(&self.down_block_types, "DownEncoderBlock2D")
            || !known(&self.up_block_types, "UpDecoderBlock2D")
        {
            bail!("the autoencoder has blocks that are not known here")
        }
        if self.in_channels != 3 || self.out_channels != 3 || self.act_fn != "silu" {
            bail!("an autoencoder of other than three colours, or without SiLU, is not supported")
        }
        if self.latents_mean.as_ref().is_some_and(|mean| !mean.is_null()) {
            bail!("an autoencoder with `latents_mean` is not supported")
        }
        Ok(())
    }
}
