//! A request with everything filled in, checked against the model.

use std::hash::{BuildHasher as _, RandomState};

use busbar_core::{Error, ImageRecipe, ImageRequest, ImageScheduler, InitImage, Result};
use candle_core::Error as CandleError;

use crate::{pipeline::Pipeline, schedule::solver};

/// What a request is given that says nothing. `None`: what suits the model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageDefaults {
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Denoising steps.
    pub steps: Option<u32>,
    /// Guidance scale.
    pub guidance: Option<f32>,
    /// The scheduler.
    pub scheduler: Option<ImageScheduler>,
}

/// How the pictures of a request are made, nothing left open.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The seed of the first picture.
    pub(crate) seed: u32,
    pub(crate) steps: u32,
    pub(crate) guidance: f32,
    pub(crate) scheduler: ImageScheduler,
    pub(crate) strength: Option<f32>,
}

impl Settings {
    /// What is told of the picture with this seed.
    pub(crate) fn recipe(&self, seed: u32) -> ImageRecipe {
        ImageRecipe {
            seed: Some(seed),
            steps: Some(self.steps),
            guidance: Some(self.guidance),
            scheduler: Some(self.scheduler),
            strength: self.strength,
        }
    }
}

/// What one request comes to.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) pieces: Vec<Vec<u32>>,
    pub(crate) negative: Vec<Vec<u32>>,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) count: u32,
    pub(crate) settings: Settings,
    pub(crate) init: Option<InitImage>,
    pub(crate) preview_every: u32,
    /// Calls of the network for each picture, and the first of them.
    pub(crate) calls: std::ops::Range<usize>,
    pub(crate) notices: Vec<String>,
}

impl Plan {
    /// Guidance at and below this is none.
    const NO_GUIDANCE: f32 = 1.0;

    /// Fills in and checks a request.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub(crate) fn new(request: &ImageRequest, pipeline: &Pipeline) -> Result<Self> {
        request.check()?;
        let defaults = &pipeline.defaults;
        let native = u32::try_from(pipeline.sample_size * pipeline.factor()).unwrap_or(512);
        let side = |param, asked: Option<u32>, usual: Option<u32>, given: Option<u32>| {
            let side = asked.or(given).or(usual).unwrap_or(native);
            checked_side(param, side, pipeline.factor())
        };
        // A picture to start from has its size; it is not stretched to another.
        let given = request
            .init
            .as_ref()
            .map(|init| (init.pixels.width(), init.pixels.height()));
        let width = side("width", request.width, defaults.width, given.map(|size| size.0))?;
        let height = side(
            "height",
            request.height,
            defaults.height,
            given.map(|size| size.1),
        )?;
        if let Some((w, h)) = given
            && (w as usize, h as usize) != (width, height)
        {
            return Err(Error::invalid(
                "image",
                format!("`image` has {w}×{h} pixels where {width}×{height} are asked for"),
            ));
        }
        let settings = Settings {
            seed: request.seed.unwrap_or_else(any_seed),
            steps: request.steps.or(defaults.steps).unwrap_or(pipeline.usual_steps()),
            guidance: request.guidance.or(defaults.guidance).unwrap_or(7.5),
            scheduler: request.scheduler.or(defaults.scheduler).unwrap_or(pipeline.usual),
            strength: request.init.as_ref().map(|init| init.strength),
        };
        let calls = calls(&settings, pipeline)?;
        let (mut pieces, mut negative) = (
            pipeline.tokenizer.pieces("prompt", &request.prompt)?,
            pipeline
                .tokenizer
                .pieces("negative_prompt", &request.negative_prompt)?,
        );
        let mut notices = Vec::new();
        if pieces.len() > 1 {
            notices.push(format!(
                "the prompt is longer than the model reads at once; it was read in {} pieces",
                pieces.len()
            ));
        }
        let longest = pieces.len().max(negative.len());
        pieces.resize(longest, pipeline.tokenizer.empty());
        negative.resize(longest, pipeline.tokenizer.empty());
        if settings.guidance <= Self::NO_GUIDANCE && !request.negative_prompt.is_empty() {
            notices.push("without guidance (`guidance` above 1) the negative prompt does nothing".into());
        }
        Ok(Self {
            pieces,
            negative,
            width,
            height,
            count: request.count,
            settings,
            init: request.init.clone(),
            preview_every: request.preview_every,
            calls,
            notices,
        })
    }

    /// Whether the network is asked twice at each time.
    pub(crate) fn is_guided(&self) -> bool {
        self.settings.guidance > Self::NO_GUIDANCE
    }

    /// Calls of the network over all pictures.
    pub(crate) fn total(&self) -> u32 {
        u32::try_from(self.calls.len()).unwrap_or(u32::MAX) * self.count
    }
}

fn checked_side(param: &str, side: u32, factor: usize) -> Result<usize> {
    let side = side as usize;
    if side.is_multiple_of(factor) {
        return Ok(side);
    }
    Err(Error::invalid(
        param,
        format!("`{param}` must be a multiple of {factor} for this model, not {side}"),
    ))
}

/// Which calls of the network there will be.
fn calls(settings: &Settings, pipeline: &Pipeline) -> Result<std::ops::Range<usize>> {
    let steps = settings.steps as usize;
    let refused = |error: CandleError| {
        // Two fields decide together; the number is what can be helped.
        Error::invalid(
            "steps",
            format!(
                "`steps` = {steps} with `{}`: {error}",
                settings.scheduler.as_str()
            ),
        )
    };
    let all = solver(settings.scheduler, &pipeline.schedule, steps)
        .map_err(refused)?
        .times()
        .len();
    let Some(strength) = settings.strength else {
        return Ok(0..all);
    };
    // At least the last step is taken: none would give the picture back through the autoencoder.
    let taken = ((f64::from(settings.steps) * f64::from(strength)) as usize).clamp(1, steps);
    Ok((steps - taken).min(all - 1)..all)
}

/// A seed that nobody asked for.
fn any_seed() -> u32 {
    // The standard library's hashers are seeded by the operating system.
    (RandomState::new().hash_one(0_u8) >> 32) as u32
}
