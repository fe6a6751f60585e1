//! Pictures from words: what is asked for, what is told on the way, and what comes out.

use std::{fmt::Debug, pin::Pin};

use futures_util::Stream;

use crate::{BoxFuture, Context, Error, ModelId, Money, Pixels, Result};

/// Something that makes pictures from words.
///
/// `testkit::conformance::image` is the contract; every implementation faces it.
pub trait ImageModel: Debug + Send + Sync + 'static {
    /// Starts the work.
    ///
    /// Resolves once the request is taken and found right. The stream tells every step, then the
    /// pictures in order, and ends with exactly one [`ImageEvent::Done`] or one error; dropping
    /// it, or this future, cancels the work between two steps.
    ///
    /// # Errors
    /// `Invalid` naming the field; `Overloaded` where as many wait as may; `Unavailable` while the
    /// model stops.
    fn generate(&self, request: ImageRequest) -> BoxFuture<'_, Result<ImageStream>>;
}

/// What is told while pictures are made.
pub type ImageStream = Pin<Box<dyn Stream<Item = Result<ImageEvent>> + Send>>;

/// A request for pictures. `None` means the model's own default.
#[derive(Clone, Debug)]
pub struct ImageRequest {
    /// Whom it is for.
    pub context: Context,
    /// The model asked for.
    pub model: ModelId,
    /// What the picture shows.
    pub prompt: String,
    /// What it must not show; empty: nothing in particular.
    pub negative_prompt: String,
    /// Pixels, a multiple of 8.
    pub width: Option<u32>,
    /// Pixels, a multiple of 8.
    pub height: Option<u32>,
    /// Denoising steps.
    pub steps: Option<u32>,
    /// How closely the prompt is followed; at 1 and below there is no guidance.
    pub guidance: Option<f32>,
    /// Same seed, same request, same picture. Picture `i` of several has `seed + i`.
    pub seed: Option<u32>,
    /// How the noise is taken away.
    pub scheduler: Option<ImageScheduler>,
    /// How many pictures.
    pub count: u32,
    /// The picture to start from instead of noise alone.
    pub init: Option<InitImage>,
    /// A preview after every so many steps; 0: none.
    pub preview_every: u32,
}

impl ImageRequest {
    /// The largest side.
    pub const LARGEST_SIDE: u32 = 2048;
    /// The smallest side.
    pub const SMALLEST_SIDE: u32 = 64;
    /// The most steps.
    pub const MOST_STEPS: u32 = 500;
    /// The most pictures of one request.
    pub const MOST_PICTURES: u32 = 16;
    /// The longest prompt, in bytes.
    pub const LONGEST_PROMPT: usize = 8192;

    /// A request with nothing but its prompt; everything else as the model has it.
    pub fn new(context: Context, model: ModelId, prompt: impl Into<String>) -> Self {
        Self {
            context,
            model,
            prompt: prompt.into(),
            negative_prompt: String::new(),
            width: None,
            height: None,
            steps: None,
            guidance: None,
            seed: None,
            scheduler: None,
            count: 1,
            init: None,
            preview_every: 0,
        }
    }

    /// Refuses what no model can do.
    ///
    /// # Errors
    /// `Invalid`, naming the first field that is out of its range.
    pub fn check(&self) -> Result<()> {
        if self.prompt.trim().is_empty() {
            return Err(Error::invalid("prompt", "`prompt` must not be empty"));
        }
        check_text("prompt", &self.prompt)?;
        check_text("negative_prompt", &self.negative_prompt)?;
        check_side("width", self.width)?;
        check_side("height", self.height)?;
        check_count("steps", self.steps.unwrap_or(1), Self::MOST_STEPS)?;
        check_count("count", self.count, Self::MOST_PICTURES)?;
        check_number("guidance", self.guidance.unwrap_or(1.0), 0.0, 50.0)?;
        self.init.as_ref().map_or(Ok(()), InitImage::check)
    }
}

/// A picture to start from.
#[derive(Clone, Debug, PartialEq)]
pub struct InitImage {
    /// The picture, already upright.
    pub pixels: Pixels,
    /// How much of it is made anew: above 0 (nearly nothing) to 1 (everything).
    pub strength: f32,
}

impl InitImage {
    fn check(&self) -> Result<()> {
        check_number("strength", self.strength, f32::MIN_POSITIVE, 1.0)?;
        Ok(())
    }
}

/// How the noise is taken away, step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageScheduler {
    /// Denoising diffusion implicit models.
    Ddim,
    /// Pseudo numerical methods (linear multistep).
    Pndm,
    /// Euler's method.
    Euler,
    /// Euler's method with fresh noise at every step.
    EulerAncestral,
    /// DPM-Solver++ of second order.
    DpmPlusPlus2M,
    /// The same on the noise levels of Karras and others.
    DpmPlusPlus2MKarras,
    /// A unified predictor and corrector.
    UniPc,
}

impl ImageScheduler {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ddim,
        Self::Pndm,
        Self::Euler,
        Self::EulerAncestral,
        Self::DpmPlusPlus2M,
        Self::DpmPlusPlus2MKarras,
        Self::UniPc,
    ];

    /// The name in requests, recipes and errors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ddim => "ddim",
            Self::Pndm => "pndm",
            Self::Euler => "euler",
            Self::EulerAncestral => "euler_a",
            Self::DpmPlusPlus2M => "dpmpp_2m",
            Self::DpmPlusPlus2MKarras => "dpmpp_2m_karras",
            Self::UniPc => "unipc",
        }
    }

    /// The scheduler of that name.
    ///
    /// # Errors
    /// `Invalid`, listing the names there are.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|scheduler| scheduler.as_str() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                Error::invalid(
                    "scheduler",
                    format!("`scheduler` must be one of {known}, not `{name}`"),
                )
            })
    }
}

