//! Options about a picture that is to be made.

use std::path::PathBuf;

use busbar_app::{ImageRecipe, MediaType};
use clap::Args;

use crate::exit::{Failure, Result};

/// How a picture is made. What is left out is as the model has it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Picture")]
pub(crate) struct PictureOptions {
    /// What it must not show.
    #[arg(
        long,
        short = 'x',
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    negative: String,

    /// Pixels, a multiple of 8, 64 to 2048.
    #[arg(long, short = 'W', value_name = "PIXELS")]
    width: Option<u32>,

    /// Pixels, a multiple of 8, 64 to 2048.
    #[arg(long, short = 'H', value_name = "PIXELS")]
    height: Option<u32>,

    /// Width and height together: 512x768.
    #[arg(long, value_name = "WxH", value_parser = size, conflicts_with_all = ["width", "height"])]
    size: Option<(u32, u32)>,

    /// Denoising steps, 1 to 500: more take longer and show more detail, up to a point.
    #[arg(long, value_name = "N")]
    steps: Option<u32>,

    /// How closely the words are followed, 0 to 50; at 1 and below they are followed freely.
    #[arg(long, short, value_name = "X")]
    guidance: Option<f32>,

    /// Same seed, same picture; picture `i` of several has the seed and `i`.
    #[arg(long, short, value_name = "N")]
    seed: Option<u32>,

    /// How the noise is taken away: ddim, pndm, euler, euler_a, dpmpp_2m, dpmpp_2m_karras or unipc.
    #[arg(long, value_name = "NAME")]
    scheduler: Option<String>,

    /// How many pictures, 1 to 16.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1)]
    count: u32,

    /// Start from this picture (PNG, JPEG, WebP) instead of from noise.
    #[arg(long, short, value_name = "FILE")]
    image: Option<PathBuf>,

    /// How much of that picture is made anew: above 0 (nearly nothing) to 1 (everything). Default: 0.8.
    #[arg(long, value_name = "X", requires = "image")]
    strength: Option<f32>,
}

impl PictureOptions {
    /// How many pictures.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The recipe, checked as far as that needs no model.
    pub(crate) fn recipe(&self, prompt: &str, format: MediaType) -> Result<ImageRecipe> {
        let (width, height) = match self.size {
            Some((width, height)) => (Some(width), Some(height)),
            None => (self.width, self.height),
        };
        let recipe = ImageRecipe {
            negative_prompt: self.negative.clone(),
            width,
            height,
            steps: self.steps,
            guidance: self.guidance,
            seed: self.seed,
            scheduler: self.scheduler.clone(),
            count: self.count,
            strength: self.strength,
            format,
            ..ImageRecipe::new("default", prompt)
        };
        recipe
            .check(usize::from(self.image.is_some()))
            .map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(recipe)
    }

    /// The picture to start from, as a file.
    pub(crate) fn init(&self) -> Result<Option<Vec<u8>>> {
        let Some(path) = &self.image else { return Ok(None) };
        let read = std::fs::read(path);
        read.map(Some)
            .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', 'X', '×']);
    let sides = sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.ok_or_else(|| "write WIDTHxHEIGHT, such as 512x768".to_owned())
}
