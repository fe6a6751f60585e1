//! `POST /predict`: Busbar's own way to ask what is on pictures.

use std::{num::NonZeroUsize, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use busbar_core::{Classification, ClassifyRequest, Error, Result, Sight};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{answer::json, body};

/// More labels for a picture than any model has classes.
pub const MOST_LABELS: usize = 100_000;
/// The most pictures of one request.
const MOST_PICTURES: usize = 64;

/// The body of a request, as JSON. One of `image_url`, `image` and `images` says what to look at.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = PredictRequest)]
pub struct PredictBody {
    /// The model's name; the first that classifies where it is absent.
    pub model: Option<String>,
    /// Where the picture is; it is fetched.
    pub image_url: Option<String>,
    /// The picture's file, base64 or a `data:` address.
    pub image: Option<String>,
    /// Several pictures.
    pub images: Option<Vec<PredictPicture>>,
    /// The most labels for each picture; 5 where it is absent.
    pub top_k: Option<usize>,
    /// Labels with a lower score are left out. 0 to 1.
    pub threshold: Option<f32>,
}

/// One of several pictures.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PredictPicture {
    /// Where it is.
    pub image_url: Option<String>,
    /// Its file, base64 or a `data:` address.
    pub image: Option<String>,
}

/// What to look at, read and checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PredictAsked {
    /// The model asked for; empty where none was.
    pub model: String,
    /// The pictures, at least one.
    pub pictures: Vec<PictureSource>,
    /// The most labels for each.
    pub top_k: Option<NonZeroUsize>,
    /// The least score.
    pub threshold: Option<f32>,
    /// Whether the client sent a list, and gets one.
    pub several: bool,
}

/// A picture, or where it is.
#[derive(Clone, PartialEq, Eq)]
pub enum PictureSource {
    /// A file.
    File(Bytes),
    /// An address to be fetched, and the field that has it.
    Url {
        /// The address.
        url: String,
        /// The field, for errors.
        param: String,
    },
}

/// The answer for one picture, or for a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PredictAnswer)]
pub struct PredictAnswer {
    /// The model that looked.
    pub model: String,
    /// Which version of it, where versions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What is on the picture, the likeliest first; of a list, what is on its first one.
    pub predictions: Vec<PredictLabel>,
    /// For a list, one for each picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<PredictResult>,
    /// Where the time went.
    pub timings_ms: PredictTimings,
}

/// What is on one picture of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PredictResult {
    /// The likeliest first.
    pub predictions: Vec<PredictLabel>,
    /// Width in pixels, the way up that people see it.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// A label and how likely it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PredictLabel {
    /// What people read.
    pub label: String,
    /// From 0 to 1.
    pub score: f32,
    /// The class's number in the model's own counting.
    pub index: usize,
}

/// Where the time went, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PredictTimings {
    /// Fetching what stood at addresses.
    pub fetch: f64,
    /// Files to pixels.
    pub decode: f64,
    /// Pixels to what the model takes.
    pub preprocess: f64,
    /// Until the model was free.
    pub queue: f64,
    /// The model itself.
    pub inference: f64,
    /// From the request's arrival to its end.
    pub total: f64,
}

impl PredictBody {
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
    /// `Invalid`, naming the field.
    pub fn into_asked(self) -> Result<PredictAsked> {
        let several = self.images.is_some();
        let pictures = match (self.image_url, self.image, self.images) {
            (Some(url), None, None) => vec![address("image_url", url)?],
            (None, Some(file), None) => vec![file_or_data("image", &file)?],
            (None, None, Some(images)) => list(images)?,
            (None, None, None) => {
                let message = "there is no picture: send `image_url`, `image` or `images`";
                return Err(Error::invalid("image_url", message));
            }
            _ => {
                let message = "send only one of `image_url`, `image` and `images`";
                return Err(Error::invalid("image", message));
            }
        };
        PredictAsked {
            model: self.model.unwrap_or_default(),
            pictures,
            several,
            ..PredictAsked::default()
        }
        .bounded(self.top_k, self.threshold)
    }
}

impl PredictAsked {
    /// One picture's file, as it came.
    pub fn of_file(model: String, file: Bytes) -> Self {
        Self {
            model,
            pictures: vec![PictureSource::File(file)],
            ..Self::default()
        }
    }

    /// The same, with bounds on what is told of it.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn bounded(mut self, top_k: Option<usize>, threshold: Option<f32>) -> Result<Self> {
        self.top_k = top_k.map(at_least_one).transpose()?;
        if threshold.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
            return Err(Error::invalid("threshold", "`threshold` must be from 0 to 1"));
        }
        self.threshold = threshold;
        Ok(self)
    }

    /// Puts these bounds into a request.
    pub fn bound(&self, request: &mut ClassifyRequest) {
        request.top_k = self.top_k.unwrap_or(request.top_k);
        request.threshold = self.threshold.unwrap_or(request.threshold);
    }
}

