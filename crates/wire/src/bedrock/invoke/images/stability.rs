//! Stability's bodies: those of Stable Image and SD3, and the older ones of SDXL.
//!
//! Source: the Bedrock user guide, "Stability AI models".

use busbar_core::{Context, Error, ErrorKind, ImageRequest, ModelId, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Made, decode, encode, filtered, no_word};
use crate::{
    answer::json,
    bedrock::{nonsense, unsupported},
    body,
};

/// What the ids of the older models begin with, behind the region.
pub const ARTIFACTS: &str = "stability.stable-diffusion-xl";

/// The shapes that the newer models make, with the pixels that they have.
const SHAPES: &[(&str, u32, u32)] = &[
    ("1:1", 1024, 1024),
    ("16:9", 1344, 768),
    ("9:16", 768, 1344),
    ("3:2", 1216, 832),
    ("2:3", 832, 1216),
    ("5:4", 1088, 896),
    ("4:5", 896, 1088),
    ("21:9", 1536, 640),
    ("9:21", 640, 1536),
];

/// The body of a request, old or new.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StabilityBody {
    /// What the picture shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// What it must not show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// `text-to-image`; nothing else is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Its shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<String>,
    /// `png` or `jpeg`; in lower case or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_format: Option<String>,
    /// Not taken: a picture to start from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What the picture shows, and with a negative weight what it must not; the older models'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_prompts: Option<Vec<Weighed>>,
    /// How closely the words are followed; the older models'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cfg_scale: Option<f32>,
    /// Denoising steps; the older models'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// Pixels; the older models'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels; the older models'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// How many; the older models'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<u32>,
    /// Where the noise comes from; 0: anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// Not taken: a picture to start from; the older models'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_image: Option<String>,
    /// Not taken: a style by its name; the older models'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style_preset: Option<String>,
}

/// Words and how much they count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// The words.
    pub text: String,
    /// 1 where nothing is said; below 0: what must not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f32>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    images: Option<Vec<String>>,
    #[serde(default)]
    finish_reasons: Vec<Option<String>>,
    #[serde(default)]
    artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    base64: String,
    #[serde(rename = "finishReason", default)]
    finish_reason: Option<String>,
}

impl StabilityBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    pub(super) fn into_request(self, context: Context, model: ModelId) -> Result<ImageRequest> {
        let untaken = [
            ("image", self.image.is_some()),
            ("init_image", self.init_image.is_some()),
            ("style_preset", self.style_preset.is_some()),
            (
                "mode",
                self.mode.as_ref().is_some_and(|mode| mode != "text-to-image"),
            ),
            (
                "output_format",
                self.output_format
                    .as_ref()
                    .is_some_and(|format| !format.eq_ignore_ascii_case("png")),
            ),
        ];
        if let Some((param, _)) = untaken.into_iter().find(|(_, there)| *there) {
            return Err(unsupported(
                param,
                format!("`{param}` is not taken: pictures are made from words, as PNG"),
            ));
        }
        let (prompt, negative) = words(self.prompt, self.negative_prompt, self.text_prompts)?;
        let (width, height) = match self.aspect_ratio {
            Some(ratio) => shape(&ratio).map(|(width, height)| (Some(width), Some(height)))?,
            None => (self.width, self.height),
        };
        let mut request = ImageRequest::new(context, model, prompt);
        request.negative_prompt = negative;
        request.width = width;
        request.height = height;
        request.steps = self.steps;
        request.guidance = self.cfg_scale;
        request.seed = self.seed.filter(|seed| *seed != 0);
        request.count = self.samples.unwrap_or(1);
        Ok(request)
    }

    pub(super) fn write(request: &ImageRequest, model: &str) -> Result<Bytes> {
        let negative = (!request.negative_prompt.is_empty()).then(|| request.negative_prompt.clone());
        if model.contains(ARTIFACTS) {
            let mut prompts = vec![Weighed {
                text: request.prompt.clone(),
                weight: None,
            }];
            prompts.extend(negative.map(|text| Weighed {
                text,
                weight: Some(-1.0),
            }));
            return Ok(json(&Self {
                text_prompts: Some(prompts),
                cfg_scale: request.guidance,
                steps: request.steps,
                width: request.width,
                height: request.height,
                samples: Some(request.count),
                seed: request.seed,
                ..Self::default()
            }));
        }
        let asked = [
            ("steps", request.steps.is_some()),
            ("guidance", request.guidance.is_some()),
            ("count", request.count != 1),
        ];
        if let Some((param, _)) = asked.into_iter().find(|(_, asked)| *asked) {
            return Err(no_word(param));
        }
        Ok(json(&Self {
            prompt: Some(request.prompt.clone()),
            negative_prompt: negative,
            mode: Some("text-to-image".to_owned()),
            aspect_ratio: ratio(request.width, request.height)?,
            output_format: Some("png".to_owned()),
            seed: request.seed,
            ..Self::default()
        }))
    }

    pub(super) fn write_answer(&self, made: &[Made]) -> Bytes {
        if self.text_prompts.is_some() {
            let artifacts: Vec<_> = std::iter::zip(encode(made), made)
                .map(|(base64, made)| json!({ "base64": base64, "seed": made.seed, "finishReason": "SUCCESS" }))
                .collect();
            return json(&json!({ "result": "success", "artifacts": artifacts }));
        }
        let seeds: Vec<_> = made.iter().map(|made| made.seed).collect();
        let reasons = vec![(); made.len()];
        json(&json!({ "seeds": seeds, "finish_reasons": reasons, "images": encode(made) }))
    }
}

