//! `POST /v1/images/generations`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use busbar_core::{Context, Error, ErrorKind, ImageRequest, ImageScheduler, ModelId, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::unsupported;
use crate::{Metrics, answer::json as encoded, body, upstream::Shown};

/// The body of a request. Fields that are not listed are taken and ignored, among them `user`,
/// `moderation`, `output_compression`, and the hints `quality`, `style` and `background: auto`.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ImageGenerationRequest)]
pub struct ImageBody {
    /// The model's name; the default one where it is absent.
    pub model: Option<String>,
    /// What the picture shows.
    pub prompt: String,
    /// How many pictures, 1 to 16.
    pub n: Option<u32>,
    /// `512x512`, or `auto` for the model's own.
    pub size: Option<String>,
    /// How the answer carries the pictures.
    pub response_format: Option<ImageAnswerFormat>,
    /// A hint that nobody here takes.
    pub quality: Option<String>,
    /// A hint that nobody here takes.
    pub style: Option<String>,
    /// Only `auto` and `opaque`.
    pub background: Option<String>,
    /// The pictures' file format.
    pub output_format: Option<ImageFileFormat>,
    /// Not taken: pictures come when they are done.
    #[schema(ignore)]
    pub stream: Option<bool>,
    /// What it must not show (our extension).
    pub negative_prompt: Option<String>,
    /// Same seed, same request, same picture (our extension).
    pub seed: Option<u32>,
    /// Denoising steps (our extension).
    pub steps: Option<u32>,
    /// How closely the prompt is followed (our extension).
    pub guidance: Option<f32>,
    /// How the noise is taken away (our extension).
    pub scheduler: Option<String>,
}

/// How the answer carries the pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageAnswerFormat {
    /// As base64 in the answer.
    #[default]
    B64Json,
    /// As addresses.
    Url,
}

/// The pictures' file format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImageFileFormat {
    /// PNG.
    #[default]
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl ImageBody {
    /// Reads a body.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// How the answer carries the pictures.
    pub fn answer_format(&self) -> ImageAnswerFormat {
        self.response_format.unwrap_or_default()
    }

    /// The pictures' file format.
    pub fn file_format(&self) -> ImageFileFormat {
        self.output_format.unwrap_or_default()
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, context: Context) -> Result<ImageRequest> {
        if self.stream == Some(true) {
            return Err(unsupported("stream", "`stream` must be false for pictures"));
        }
        if self.background.as_deref() == Some("transparent") {
            let message = "`background` must be `auto` or `opaque`: no model here makes transparent pictures";
            return Err(unsupported("background", message));
        }
        let count = self.n.unwrap_or(1);
        if !(1..=ImageRequest::MOST_PICTURES).contains(&count) {
            let message = format!("`n` must be 1 to {}, not {count}", ImageRequest::MOST_PICTURES);
            return Err(Error::invalid("n", message));
        }
        let (width, height) = sides(self.size.as_deref())?;
        let model = ModelId::new(self.model.unwrap_or_default());
        let request = ImageRequest {
            negative_prompt: self.negative_prompt.unwrap_or_default(),
            width,
            height,
            steps: self.steps,
            guidance: self.guidance,
            seed: self.seed,
            scheduler: self
                .scheduler
                .as_deref()
                .map(ImageScheduler::from_name)
                .transpose()?,
            count,
            ..ImageRequest::new(context, model, self.prompt)
        };
        // The dialect has one field where we have two.
        request.check().map_err(|error| match error.param() {
            Some("width" | "height") => error.with_param("size"),
            _ => error,
        })?;
        Ok(request)
    }
}

