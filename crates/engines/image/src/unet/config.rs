//! `unet/config.json`, and what of it is not done here.

use candle_core::{Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// One value for all blocks, or one for each.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum PerBlock {
    /// For all.
    All(usize),
    /// For each.
    Each(Vec<usize>),
}

impl PerBlock {
    /// The value of a block.
    pub(crate) fn get(&self, block: usize) -> Result<usize> {
        match self {
            Self::All(value) => Ok(*value),
            Self::Each(values) => match values.get(block) {
                Some(value) => Ok(*value),
                None => bail!("the configuration says nothing of block {block}"),
            },
        }
    }
}

/// What a U-Net is made of; what is absent is as `diffusers` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct UNetConfig {
    pub(crate) sample_size: Option<usize>,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) center_input_sample: bool,
    pub(crate) flip_sin_to_cos: bool,
    pub(crate) freq_shift: f64,
    pub(crate) down_block_types: Vec<String>,
    pub(crate) mid_block_type: Option<String>,
    pub(crate) up_block_types: Vec<String>,
    pub(crate) block_out_channels: Vec<usize>,
    pub(crate) layers_per_block: PerBlock,
    pub(crate) downsample_padding: usize,
    pub(crate) mid_block_scale_factor: f64,
    pub(crate) act_fn: String,
    pub(crate) norm_num_groups: usize,
    pub(crate) norm_eps: f64,
    pub(crate) cross_attention_dim: PerBlock,
    pub(crate) transformer_layers_per_block: PerBlock,
    /// The number of heads, in truth: the name is a mistake that files have kept.
    pub(crate) attention_head_dim: PerBlock,
    pub(crate) use_linear_projection: bool,
    pub(crate) time_embedding_dim: Option<usize>,
    pub(crate) conv_in_kernel: usize,
    pub(crate) conv_out_kernel: usize,
    /// Everything else, to see what would have to be done and is not.
    #[serde(flatten)]
    others: serde_json::Map<String, Value>,
}

impl Default for UNetConfig {
    fn default() -> Self {
        let names = |names: [&str; 4]| names.map(str::to_owned).to_vec();
        Self {
            sample_size: None,
            in_channels: 4,
            out_channels: 4,
            center_input_sample: false,
            flip_sin_to_cos: true,
            freq_shift: 0.0,
            down_block_types: names([
                "CrossAttnDownBlock2D",
                "CrossAttnDownBlock2D",
                "CrossAttnDownBlock2D",
                "DownBlock2D",
            ]),
            mid_block_type: Some("UNetMidBlock2DCrossAttn".into()),
            up_block_types: names([
                "UpBlock2D",
                "CrossAttnUpBlock2D",
                "CrossAttnUpBlock2D",
                "CrossAttnUpBlock2D",
            ]),
            block_out_channels: vec![320, 640, 1280, 1280],
            layers_per_block: PerBlock::All(2),
            downsample_padding: 1,
            mid_block_scale_factor: 1.0,
            act_fn: "silu".into(),
            norm_num_groups: 32,
            norm_eps: 1e-5,
            cross_attention_dim: PerBlock::All(1280),
            transformer_layers_per_block: PerBlock::All(1),
            attention_head_dim: PerBlock::All(8),
            use_linear_projection: false,
            time_embedding_dim: None,
            conv_in_kernel: 3,
            conv_out_kernel: 3,
            others: serde_json::Map::new(),
        }
    }
}

impl UNetConfig {
    /// Refuses what would be read wrongly.
    pub(crate) fn check(&self) -> Result<()> {
        // What these may be without changing anything.
        let harmless = |name: &str, value: &Value| match name {
            "resnet_time_scale_shift" | "attention_type" => value == "default",
            "time_embedding_type" => value == "positional",
            "resnet_out_scale_factor" => value.as_f64() == Some(1.0),
            "only_cross_attention" => match value {
                Value::Array(values) => values.iter().all(|value| value == false),
                value => value == false,
            },
            _ => value.is_null() || value == false,
        };
        const MATTERS: [&str; 20] = [
            "addition_embed_type",
            "attention_type",
            "class_embed_type",
            "class_embeddings_concat",
            "cross_attention_norm",
            "dual_cross_attention",
            "encoder_hid_dim",
            "encoder_hid_dim_type",
            "mid_block_only_cross_attention",
            "num_attention_heads",
            "num_class_embeds",
            "only_cross_attention",
            "resnet_out_scale_factor",
            "resnet_skip_time_act",
            "resnet_time_scale_shift",
            "reverse_transformer_layers_per_block",
            "time_cond_proj_dim",
            "time_embedding_act_fn",
            "time_embedding_type",
            "timestep_post_act",
        ];
        for name in MATTERS {
            if let Some(value) = self.others.get(name).filter(|value| !harmless(name, value)) {
                bail!("a U-Net with `{name}` = {value} is not supported")
            }
        }
        let blocks = self.block_out_channels.len();
        if blocks == 0 || self.down_block_types.len() != blocks || self.up_block_types.len() != blocks {
            bail!("`down_block_types`, `up_block_types` and `block_out_channels` differ in length")
        }
        if self.act_fn != "silu" && self.act_fn != "swish" {
            bail!("a U-Net with `act_fn` = `{}` is not supported", self.act_fn)
        }
        if self.downsample_padding != 1 || self.mid_block_scale_factor != 1.0 {
            bail!(
                "a U-Net with another `downsample_padding` or `mid_block_scale_factor` than 1 is not supported"
            )
        }
        Ok(())
    }
}