fn words(
    prompt: Option<String>,
    negative: Option<String>,
    weighed: Option<Vec<Weighed>>,
) -> Result<(String, String)> {
    let Some(weighed) = weighed else {
        let prompt = prompt.ok_or_else(|| Error::invalid("prompt", "`prompt` is missing"))?;
        return Ok((prompt, negative.unwrap_or_default()));
    };
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    for (place, words) in weighed.into_iter().enumerate() {
        match words.weight.unwrap_or(1.0) {
            1.0 => positive.push(words.text),
            -1.0 => negative.push(words.text),
            _ => {
                let param = format!("text_prompts[{place}].weight");
                return Err(unsupported(&*param, format!("`{param}` must be 1 or -1")));
            }
        }
    }
    Ok((positive.join(", "), negative.join(", ")))
}

fn shape(ratio: &str) -> Result<(u32, u32)> {
    let found = SHAPES.iter().find(|(name, ..)| *name == ratio);
    found.map(|(_, width, height)| (*width, *height)).ok_or_else(|| {
        let known: Vec<_> = SHAPES.iter().map(|(name, ..)| *name).collect();
        let message = format!("`aspect_ratio` must be one of {}", known.join(", "));
        Error::invalid("aspect_ratio", message)
    })
}

fn ratio(width: Option<u32>, height: Option<u32>) -> Result<Option<String>> {
    let (Some(width), Some(height)) = (width, height) else {
        return match width.or(height) {
            None => Ok(None),
            Some(_) => Err(no_word("width")),
        };
    };
    let mut shapes = SHAPES.iter();
    match shapes
        .find(|(_, wide, high)| u64::from(*wide) * u64::from(height) == u64::from(*high) * u64::from(width))
    {
        Some((name, ..)) => Ok(Some((*name).to_owned())),
        None => Err(no_word("width")),
    }
}

pub(super) fn read_answer(body: &[u8]) -> Result<Vec<Bytes>> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| nonsense("picture", error))?;
    let kept = |artifact: &Artifact| artifact.finish_reason.as_deref() == Some("CONTENT_FILTERED");
    if answer.artifacts.iter().any(kept) {
        return Err(filtered("CONTENT_FILTERED"));
    }
    if let Some(reason) = answer.finish_reasons.into_iter().flatten().next() {
        return Err(match reason.starts_with("Filter") {
            true => filtered(&reason),
            false => Error::new(
                ErrorKind::BadUpstream,
                format!("the host could not make the picture: {reason}"),
            ),
        });
    }
    let artifacts = answer.artifacts.into_iter().map(|artifact| artifact.base64);
    let images: Vec<_> = answer
        .images
        .unwrap_or_default()
        .into_iter()
        .chain(artifacts)
        .collect();
    if images.is_empty() {
        return Err(Error::new(ErrorKind::BadUpstream, "the host sent no picture"));
    }
    images.iter().map(|image| decode(image)).collect()
}
