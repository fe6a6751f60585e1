//! What a client asks for.

use std::time::Duration;

use busbar_core::{Context, Error, ErrorKind, ImageRequest, ImageScheduler, ModelId, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    body,
    openai::images::ImageFileFormat,
    predict::{self, PictureSource},
};

/// The body of a request. A field that is not listed is refused: a picture takes minutes, and a
/// misspelt setting should not cost them.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImageJobRequest)]
pub struct ImageJobBody {
    /// The model's name; the first that makes pictures where it is absent.
    pub model: Option<String>,
    /// What the picture shows.
    pub prompt: String,
    /// What it must not show.
    pub negative_prompt: Option<String>,
    /// Pixels, a multiple of 8, 64 to 2048; the model's own where it is absent.
    pub width: Option<u32>,
    /// Pixels, a multiple of 8, 64 to 2048; the model's own where it is absent.
    pub height: Option<u32>,
    /// Denoising steps, 1 to 500.
    pub steps: Option<u32>,
    /// How closely the prompt is followed, 0 to 50; at 1 and below there is no guidance.
    pub guidance: Option<f32>,
    /// Same seed, same request, same picture. Picture `i` of several has `seed + i`.
    pub seed: Option<u32>,
    /// How the noise is taken away: `ddim`, `pndm`, `euler`, `euler_a`, `dpmpp_2m`,
    /// `dpmpp_2m_karras` or `unipc`.
    pub scheduler: Option<String>,
    /// How many pictures, 1 to 16; 1 where it is absent.
    pub count: Option<u32>,
    /// A picture to start from: a PNG, JPEG or WebP file in base64, or `data:<type>;base64,<file>`.
    pub image: Option<String>,
    /// The address of a picture to start from.
    pub image_url: Option<String>,
    /// How much of the given picture is made anew, above 0 to 1; 0.8 where it is absent.
    pub strength: Option<f32>,
    /// The pictures' file format; PNG where it is absent.
    pub format: Option<ImageFileFormat>,
    /// A preview after every so many steps; 0: none. 5 where it is absent.
    pub preview_every: Option<u32>,
    /// What becomes of pictures that are not safe for work. Nothing looks at them here, so only
    /// `allow` can be kept to.
    pub nsfw: Option<NsfwSetting>,
    /// Seconds after which the pictures are of no use any more; a day where it is absent.
    pub expires_in: Option<u64>,
    /// Whom to tell how the job goes.
    pub webhook: Option<WebhookBody>,
}

/// Whom to tell how a job goes: a `POST` signed as Standard Webhooks has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImageJobWebhook)]
pub struct WebhookBody {
    /// Where to.
    pub url: String,
    /// Of what; every end of the job where it is absent.
    #[serde(default)]
    pub events: Vec<WebhookEvent>,
}

/// What a webhook can tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImageJobWebhookEvent)]
pub enum WebhookEvent {
    /// The job was accepted.
    Queued,
    /// A worker took it up.
    Started,
    /// A start failed; there will be another.
    Retrying,
    /// The pictures are there.
    Succeeded,
    /// It was given up.
    Failed,
    /// It was stopped.
    Cancelled,
    /// Its time was over.
    Expired,
}

/// What becomes of pictures that are not safe for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NsfwSetting {
    /// They are made like others.
    Allow,
    /// They are not to be shown.
    Block,
}

/// What a body asks for.
#[derive(Clone, Debug)]
pub struct ImageJobAsked {
    /// The pictures; not checked yet, and without the picture to start from.
    pub request: ImageRequest,
    /// The picture to start from.
    pub picture: Option<PictureSource>,
    /// How much of it is made anew.
    pub strength: Option<f32>,
    /// The pictures' file format.
    pub format: ImageFileFormat,
    /// How long until they are worthless.
    pub expires_in: Option<Duration>,
    /// Whom to tell.
    pub webhook: Option<WebhookBody>,
}

