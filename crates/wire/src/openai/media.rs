//! Pictures, documents and sound, as the dialect's parts carry them: `data:` addresses, base64, or an
//! address elsewhere. Nothing is fetched here.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use busbar_core::{Error, Media, MediaKind, MediaSource, Result};
use bytes::Bytes;

use super::unsupported;

/// Some clients leave the padding away.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a document is where nobody says.
const PDF: &str = "application/pdf";

/// Media types of documents by how their names end.
const DOCUMENTS: &[(&str, &str)] = &[
    ("pdf", PDF),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
];

/// What is at an address, which may hold it. `param` is the address's own path.
pub(super) fn at(kind: MediaKind, url: String, param: &str) -> Result<Media> {
    let (media_type, source) = if let Some(data) = strip_scheme(&url, "data:") {
        let (media_type, bytes) = data_url(data, param)?;
        let media_type = media_type.map_or_else(|| some(kind), str::to_owned);
        (media_type, MediaSource::Bytes(bytes))
    } else if strip_scheme(&url, "https://").is_some() || strip_scheme(&url, "http://").is_some() {
        (some(kind), MediaSource::Url(url))
    } else {
        let message = format!("`{param}` must begin with `https://`, `http://` or `data:`");
        return Err(Error::invalid(param, message));
    };
    Ok(plain(kind, media_type, source))
}

/// A document: base64 by itself, or an address that has it.
pub(super) fn document(data: &str, name: Option<String>, param: &str) -> Result<Media> {
    if strip_scheme(data, "https://")
        .or(strip_scheme(data, "http://"))
        .is_some()
    {
        let there = at(MediaKind::Document, data.to_owned(), param)?;
        return Ok(Media { name, ..there });
    }
    let (told, bytes) = match strip_scheme(data, "data:") {
        Some(rest) => data_url(rest, param)?,
        None => (None, decode(data, param)?),
    };
    let media_type = told
        .or_else(|| by_name(name.as_deref()?))
        .unwrap_or(PDF)
        .to_owned();
    Ok(Media {
        name,
        ..plain(MediaKind::Document, media_type, MediaSource::Bytes(bytes))
    })
}

/// Sound: base64 of a format by its short name.
pub(super) fn sound(data: &str, format: &str, param: &str) -> Result<Media> {
    let media_type = match format {
        "mp3" => "audio/mpeg".to_owned(),
        other => format!("audio/{other}"),
    };
    let source = MediaSource::Bytes(decode(data, param)?);
    Ok(plain(MediaKind::Audio, media_type, source))
}

/// The short name of a format of sound, where the dialect has one.
pub(super) fn sound_format(media_type: &str) -> Option<&'static str> {
    match media_type {
        "audio/mpeg" | "audio/mp3" => Some("mp3"),
        "audio/wav" | "audio/x-wav" | "audio/wave" => Some("wav"),
        _ => None,
    }
}

/// The address of a medium: its own, or one that holds it.
pub(super) fn url_of(media: &Media) -> String {
    match &media.source {
        MediaSource::Url(url) => url.clone(),
        MediaSource::Bytes(bytes) => format!("data:{};base64,{}", media.media_type, STANDARD.encode(bytes)),
    }
}

/// Whether hosts elsewhere can fetch what is at an address. Of other places (`s3://`) only some can.
pub(crate) fn is_on_the_web(url: &str) -> bool {
    strip_scheme(url, "https://")
        .or(strip_scheme(url, "http://"))
        .is_some()
}

/// Refuses what is at a place where this model's host cannot look.
pub(super) fn check_place(media: &Media, param: &str) -> Result<()> {
    match &media.source {
        MediaSource::Url(url) if !is_on_the_web(url) => {
            let message = format!(
                "`{param}` is neither bytes nor an address on the web, and this model's host takes no others"
            );
            Err(unsupported(param, message))
        }
        _ => Ok(()),
    }
}

/// Bytes as base64.
pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn plain(kind: MediaKind, media_type: String, source: MediaSource) -> Media {
    Media {
        kind,
        media_type,
        source,
        name: None,
        detail: None,
    }
}

/// The media type of something of which only the kind is known.
fn some(kind: MediaKind) -> String {
    match kind {
        MediaKind::Document => PDF.to_owned(),
        other => format!("{}/*", other.as_str()),
    }
}

fn by_name(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    let known = DOCUMENTS
        .iter()
        .find(|(known, _)| ending.eq_ignore_ascii_case(known))?;
    Some(known.1)
}

fn strip_scheme<'a>(url: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = url.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The media type and the bytes of what stands behind `data:`.
fn data_url<'a>(rest: &'a str, param: &str) -> Result<(Option<&'a str>, Bytes)> {
    let Some((head, data)) = rest.split_once(";base64,") else {
        let message = format!("`{param}` must be `data:<media type>;base64,<data>`");
        return Err(Error::invalid(param, message));
    };
    let media_type = head.split(';').next().filter(|name| !name.is_empty());
    Ok((media_type, decode(data, param)?))
}

fn decode(data: &str, param: &str) -> Result<Bytes> {
    let bytes = LENIENT
        .decode(data.trim())
        .map_err(|error| Error::invalid(param, format!("`{param}` is not base64: {error}")))?;
    Ok(bytes.into())
}
