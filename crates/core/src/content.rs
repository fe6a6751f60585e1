//! What a turn says: parts, of which most are text.

use std::{borrow::Cow, fmt};

use bytes::Bytes;

/// What a turn says, part after part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content(Vec<Part>);

/// A part of what a turn says.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text.
    Text(String),
    /// A picture, a document, sound or video.
    Media(Media),
    /// What an assistant thought before it spoke; goes back to the model that thought it, unchanged.
    Thought(Thought),
    /// Everything up to here should be kept computed for later requests that begin the same.
    CachePoint(CachePoint),
}

/// Something that is not text.
#[derive(Clone, PartialEq, Eq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Its media type, such as `image/png`.
    pub media_type: String,
    /// Where it is.
    pub source: MediaSource,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// How closely to look at a picture, in the client's own word.
    pub detail: Option<String>,
}

/// What a medium is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// Pages: PDF, text, a table.
    Document,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
}

/// Where a medium is.
#[derive(Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// Here.
    Bytes(Bytes),
    /// Elsewhere. Whoever needs its bytes fetches them, within the rules for that.
    Url(String),
}

/// A thought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thought {
    /// One that may be read.
    Open {
        /// The text.
        text: String,
        /// Proof that the model thought it.
        signature: Option<String>,
    },
    /// One that only the model can read.
    Sealed(String),
}

/// A place up to which a prompt is kept computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CachePoint {
    /// How long, where the client says.
    pub keep: Option<CacheSpan>,
}

/// How long a computed prompt is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheSpan {
    /// Five minutes.
    FiveMinutes,
    /// An hour.
    OneHour,
}

impl Content {
    /// The parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The parts, in order.
    pub fn into_parts(self) -> Vec<Part> {
        self.0
    }

    /// Adds a part at the end.
    pub fn push(&mut self, part: Part) {
        self.0.push(part);
    }

    /// Whether nothing is said: no part but empty text.
    pub fn is_empty(&self) -> bool {
        self.0
            .iter()
            .all(|part| matches!(part, Part::Text(text) if text.is_empty()))
    }

    /// The text of all parts that are text, a line each. Other parts are not in it.
    pub fn text(&self) -> Cow<'_, str> {
        let mut texts = self.texts();
        match (texts.next(), texts.next()) {
            (None, _) => Cow::Borrowed(""),
            (Some(only), None) => Cow::Borrowed(only),
            (Some(_), Some(_)) => Cow::Owned(self.texts().collect::<Vec<_>>().join("\n")),
        }
    }

    /// What is neither text nor a hint about caching, with its place among the parts.
    pub fn other_than_text(&self) -> impl Iterator<Item = (usize, &Part)> {
        self.0
            .iter()
            .enumerate()
            .filter(|(_, part)| !matches!(part, Part::Text(_) | Part::CachePoint(_)))
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

impl MediaKind {
    /// The word for it in errors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Document => "document",
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self(vec![Part::Text(text)])
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Vec<Part>> for Content {
    fn from(parts: Vec<Part>) -> Self {
        Self(parts)
    }
}

impl FromIterator<Part> for Content {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        Self(parts.into_iter().collect())
    }
}

/// Content of a client never reaches a log, so bytes and addresses (which may be data or carry keys)
/// are not shown.
impl fmt::Debug for MediaSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Url(_) => f.write_str("Url"),
        }
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media")
            .field("kind", &self.kind)
            .field("media_type", &self.media_type)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_text_parts_a_line_each() {
        let picture = Part::Media(Media {
            kind: MediaKind::Image,
            media_type: "image/png".into(),
            source: MediaSource::Bytes(Bytes::from_static(b"png")),
            name: None,
            detail: None,
        });
        let content: Content = [Part::Text("a".into()), picture, Part::Text("b".into())]
            .into_iter()
            .collect();
        assert_eq!(content.text(), "a\nb");
        assert_eq!(content.other_than_text().next().map(|(place, _)| place), Some(1));
        assert!(!content.is_empty() && Content::from("").is_empty() && Content::default().is_empty());
        assert!(matches!(Content::from("one").text(), Cow::Borrowed("one")));
    }

    #[test]
    fn debug_shows_no_bytes() {
        let source = MediaSource::Url("https://x/?key=secret".into());
        assert_eq!(format!("{source:?}"), "Url");
    }
}
