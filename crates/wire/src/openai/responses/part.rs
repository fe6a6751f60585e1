//! Parts of what an input item says.

use std::{fmt, marker::PhantomData};

use busbar_core::{Error, ErrorKind, Media, MediaKind, MediaSource, Part, Result};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};
use utoipa::ToSchema;

use crate::openai::{CacheControl, media};

/// A text, or a list of something.
///
/// Read by hand rather than as an untagged enum, so that a complaint names the item.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum TextOrList<T> {
    /// Written as a string.
    Text(String),
    /// Written as a list.
    List(Vec<T>),
}

/// A part of what an item says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseInputPart)]
pub struct InputPart {
    /// `input_text`, `input_image`, `input_file`, `output_text`, `refusal`, and in what was thought
    /// `summary_text` and `reasoning_text`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text.
    pub text: Option<String>,
    /// The text of a `refusal`.
    pub refusal: Option<String>,
    /// The address of a picture, which may hold it.
    pub image_url: Option<String>,
    /// How closely to look.
    pub detail: Option<String>,
    /// Not taken: files are not stored here.
    pub file_id: Option<String>,
    /// A document: base64, or a `data:` address.
    pub file_data: Option<String>,
    /// Where a document is.
    pub file_url: Option<String>,
    /// A document's name.
    pub filename: Option<String>,
    /// Everything up to here should be kept computed.
    pub prompt_cache_breakpoint: Option<CacheControl>,
    /// The same as gateways write it.
    pub cache_control: Option<CacheControl>,
}

/// The parts of a message; `param` is the list's own path.
pub(super) fn parts(written: TextOrList<InputPart>, param: &str) -> Result<Vec<Part>> {
    let written = match written {
        TextOrList::Text(text) if text.is_empty() => return Ok(Vec::new()),
        TextOrList::Text(text) => return Ok(vec![Part::Text(text)]),
        TextOrList::List(parts) => parts,
    };
    let mut parts = Vec::with_capacity(written.len());
    for (place, part) in written.into_iter().enumerate() {
        let cached = part
            .prompt_cache_breakpoint
            .as_ref()
            .or(part.cache_control.as_ref());
        let point = cached.map(CacheControl::point);
        parts.push(part.into_part(&format!("{param}[{place}]"))?);
        parts.extend(point.map(Part::CachePoint));
    }
    Ok(parts)
}

impl InputPart {
    fn into_part(mut self, param: &str) -> Result<Part> {
        if self.file_id.is_some() {
            let field = format!("{param}.file_id");
            let message =
                format!("`{field}` names a stored file, and none are stored here: send the file itself");
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_param(field)
                .with_code("unsupported_content"));
        }
        match self.kind.as_str() {
            "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
                self.text.map(Part::Text).ok_or_else(|| missing(param, "text"))
            }
            "refusal" => self
                .refusal
                .map(Part::Text)
                .ok_or_else(|| missing(param, "refusal")),
            "input_image" => {
                let url = self.image_url.take().ok_or_else(|| missing(param, "image_url"))?;
                let mut image = media::at(MediaKind::Image, url, &format!("{param}.image_url"))?;
                image.detail = self.detail;
                Ok(Part::Media(image))
            }
            "input_file" => self.into_document(param).map(Part::Media),
            other => {
                let field = format!("{param}.type");
                let message = format!("`{field}` is `{other}`, which no part of an item is here");
                Err(Error::invalid(field, message))
            }
        }
    }

    fn into_document(self, param: &str) -> Result<Media> {
        if let Some(data) = self.file_data {
            return media::document(&data, self.filename, &format!("{param}.file_data"));
        }
        let url = self.file_url.ok_or_else(|| missing(param, "file_data"))?;
        let mut document = media::at(MediaKind::Document, url, &format!("{param}.file_url"))?;
        if matches!(document.source, MediaSource::Url(_)) {
            document.name = self.filename;
        }
        Ok(document)
    }
}

/// What is missing at a path.
pub(super) fn missing(param: &str, field: &str) -> Error {
    let param = format!("{param}.{field}");
    let message = format!("`{param}` is missing");
    Error::invalid(param, message)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TextOrList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrListVisitor(PhantomData))
    }
}

struct TextOrListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TextOrListVisitor<T> {
    type Value = TextOrList<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(TextOrList::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(TextOrList::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(TextOrList::List(items))
    }
}
