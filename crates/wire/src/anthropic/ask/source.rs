//! Where a picture or a document is.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_core::{Error, Media, MediaKind, MediaSource, Result};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::block::Said;
use crate::anthropic::{missing, unsupported};

/// What a picture is, as long as only its address is known.
pub(in crate::anthropic) const SOME_IMAGE: &str = "image/*";
/// What a document is that is given by its address.
pub(in crate::anthropic) const PDF: &str = "application/pdf";
/// What a document is that is given as text.
pub(in crate::anthropic) const PLAIN: &str = "text/plain";

/// A source of any type; each type has some of the fields.
#[derive(Debug)]
pub(super) enum Source {
    Fields(Box<Fields>),
    /// A string, which only blocks have that are refused anyway.
    Text,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    #[serde(rename = "type")]
    kind: String,
    media_type: Option<String>,
    data: Option<String>,
    url: Option<String>,
    content: Option<Said>,
}

impl Source {
    /// The picture; `param` is the source's own path.
    pub(super) fn into_image(self, param: &str) -> Result<Media> {
        let fields = self.into_fields(param)?;
        let (media_type, source) = match fields.kind.as_str() {
            "base64" => fields.into_bytes(param)?,
            "url" => (SOME_IMAGE.to_owned(), fields.into_url(param)?),
            other => return Err(not_taken(other, param, "`base64` or `url`")),
        };
        Ok(media(MediaKind::Image, media_type, source))
    }

    /// The document; `param` is the source's own path.
    pub(super) fn into_document(self, title: Option<String>, param: &str) -> Result<Media> {
        let fields = self.into_fields(param)?;
        let (media_type, source) = match fields.kind.as_str() {
            "base64" => fields.into_bytes(param)?,
            "url" => (PDF.to_owned(), fields.into_url(param)?),
            "text" => {
                let text = fields.data.ok_or_else(|| missing(format!("{param}.data")))?;
                (PLAIN.to_owned(), MediaSource::Bytes(text.into()))
            }
            "content" => match fields.content {
                Some(Said::Text(text)) => (PLAIN.to_owned(), MediaSource::Bytes(text.into())),
                _ => return Err(not_taken("content", param, "`base64`, `url` or `text`")),
            },
            other => return Err(not_taken(other, param, "`base64`, `url` or `text`")),
        };
        let mut media = media(MediaKind::Document, media_type, source);
        media.name = title.filter(|title| !title.is_empty());
        Ok(media)
    }

    fn into_fields(self, param: &str) -> Result<Fields> {
        match self {
            Self::Fields(fields) => Ok(*fields),
            Self::Text => {
                let message = format!("`{param}` must be an object");
                Err(Error::invalid(param, message))
            }
        }
    }
}

impl Fields {
    fn into_bytes(self, param: &str) -> Result<(String, MediaSource)> {
        let media_type = self
            .media_type
            .ok_or_else(|| missing(format!("{param}.media_type")))?;
        let data = self.data.ok_or_else(|| missing(format!("{param}.data")))?;
        let bytes = BASE64_STANDARD.decode(data).map_err(|error| {
            let message = format!("`{param}.data` is not base64: {error}");
            Error::invalid(format!("{param}.data"), message)
        })?;
        Ok((media_type, MediaSource::Bytes(bytes.into())))
    }

    fn into_url(self, param: &str) -> Result<MediaSource> {
        let url = self.url.ok_or_else(|| missing(format!("{param}.url")))?;
        Ok(MediaSource::Url(url))
    }
}

fn media(kind: MediaKind, media_type: String, source: MediaSource) -> Media {
    Media {
        kind,
        media_type,
        source,
        name: None,
        detail: None,
    }
}

/// Files, say: they lie with Anthropic, where nobody else sees them.
fn not_taken(kind: &str, param: &str, taken: &str) -> Error {
    let message = format!("`{param}` is of type `{kind}`, which is not taken here, only {taken}");
    unsupported(param, message)
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = Source;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that says where it is")
    }

    fn visit_str<E: de::Error>(self, _text: &str) -> Result<Source, E> {
        Ok(Source::Text)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
        Fields::deserialize(MapAccessDeserializer::new(map)).map(|fields| Source::Fields(fields.into()))
    }
}
