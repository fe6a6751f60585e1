//! The blocks of a turn, as they are sent.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_core::{CachePoint, Media, MediaKind, MediaSource, Part, Result, Thought, ToolCall};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    anthropic::{Variant, arguments, ask::PLAIN, cache::CacheControl, unsupported},
    openai::is_on_the_web,
};

/// What a turn, the instructions or the result of a tool say.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Said<'a> {
    Text(&'a str),
    Blocks(Vec<Marked<'a>>),
}

/// A block, and the mark on it.
#[derive(Debug, Serialize)]
pub(super) struct Marked<'a> {
    #[serde(flatten)]
    pub(super) block: Block<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<CacheControl>,
}

/// A block.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Cow<'a, RawValue>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Said<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

/// Where a picture or a document is.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 { media_type: &'a str, data: String },
    Text { media_type: &'static str, data: &'a str },
    Url { url: &'a str },
}

impl<'a> Said<'a> {
    /// Blocks in the shortest way; `None` where nothing is said.
    pub(super) fn of(mut blocks: Vec<Marked<'a>>) -> Option<Self> {
        match blocks.as_mut_slice() {
            [] => None,
            [
                Marked {
                    block: Block::Text { text },
                    cache_control: None,
                },
            ] => Some(Self::Text(text)),
            _ => Some(Self::Blocks(blocks)),
        }
    }
}

impl<'a> Marked<'a> {
    pub(super) fn plain(block: Block<'a>) -> Self {
        Self {
            block,
            cache_control: None,
        }
    }

    /// Thoughts cannot have a mark.
    pub(super) fn takes_mark(&self) -> bool {
        !matches!(
            self.block,
            Block::Thinking { .. } | Block::RedactedThinking { .. }
        )
    }
}

impl<'a> Block<'a> {
    /// The block for a part that says something; `param` is the part's place.
    pub(super) fn of(part: &'a Part, param: &str, variant: Variant) -> Result<Option<Self>> {
        match part {
            // Empty text is refused.
            Part::Text(text) => Ok((!text.is_empty()).then_some(Self::Text { text })),
            Part::Media(media) => Self::media(media, param, variant).map(Some),
            Part::Thought(Thought::Open { text, signature }) => Ok(Some(Self::Thinking {
                thinking: text,
                signature: signature.as_deref().unwrap_or_default(),
            })),
            Part::Thought(Thought::Sealed(data)) => Ok(Some(Self::RedactedThinking { data })),
            Part::CachePoint(_) => Ok(None),
        }
    }

    /// The block for a tool call.
    pub(super) fn call(call: &'a ToolCall) -> Self {
        Self::ToolUse {
            id: id(call.id.as_str()),
            name: &call.name,
            input: arguments::object(&call.arguments),
        }
    }

    /// A picture's `detail` is how little of it may be looked at; here it is always looked at whole.
    fn media(media: &'a Media, param: &str, variant: Variant) -> Result<Self> {
        match media.kind {
            MediaKind::Image => Ok(Self::Image {
                source: Source::binary(media, param, variant)?,
            }),
            MediaKind::Document => Ok(Self::Document {
                source: Source::document(media, param, variant)?,
                title: media.name.as_deref(),
            }),
            MediaKind::Audio | MediaKind::Video => {
                let message = format!(
                    "`{param}` is {}, which this model does not take",
                    media.kind.as_str()
                );
                Err(unsupported(param, message))
            }
        }
    }
}

impl<'a> Source<'a> {
    fn document(media: &'a Media, param: &str, variant: Variant) -> Result<Self> {
        let MediaSource::Bytes(bytes) = &media.source else {
            return Self::binary(media, param, variant);
        };
        if !media.media_type.starts_with("text/") {
            return Self::binary(media, param, variant);
        }
        match std::str::from_utf8(bytes) {
            // CSV, Markdown and the like are plain text to the model; only the name of their type is lost.
            Ok(data) => Ok(Self::Text {
                media_type: PLAIN,
                data,
            }),
            Err(_) => {
                let message = format!("`{param}` is text that is not UTF-8, which this model does not take");
                Err(unsupported(param, message))
            }
        }
    }

    fn binary(media: &'a Media, param: &str, variant: Variant) -> Result<Self> {
        match &media.source {
            MediaSource::Bytes(bytes) => Ok(Self::Base64 {
                media_type: &media.media_type,
                data: BASE64_STANDARD.encode(bytes),
            }),
            MediaSource::Url(url) if variant == Variant::Direct && is_on_the_web(url) => {
                Ok(Self::Url { url })
            }
            MediaSource::Url(_) => {
                let message =
                    format!("`{param}` is given by its address; this model's host takes bytes only");
                Err(unsupported(param, message))
            }
        }
    }
}

/// A mark.
pub(super) fn mark(point: CachePoint) -> CacheControl {
    CacheControl::from(point)
}

/// The id of a call. Those of other formats have letters that are refused here; the call and its result
/// change alike.
pub(super) fn id(id: &str) -> Cow<'_, str> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if id.chars().all(fits) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(id.replace(|letter| !fits(letter), "_"))
}