/// Both sides, where they are asked for.
fn sides(size: Option<&str>) -> Result<(Option<u32>, Option<u32>)> {
    let Some(size) = size.filter(|size| *size != "auto") else {
        return Ok((None, None));
    };
    let read = size
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match read {
        Some((width, height)) => Ok((Some(width), Some(height))),
        None => {
            let message = format!("`size` must be `auto` or like `512x512`, not `{size}`");
            Err(Error::invalid("size", message))
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageList {
    /// When the work began, seconds since 1970.
    pub created: u64,
    /// The pictures, in order.
    pub data: Vec<ImageObject>,
    /// The pictures' file format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_format: Option<ImageFileFormat>,
    /// Their size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// What this answer tells about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busbar: Option<Metrics>,
}

/// A picture: its bytes or its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageObject {
    /// Base64 of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b64_json: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The prompt that was used, where a host wrote another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revised_prompt: Option<String>,
    /// The seed that makes it again (our extension).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}

impl ImageObject {
    /// A picture within the answer.
    pub fn within(file: &[u8]) -> Self {
        Self {
            b64_json: Some(STANDARD.encode(file)),
            ..Self::default()
        }
    }

    /// A picture at an address.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: Some(url.into()),
            ..Self::default()
        }
    }

    /// The file, where it is within the answer.
    ///
    /// # Errors
    /// `BadUpstream` where it is not base64.
    pub fn file(&self) -> Result<Option<Bytes>> {
        let Some(data) = &self.b64_json else {
            return Ok(None);
        };
        let file = STANDARD
            .decode(data)
            .map_err(|error| unread().with_source(error))?;
        Ok(Some(file.into()))
    }
}

impl ImageList {
    /// The answer as JSON.
    pub fn encode(&self) -> Bytes {
        encoded(self)
    }

    /// The pictures, where they are within the answer.
    ///
    /// # Errors
    /// `BadUpstream` where one is not.
    pub fn files(&self) -> Result<Vec<Shown>> {
        let file = |object: &ImageObject| object.file()?.map(Shown::File).ok_or_else(unread);
        self.data.iter().map(file).collect()
    }

    /// Reads a host's answer.
    ///
    /// # Errors
    /// `BadUpstream` where it holds no pictures.
    pub fn read(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body).map_err(|error| unread().with_source(error))
    }
}

/// The request to a host, for a model by the name that it knows there.
///
/// # Errors
/// `Unsupported`, naming what hosts of this format have no word for.
pub fn write_images(request: &ImageRequest, model: &str) -> Result<Bytes> {
    let unknown = [
        ("negative_prompt", !request.negative_prompt.is_empty()),
        ("steps", request.steps.is_some()),
        ("guidance", request.guidance.is_some()),
        ("seed", request.seed.is_some()),
        ("scheduler", request.scheduler.is_some()),
        ("init", request.init.is_some()),
    ];
    if let Some((field, _)) = unknown.into_iter().find(|(_, asked)| *asked) {
        return Err(unsupported(
            field,
            format!("the model that serves this request has no `{field}`"),
        ));
    }
    plainly(request, model).map(|body| encoded(&body))
}

/// The same for another server of ours, which takes our extensions, too.
///
/// # Errors
/// `Unsupported` where there is a picture to start from.
pub fn write_our_images(request: &ImageRequest, model: &str) -> Result<Bytes> {
    if request.init.is_some() {
        return Err(unsupported("init", "this path makes pictures from words alone"));
    }
    let mut body = plainly(request, model)?;
    let scheduler = request.scheduler.map(ImageScheduler::as_str);
    let negative = Some(&request.negative_prompt).filter(|text| !text.is_empty());
    for (field, value) in [
        ("negative_prompt", json!(negative)),
        ("seed", json!(request.seed)),
        ("steps", json!(request.steps)),
        ("guidance", json!(request.guidance)),
        ("scheduler", json!(scheduler)),
    ] {
        if !value.is_null() {
            body.insert(field.into(), value);
        }
    }
    Ok(encoded(&body))
}

/// What every host of the format takes.
fn plainly(request: &ImageRequest, model: &str) -> Result<Map<String, Value>> {
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("prompt".into(), request.prompt.as_str().into());
    body.insert("n".into(), json!(request.count));
    // The newer ones send nothing but files, and refuse to be asked for them.
    if !model.contains("gpt-image") {
        body.insert("response_format".into(), json!(ImageAnswerFormat::B64Json));
    }
    match (request.width, request.height) {
        (None, None) => {}
        (Some(width), Some(height)) => {
            body.insert("size".into(), format!("{width}x{height}").into());
        }
        _ => {
            return Err(unsupported(
                "size",
                "both sides of the picture must be given, or neither",
            ));
        }
    }
    Ok(body)
}

fn unread() -> Error {
    Error::new(
        ErrorKind::BadUpstream,
        "the pictures of the model's host cannot be read",
    )
}