impl PredictAnswer {
    /// The answer that a classification is.
    pub fn new(seen: Classification, several: bool, fetch: Duration, total: Duration) -> Self {
        let timings = seen.timings;
        let results: Vec<_> = seen.sights.into_iter().map(PredictResult::from).collect();
        Self {
            model: seen.model.as_str().to_owned(),
            version: seen.version,
            predictions: results
                .first()
                .map(|first| first.predictions.clone())
                .unwrap_or_default(),
            results: if several { results } else { Vec::new() },
            timings_ms: PredictTimings {
                fetch: millis(fetch),
                decode: millis(timings.decode),
                preprocess: millis(timings.preprocess),
                queue: millis(timings.queue),
                inference: millis(timings.inference),
                total: millis(total),
            },
        }
    }

    /// The answer as JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl From<Sight> for PredictResult {
    fn from(sight: Sight) -> Self {
        let labels = sight.predictions.into_iter().map(|prediction| PredictLabel {
            label: prediction.label,
            score: prediction.score,
            index: prediction.index,
        });
        Self {
            predictions: labels.collect(),
            width: sight.width,
            height: sight.height,
        }
    }
}

fn list(images: Vec<PredictPicture>) -> Result<Vec<PictureSource>> {
    if images.is_empty() || images.len() > MOST_PICTURES {
        let message = format!(
            "`images` must have 1 to {MOST_PICTURES} pictures, not {}",
            images.len()
        );
        return Err(Error::invalid("images", message));
    }
    let one = |(place, picture): (usize, PredictPicture)| match (picture.image_url, picture.image) {
        (Some(url), None) => address(&format!("images[{place}].image_url"), url),
        (None, Some(file)) => file_or_data(&format!("images[{place}].image"), &file),
        _ => {
            let param = format!("images[{place}]");
            let message = format!("`{param}` must have one of `image_url` and `image`");
            Err(Error::invalid(param, message))
        }
    };
    images.into_iter().enumerate().map(one).collect()
}

pub(crate) fn address(param: &str, url: String) -> Result<PictureSource> {
    if url.starts_with("data:") {
        return file_or_data(param, &url);
    }
    Ok(PictureSource::Url {
        url,
        param: param.to_owned(),
    })
}

pub(crate) fn file_or_data(param: &str, text: &str) -> Result<PictureSource> {
    let encoded = match text.strip_prefix("data:") {
        None => text,
        Some(data) => match data.split_once(";base64,") {
            Some((_, encoded)) => encoded,
            None => {
                let message = format!("`{param}` must be `data:<type>;base64,<picture>`");
                return Err(Error::invalid(param, message));
            }
        },
    };
    match STANDARD.decode(encoded.trim()) {
        Ok(file) => Ok(PictureSource::File(file.into())),
        Err(error) => Err(Error::invalid(param, format!("`{param}` is not base64: {error}"))),
    }
}

fn at_least_one(top_k: usize) -> Result<NonZeroUsize> {
    NonZeroUsize::new(top_k)
        .filter(|top_k| top_k.get() <= MOST_LABELS)
        .ok_or_else(|| {
            Error::invalid(
                "top_k",
                format!("`top_k` must be 1 to {MOST_LABELS}, not {top_k}"),
            )
        })
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// Pictures and addresses of clients never reach a log.
impl std::fmt::Debug for PictureSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(bytes) => write!(f, "File({} bytes)", bytes.len()),
            Self::Url { param, .. } => write!(f, "Url(in {param})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<PredictAsked> {
        PredictBody::read(body.as_bytes())?.into_asked()
    }

    #[track_caller]
    fn refused(body: &str, param: &str) {
        assert_eq!(read(body).unwrap_err().param(), Some(param), "{body}");
    }

    #[test]
    fn a_picture_comes_by_address_as_base64_or_as_data() {
        let file = PictureSource::File(Bytes::from_static(b"abc"));
        assert_eq!(
            read(r#"{"image":"YWJj"}"#).unwrap().pictures,
            std::slice::from_ref(&file)
        );
        let data = r#"{"image_url":"data:image/png;base64,YWJj","top_k":3,"threshold":0.5}"#;
        let asked = read(data).unwrap();
        assert_eq!(asked.pictures, std::slice::from_ref(&file));
        assert_eq!(
            (asked.top_k.map(NonZeroUsize::get), asked.threshold),
            (Some(3), Some(0.5))
        );
        let list = read(r#"{"images":[{"image_url":"https://x/cat.jpg"},{"image":"YWJj"}]}"#).unwrap();
        assert!(list.several);
        let url = PictureSource::Url {
            url: "https://x/cat.jpg".into(),
            param: "images[0].image_url".into(),
        };
        assert_eq!(list.pictures, [url, file]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        refused("{}", "image_url");
        refused(r#"{"image":"YWJj","image_url":"https://x"}"#, "image");
        refused(r#"{"image":"***"}"#, "image");
        refused(r#"{"image_url":"data:image/png,abc"}"#, "image_url");
        refused(r#"{"images":[]}"#, "images");
        refused(r#"{"images":[{}]}"#, "images[0]");
        refused(r#"{"image":"YWJj","top_k":0}"#, "top_k");
        refused(r#"{"image":"YWJj","threshold":1.5}"#, "threshold");
        refused(r#"{"image":7}"#, "image");
    }
}
