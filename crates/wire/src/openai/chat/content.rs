//! What a message says: a string, or parts.

use std::fmt;

use busbar_core::{Error, ErrorKind, MediaKind, Part, Result};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};
use utoipa::ToSchema;

use crate::openai::{cache::CacheControl, media};

/// What a message says.
///
/// Read by hand rather than as an untagged enum, so that a complaint names the part:
/// `messages[2].content[0].type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ChatContent)]
pub enum Content {
    /// Written as a string.
    Text(String),
    /// Written as a list of parts.
    Parts(Vec<ContentPart>),
}

/// A part of what a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChatContentPart)]
pub struct ContentPart {
    /// `text`, `image_url`, `file`, `input_audio` or `video_url`; on an assistant's turn also `refusal`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text of a `text` part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The text of a `refusal` part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The picture of an `image_url` part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<ImageUrl>,
    /// The document of a `file` part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FilePart>,
    /// The sound of an `input_audio` part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_audio: Option<InputAudio>,
    /// The moving pictures of a `video_url` part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_url: Option<ImageUrl>,
    /// Everything up to here should be kept computed (an extension that gateways share).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<CacheControl>,
    /// The same in the vendor's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_cache_breakpoint: Option<CacheControl>,
}

/// Where a picture is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageUrl {
    /// `https:`, or `data:` with the picture itself.
    pub url: String,
    /// How closely to look: `auto`, `low` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FilePart {
    /// Base64, or a `data:` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_data: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Not taken: files are not stored here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
}

/// Sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InputAudio {
    /// Base64.
    pub data: String,
    /// `wav` or `mp3`.
    pub format: String,
}

impl Content {
    /// The parts that this means. `param` is the field's own path.
    pub(super) fn into_parts(self, param: &str) -> Result<Vec<Part>> {
        let written = match self {
            Self::Text(text) if text.is_empty() => return Ok(Vec::new()),
            Self::Text(text) => return Ok(vec![Part::Text(text)]),
            Self::Parts(parts) => parts,
        };
        let mut parts = Vec::with_capacity(written.len());
        for (place, part) in written.into_iter().enumerate() {
            let cached = part
                .cache_control
                .as_ref()
                .or(part.prompt_cache_breakpoint.as_ref());
            let point = cached.map(CacheControl::point);
            parts.push(part.into_part(&format!("{param}[{place}]"))?);
            parts.extend(point.map(Part::CachePoint));
        }
        Ok(parts)
    }
}

impl ContentPart {
    fn into_part(self, param: &str) -> Result<Part> {
        let kind = self.kind;
        let missing = || missing(param, &kind);
        match kind.as_str() {
            "text" => self.text.map(Part::Text).ok_or_else(missing),
            "refusal" => self.refusal.map(Part::Text).ok_or_else(missing),
            "image_url" => {
                let image = self.image_url.ok_or_else(missing)?;
                let mut read = media::at(MediaKind::Image, image.url, &format!("{param}.image_url.url"))?;
                read.detail = image.detail;
                Ok(Part::Media(read))
            }
            "video_url" => {
                let video = self.video_url.ok_or_else(missing)?;
                media::at(MediaKind::Video, video.url, &format!("{param}.video_url.url")).map(Part::Media)
            }
            "file" => self.file.ok_or_else(missing)?.into_part(&format!("{param}.file")),
            "input_audio" => {
                let sound = self.input_audio.ok_or_else(missing)?;
                let param = format!("{param}.input_audio.data");
                media::sound(&sound.data, &sound.format, &param).map(Part::Media)
            }
            other => {
                let param = format!("{param}.type");
                let message = format!("`{param}` is `{other}`, which no part of a message is here");
                Err(Error::invalid(param, message))
            }
        }
    }
}

impl FilePart {
    fn into_part(self, param: &str) -> Result<Part> {
        if self.file_id.is_some() {
            let message =
                format!("`{param}.file_id` names a stored file, and none are stored here: send `file_data`");
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_param(format!("{param}.file_id"))
                .with_code("unsupported_content"));
        }
        let field = format!("{param}.file_data");
        let Some(data) = self.file_data else {
            return Err(Error::invalid(&*field, format!("`{field}` is missing")));
        };
        media::document(&data, self.filename, &field).map(Part::Media)
    }
}

fn missing(param: &str, field: &str) -> Error {
    let param = format!("{param}.{field}");
    let message = format!("`{param}` is missing");
    Error::invalid(param, message)
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of parts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Content, E> {
        Ok(Content::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = list.next_element()? {
            parts.push(part);
        }
        Ok(Content::Parts(parts))
    }
}
