//! Pictures from words as JumpStart's Stable Diffusion endpoints have it.
//!
//! Source: the AWS machine learning blog, "Generate images from text with the stable diffusion model on
//! Amazon SageMaker JumpStart".

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_core::{Context, Error, ErrorKind, ImageRequest, ModelId, Pixels, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use crate::upstream::Shown;
use crate::{answer::json, body};

/// What the body is where it is the prompt alone.
pub const TEXT_MEDIA_TYPE: &str = "application/x-text";

/// The body of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageBody {
    /// What the picture shows.
    pub prompt: String,
    /// What it must not show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Denoising steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_inference_steps: Option<u32>,
    /// How closely the words are followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance_scale: Option<f32>,
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_images_per_prompt: Option<u32>,
    /// Where the noise comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}

/// How pictures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageForm {
    /// The first one, as rows of pixels of three numbers.
    Pixels,
    /// PNG files in base64.
    Png,
    /// JPEG files in base64.
    Jpeg,
}

impl ImageForm {
    /// What the header `accept` asks for.
    pub fn of(accept: Option<&str>) -> Self {
        match accept.unwrap_or_default().split_once(';') {
            Some((_, "png")) => Self::Png,
            Some((_, "jpeg")) => Self::Jpeg,
            _ => Self::Pixels,
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    generated_image: Option<Vec<Vec<[u8; 3]>>>,
    #[serde(default)]
    generated_images: Option<Vec<String>>,
}

impl ImageBody {
    /// Reads a body of this media type.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8], media_type: &str) -> Result<Self> {
        if !media_type.starts_with(TEXT_MEDIA_TYPE) {
            return body::read(bytes);
        }
        let prompt = std::str::from_utf8(bytes).map_err(|error| {
            Error::new(ErrorKind::Invalid, "the body must be a text in UTF-8").with_source(error)
        })?;
        Ok(Self {
            prompt: prompt.to_owned(),
            ..Self::default()
        })
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn into_request(self, context: Context, model: ModelId) -> Result<ImageRequest> {
        let mut request = ImageRequest::new(context, model, self.prompt);
        request.negative_prompt = self.negative_prompt.unwrap_or_default();
        request.width = self.width;
        request.height = self.height;
        request.steps = self.num_inference_steps;
        request.guidance = self.guidance_scale;
        request.seed = self.seed;
        request.count = self.num_images_per_prompt.unwrap_or(1);
        request.check()?;
        Ok(request)
    }

    /// What an endpoint is asked for.
    ///
    /// # Errors
    /// `Unsupported`, naming the field that the format has no word for.
    pub fn write(request: &ImageRequest) -> Result<Bytes> {
        let asked = [
            ("image", request.init.is_some()),
            ("scheduler", request.scheduler.is_some()),
        ];
        if let Some((param, _)) = asked.into_iter().find(|(_, asked)| *asked) {
            let message = format!("`{param}` has no word in the format of this endpoint; leave it out");
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_param(param)
                .with_code("unsupported_parameter"));
        }
        let negative = &request.negative_prompt;
        Ok(json(&Self {
            prompt: request.prompt.clone(),
            negative_prompt: (!negative.is_empty()).then(|| negative.clone()),
            width: request.width,
            height: request.height,
            num_inference_steps: request.steps,
            guidance_scale: request.guidance,
            num_images_per_prompt: Some(request.count),
            seed: request.seed,
        }))
    }
}

/// An answer with the pixels of a picture.
pub fn write_pixels(pixels: &Pixels, prompt: &str) -> Bytes {
    let width = usize::try_from(pixels.width()).unwrap_or(usize::MAX).max(1);
    let (points, _) = pixels.rgb().as_chunks::<3>();
    let rows: Vec<_> = points.chunks(width).collect();
    json(&json!({ "generated_image": rows, "prompt": prompt }))
}

/// An answer with files.
pub fn write_files(files: &[Bytes], prompt: &str) -> Bytes {
    let files: Vec<_> = files.iter().map(|file| BASE64_STANDARD.encode(file)).collect();
    json(&json!({ "generated_images": files, "prompt": prompt }))
}

/// The pictures of an answer.
///
/// # Errors
/// `BadUpstream` where it is no answer.
pub fn read_answer(body: &[u8]) -> Result<Vec<Shown>> {
    let nonsense = || {
        Error::new(
            ErrorKind::BadUpstream,
            "the endpoint sent something that is no picture",
        )
    };
    let answer: Answer = serde_json::from_slice(body).map_err(|error| nonsense().with_source(error))?;
    if let Some(rows) = answer.generated_image {
        let width = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != width) {
            return Err(nonsense());
        }
        let side = |length: usize| u32::try_from(length).map_err(|error| nonsense().with_source(error));
        let (width, height) = (side(width)?, side(rows.len())?);
        let rgb: Vec<u8> = rows.into_iter().flatten().flatten().collect();
        let pixels = Pixels::new(width, height, rgb.into()).map_err(|error| nonsense().with_source(error))?;
        return Ok(vec![Shown::Pixels(pixels)]);
    }
    let files = answer.generated_images.ok_or_else(nonsense)?;
    let file = |file: String| {
        let bytes = BASE64_STANDARD
            .decode(file)
            .map_err(|error| nonsense().with_source(error))?;
        Ok(Shown::File(bytes.into()))
    };
    files.into_iter().map(file).collect()
}
