//! Titan's and Nova Canvas's bodies.
//!
//! Source: the Bedrock user guide, "Amazon Titan Image Generator G1 models", and the Nova user guide,
//! "Generating images with Nova Canvas".

use busbar_core::{Context, Error, ErrorKind, ImageRequest, ModelId, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Made, decode, encode, filtered, no_word};
use crate::{
    answer::json,
    bedrock::{nonsense, unsupported},
    body,
};

/// The one kind of work that is done by words alone.
const TEXT_IMAGE: &str = "TEXT_IMAGE";

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TitanImageBody {
    /// `TEXT_IMAGE`; nothing else is taken.
    pub task_type: String,
    /// What the picture shows.
    #[serde(default)]
    pub text_to_image_params: Option<TextToImage>,
    /// How it is made.
    #[serde(default)]
    pub image_generation_config: ImageConfig,
}

/// What a picture shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TextToImage {
    /// What it shows.
    pub text: String,
    /// What it must not show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_text: Option<String>,
    /// Not taken: a picture to keep to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_image: Option<String>,
    /// Not taken: a style by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
}

/// How a picture is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageConfig {
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_of_images: Option<u32>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// How closely the words are followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cfg_scale: Option<f32>,
    /// Where the noise comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// `standard` or `premium`; models that have one quality take either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    #[serde(default)]
    images: Option<Vec<String>>,
    #[serde(default)]
    error: Option<String>,
}

impl TitanImageBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    pub(super) fn into_request(self, context: Context, model: ModelId) -> Result<ImageRequest> {
        if self.task_type != TEXT_IMAGE {
            let message = format!("`taskType` must be `{TEXT_IMAGE}`, not `{}`", self.task_type);
            return Err(unsupported("taskType", message));
        }
        let Some(asked) = self.text_to_image_params else {
            return Err(Error::invalid(
                "textToImageParams",
                "`textToImageParams` is missing",
            ));
        };
        let untaken = [
            ("conditionImage", asked.condition_image.is_some()),
            ("style", asked.style.is_some()),
        ];
        if let Some((name, _)) = untaken.into_iter().find(|(_, there)| *there) {
            let param = format!("textToImageParams.{name}");
            return Err(unsupported(&*param, format!("`{param}` is not taken")));
        }
        let config = self.image_generation_config;
        // Said here, where the field has the name that the client gave it.
        if asked.text.trim().is_empty() {
            let param = "textToImageParams.text";
            return Err(Error::invalid(param, format!("`{param}` must not be empty")));
        }
        let mut request = ImageRequest::new(context, model, asked.text);
        request.negative_prompt = asked.negative_text.unwrap_or_default();
        request.width = config.width;
        request.height = config.height;
        request.guidance = config.cfg_scale;
        request.seed = config.seed;
        request.count = config.number_of_images.unwrap_or(1);
        Ok(request)
    }

    pub(super) fn write(request: &ImageRequest) -> Result<Bytes> {
        if request.steps.is_some() {
            return Err(no_word("steps"));
        }
        let negative = &request.negative_prompt;
        Ok(json(&Self {
            task_type: TEXT_IMAGE.to_owned(),
            text_to_image_params: Some(TextToImage {
                text: request.prompt.clone(),
                negative_text: (!negative.is_empty()).then(|| negative.clone()),
                condition_image: None,
                style: None,
            }),
            image_generation_config: ImageConfig {
                number_of_images: Some(request.count),
                height: request.height,
                width: request.width,
                cfg_scale: request.guidance,
                seed: request.seed,
                quality: None,
            },
        }))
    }
}

pub(super) fn write_answer(made: &[Made]) -> Bytes {
    json(&Answer {
        images: Some(encode(made)),
        error: None,
    })
}

pub(super) fn read_answer(body: &[u8]) -> Result<Vec<Bytes>> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| nonsense("picture", error))?;
    let images = answer.images.unwrap_or_default();
    match answer.error {
        // Of several, some may have been kept.
        Some(reason) if images.is_empty() => Err(filtered(&reason)),
        None if images.is_empty() => Err(Error::new(ErrorKind::BadUpstream, "the host sent no picture")),
        _ => images.iter().map(|image| decode(image)).collect(),
    }
}