/// An item of an [`ImageStream`].
#[derive(Clone, Debug, PartialEq)]
pub enum ImageEvent {
    /// A step is done.
    Step {
        /// Steps finished, over all pictures of the request.
        done: u32,
        /// Steps in all, over all pictures of the request.
        total: u32,
    },
    /// Roughly what a picture will be, an eighth of its size or so.
    Preview {
        /// Which picture of the request, from 0.
        index: u32,
        /// The sketch.
        pixels: Pixels,
    },
    /// A finished picture.
    Picture(GeneratedImage),
    /// The end of the whole request.
    Done(ImageDone),
}

/// A finished picture with what it takes to make it again, as far as its model tells.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedImage {
    /// Which picture of the request, from 0.
    pub index: u32,
    /// The picture.
    pub pixels: Pixels,
    /// How it was made.
    pub recipe: ImageRecipe,
}

/// The settings that were used, as far as they are known: a model in this process tells all of them, one
/// that is hosted elsewhere may keep its own defaults to itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageRecipe {
    /// The seed of this picture.
    pub seed: Option<u32>,
    /// Denoising steps.
    pub steps: Option<u32>,
    /// Guidance scale.
    pub guidance: Option<f32>,
    /// The scheduler.
    pub scheduler: Option<ImageScheduler>,
    /// How much of a given picture was made anew, where one was given.
    pub strength: Option<f32>,
}

/// The end of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageDone {
    /// How many pictures were made.
    pub pictures: u32,
    /// What people should know about how the request was read, in sentences.
    pub notices: Vec<String>,
    /// What the pictures cost at whoever made them; `None`: nobody said, which is not the same as nothing.
    pub cost: Option<Money>,
}

fn check_text(param: &str, text: &str) -> Result<()> {
    if text.len() <= ImageRequest::LONGEST_PROMPT {
        return Ok(());
    }
    Err(Error::invalid(
        param,
        format!(
            "`{param}` has {} bytes; at most {} are read",
            text.len(),
            ImageRequest::LONGEST_PROMPT
        ),
    ))
}

fn check_side(param: &str, side: Option<u32>) -> Result<()> {
    let Some(side) = side else { return Ok(()) };
    let range = ImageRequest::SMALLEST_SIDE..=ImageRequest::LARGEST_SIDE;
    if side.is_multiple_of(8) && range.contains(&side) {
        return Ok(());
    }
    Err(Error::invalid(
        param,
        format!(
            "`{param}` must be a multiple of 8 from {} to {}, not {side}",
            range.start(),
            range.end()
        ),
    ))
}

fn check_count(param: &str, count: u32, most: u32) -> Result<()> {
    if (1..=most).contains(&count) {
        return Ok(());
    }
    Err(Error::invalid(
        param,
        format!("`{param}` must be 1 to {most}, not {count}"),
    ))
}

fn check_number(param: &str, value: f32, least: f32, most: f32) -> Result<()> {
    // NaN is contained in no range.
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let least = if least == f32::MIN_POSITIVE {
        "above 0".into()
    } else {
        format!("{least}")
    };
    Err(Error::invalid(
        param,
        format!("`{param}` must be {least} to {most}, not {value}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RequestId;

    fn request() -> ImageRequest {
        ImageRequest::new(
            Context::new(RequestId::new("r")),
            ModelId::new("m"),
            "a red apple",
        )
    }

    fn refused(change: impl FnOnce(&mut ImageRequest)) -> Option<String> {
        let mut request = request();
        change(&mut request);
        let error = request.check().err()?;
        error.param().map(str::to_owned)
    }

    #[test]
    fn a_prompt_alone_is_enough() {
        assert_eq!(refused(|_| ()), None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(refused(|r| r.prompt = " ".into()).as_deref(), Some("prompt"));
        assert_eq!(refused(|r| r.width = Some(511)).as_deref(), Some("width"));
        assert_eq!(refused(|r| r.height = Some(8)).as_deref(), Some("height"));
        assert_eq!(refused(|r| r.height = Some(4096)).as_deref(), Some("height"));
        assert_eq!(refused(|r| r.steps = Some(0)).as_deref(), Some("steps"));
        assert_eq!(refused(|r| r.count = 0).as_deref(), Some("count"));
        assert_eq!(refused(|r| r.count = 1000).as_deref(), Some("count"));
        assert_eq!(
            refused(|r| r.guidance = Some(f32::NAN)).as_deref(),
            Some("guidance")
        );
        let long = "a".repeat(ImageRequest::LONGEST_PROMPT + 1);
        assert_eq!(
            refused(|r| r.negative_prompt = long).as_deref(),
            Some("negative_prompt")
        );
    }

    #[test]
    fn a_picture_to_start_from_must_be_whole_and_its_strength_in_range() {
        let init = |strength| {
            let pixels = Pixels::new(2, 2, vec![0; 12].into()).unwrap();
            Some(InitImage { pixels, strength })
        };
        assert_eq!(refused(|r| r.init = init(1.0)), None);
        assert_eq!(refused(|r| r.init = init(0.0)).as_deref(), Some("strength"));
        assert!(Pixels::new(2, 2, vec![0; 11].into()).is_err());
    }

    #[test]
    fn every_scheduler_is_found_by_its_name() {
        for scheduler in ImageScheduler::ALL {
            assert_eq!(
                ImageScheduler::from_name(scheduler.as_str()).ok(),
                Some(scheduler)
            );
        }
        let error = ImageScheduler::from_name("best").unwrap_err();
        assert_eq!(error.param(), Some("scheduler"));
    }
}
