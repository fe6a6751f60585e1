//! Pictures and documents, in both directions.

use std::collections::HashSet;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_core::{Error, Media, MediaKind, MediaSource, Result};

use super::block::{MediaBlock, MediaPlace, S3Location};
use crate::bedrock::unsupported;

/// The formats that pictures have here, with their media types.
const IMAGES: &[(&str, &str)] = &[
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

/// The formats that documents have here, with their media types.
const DOCUMENTS: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
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
    ("html", "text/html"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
];

/// What a document is called that has no name: the format demands one.
const NAMELESS: &str = "document";

/// A block's picture or document. `param` is the field's own path.
pub(super) fn read(kind: MediaKind, block: MediaBlock, param: &str) -> Result<Media> {
    if block.context.is_some() {
        let param = format!("{param}.context");
        return Err(unsupported(
            &*param,
            format!("`{param}` is not taken: say it in a text"),
        ));
    }
    if block.citations.is_some_and(|citations| citations.enabled) {
        let param = format!("{param}.citations");
        return Err(unsupported(
            &*param,
            format!("`{param}` is not taken: answers have no citations"),
        ));
    }
    let (source, is_text) = source(block.source, param)?;
    let format = match (block.format, kind, is_text) {
        (Some(format), ..) => format,
        (None, MediaKind::Document, true) => "txt".to_owned(),
        _ => {
            let param = format!("{param}.format");
            return Err(Error::invalid(&*param, format!("`{param}` is missing")));
        }
    };
    Ok(Media {
        kind,
        media_type: media_type(kind, &format, param)?.to_owned(),
        source,
        name: block.name,
        detail: None,
    })
}

/// Where it is, and whether it was written as text.
fn source(place: MediaPlace, param: &str) -> Result<(MediaSource, bool)> {
    let param = format!("{param}.source");
    if let Some(bytes) = place.bytes {
        let decoded = BASE64_STANDARD.decode(bytes).map_err(|error| {
            let param = format!("{param}.bytes");
            Error::invalid(&*param, format!("`{param}` is not base64")).with_source(error)
        })?;
        return Ok((MediaSource::Bytes(decoded.into()), false));
    }
    if let Some(S3Location { uri, bucket_owner }) = place.s3_location {
        if bucket_owner.is_some() {
            let param = format!("{param}.s3Location.bucketOwner");
            return Err(unsupported(&*param, format!("`{param}` is not taken")));
        }
        return Ok((MediaSource::Url(uri), false));
    }
    let text = match (place.text, place.content) {
        (Some(text), _) => text,
        (None, Some(pieces)) => {
            let pieces: Vec<_> = pieces.into_iter().map(|piece| piece.text).collect();
            pieces.join("\n")
        }
        (None, None) => {
            let message = format!("`{param}` must have `bytes` or `s3Location`");
            return Err(Error::invalid(param, message));
        }
    };
    Ok((MediaSource::Bytes(text.into()), true))
}

fn formats(kind: MediaKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        MediaKind::Image => IMAGES,
        MediaKind::Document => DOCUMENTS,
        MediaKind::Audio | MediaKind::Video => &[],
    }
}

fn media_type(kind: MediaKind, format: &str, param: &str) -> Result<&'static str> {
    let mut formats = formats(kind).iter();
    let found = formats
        .find(|(known, _)| *known == format)
        .map(|(_, media_type)| *media_type);
    found.ok_or_else(|| {
        let param = format!("{param}.format");
        let message = format!("`{param}` is no format of a {}: `{format}`", kind.as_str());
        Error::invalid(param, message)
    })
}

/// A picture or document as a block. `param` is the part's own path.
pub(super) fn write(media: &Media, names: &mut Names, param: &str) -> Result<MediaBlock> {
    let essence = media.media_type.split(';').next().unwrap_or_default().trim();
    // A name that many use for JPEG.
    let essence = if essence == "image/jpg" {
        "image/jpeg"
    } else {
        essence
    };
    let mut formats = formats(media.kind).iter();
    let Some((format, _)) = formats.find(|(_, media_type)| *media_type == essence) else {
        let message = format!(
            "`{param}` is {} of the type `{}`, which this model's host does not take",
            media.kind.as_str(),
            media.media_type
        );
        return Err(unsupported(param, message));
    };
    let source = match &media.source {
        MediaSource::Bytes(bytes) => MediaPlace {
            bytes: Some(BASE64_STANDARD.encode(bytes)),
            ..MediaPlace::default()
        },
        MediaSource::Url(url) if url.starts_with("s3://") => MediaPlace {
            s3_location: Some(S3Location {
                uri: url.clone(),
                bucket_owner: None,
            }),
            ..MediaPlace::default()
        },
        MediaSource::Url(_) => {
            let message =
                format!("`{param}` is an address; this model's host takes bytes or places in S3 only");
            return Err(unsupported(param, message));
        }
    };
    let is_document = media.kind == MediaKind::Document;
    Ok(MediaBlock {
        format: Some((*format).to_owned()),
        name: is_document.then(|| names.next(media.name.as_deref().unwrap_or_default())),
        source,
        ..MediaBlock::default()
    })
}

/// The names of a request's documents: the service refuses two of one name.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A name for the next document, as much its own as can be.
    fn next(&mut self, wanted: &str) -> String {
        let first = name(wanted);
        let mut unique = first.clone();
        let mut number = 2;
        while !self.0.insert(unique.clone()) {
            unique = format!("{first} ({number})");
            number += 1;
        }
        unique
    }
}

/// A name as the service takes it: letters, digits, single spaces, hyphens and brackets, at most 200.
fn name(name: &str) -> String {
    let mut allowed = String::new();
    for character in name.chars().take(200) {
        match character {
            _ if character.is_ascii_alphanumeric() || "-()[]".contains(character) => allowed.push(character),
            _ if character.is_whitespace() && allowed.ends_with(' ') => {}
            _ if character.is_whitespace() => allowed.push(' '),
            _ => allowed.push('-'),
        }
    }
    match allowed.trim() {
        "" => NAMELESS.to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_to_fit() {
        assert_eq!(name("Q3 report (final).pdf"), "Q3 report (final)-pdf");
        assert_eq!(name(" a \t b "), "a b");
        assert_eq!(name(""), "document");
        assert_eq!(name(&"x".repeat(300)).len(), 200);
        let mut names = Names::default();
        assert_eq!(
            [names.next("a"), names.next("a"), names.next("a")],
            ["a", "a (2)", "a (3)"]
        );
    }
}