impl ImageJobBody {
    /// A preview after so many steps, unless it is said.
    const PREVIEW_EVERY: u32 = 5;

    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// What this body asks for.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field. Whether numbers are in their ranges is
    /// looked at when the whole recipe is there.
    pub fn into_asked(self, context: Context) -> Result<ImageJobAsked> {
        if self.nsfw == Some(NsfwSetting::Block) {
            let message = "`nsfw` must be `allow`: no model here looks at what it made";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_param("nsfw")
                .with_code("unsupported_parameter"));
        }
        let picture = match (&self.image, self.image_url) {
            (None, None) => None,
            (Some(file), None) => Some(predict::file_or_data("image", file)?),
            (None, Some(url)) => Some(predict::address("image_url", url)?),
            (Some(_), Some(_)) => {
                let message = "send only one of `image` and `image_url`";
                return Err(Error::invalid("image", message));
            }
        };
        let scheduler = self.scheduler.as_deref().map(ImageScheduler::from_name);
        let model = ModelId::new(self.model.unwrap_or_default());
        let request = ImageRequest {
            negative_prompt: self.negative_prompt.unwrap_or_default(),
            width: self.width,
            height: self.height,
            steps: self.steps,
            guidance: self.guidance,
            seed: self.seed,
            scheduler: scheduler.transpose()?,
            count: self.count.unwrap_or(1),
            preview_every: self.preview_every.unwrap_or(Self::PREVIEW_EVERY),
            ..ImageRequest::new(context, model, self.prompt)
        };
        Ok(ImageJobAsked {
            request,
            picture,
            strength: self.strength,
            format: self.format.unwrap_or_default(),
            expires_in: self.expires_in.map(Duration::from_secs),
            webhook: self.webhook,
        })
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::RequestId;
    use bytes::Bytes;

    use super::*;

    fn asked(body: &str) -> Result<ImageJobAsked> {
        ImageJobBody::read(body.as_bytes())?.into_asked(Context::new(RequestId::new("r")))
    }

    #[track_caller]
    fn refused(body: &str, param: &str) {
        let error = asked(body).unwrap_err();
        assert_eq!(error.param(), Some(param), "{body}: {error}");
    }

    #[test]
    fn a_prompt_is_enough_and_previews_come_unasked() {
        let asked = asked(r#"{"prompt":"a red apple"}"#).unwrap();
        assert_eq!((asked.request.count, asked.request.preview_every), (1, 5));
        assert_eq!(asked.format, ImageFileFormat::Png);
        assert!(asked.picture.is_none() && asked.request.check().is_ok());
    }

    #[test]
    fn a_picture_to_start_from_comes_within_the_body_or_by_its_address() {
        let within = asked(r#"{"prompt":"p","image":"YWJj","strength":0.5}"#).unwrap();
        assert_eq!(
            within.picture,
            Some(PictureSource::File(Bytes::from_static(b"abc")))
        );
        let away = asked(r#"{"prompt":"p","image_url":"https://x/cat.png"}"#).unwrap();
        assert!(matches!(away.picture, Some(PictureSource::Url { .. })));
        refused(
            r#"{"prompt":"p","image":"YWJj","image_url":"https://x"}"#,
            "image",
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        refused("{}", "prompt");
        refused(r#"{"prompt":"p","image":"***"}"#, "image");
        refused(r#"{"prompt":"p","steps":-1}"#, "steps");
        refused(r#"{"prompt":"p","scheduler":"best"}"#, "scheduler");
        refused(r#"{"prompt":"p","nsfw":"block"}"#, "nsfw");
        refused(r#"{"prompt":"p","nsfw":true}"#, "nsfw");
        refused(r#"{"prompt":"p","format":"gif"}"#, "format");
        refused(r#"{"prompt":"p","stepz":3}"#, "stepz");
        refused(
            r#"{"prompt":"p","webhook":{"url":"https://x","events":["never"]}}"#,
            "webhook.events[0]",
        );
    }
}
