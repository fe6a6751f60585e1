//! What a message says: a string, or parts of which only text is taken.

use std::fmt;

use busbar_core::{Error, ErrorKind, Result};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};
use utoipa::ToSchema;

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
    /// `text`; on an assistant's turn also `refusal`. Pictures, sound and files are refused.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text of a `text` part.
    pub text: Option<String>,
    /// The text of a `refusal` part.
    pub refusal: Option<String>,
}

impl Content {
    /// The text of all parts, a line each. `param` is the field's own path.
    pub(super) fn into_text(self, param: &str) -> Result<String> {
        let parts = match self {
            Self::Text(text) => return Ok(text),
            Self::Parts(parts) => parts,
        };
        let texts: Vec<_> = parts
            .into_iter()
            .enumerate()
            .map(|(place, part)| part.into_text(&format!("{param}[{place}]")))
            .collect::<Result<_>>()?;
        Ok(texts.join("\n"))
    }
}

impl ContentPart {
    fn into_text(self, param: &str) -> Result<String> {
        let (field, text) = match self.kind.as_str() {
            "text" => ("text", self.text),
            "refusal" => ("refusal", self.refusal),
            "image_url" | "input_audio" | "file" => {
                let message = format!("`{param}` is of type `{}`; only text is taken here", self.kind);
                return Err(Error::new(ErrorKind::Unsupported, message)
                    .with_param(param)
                    .with_code("unsupported_content"));
            }
            other => {
                let param = format!("{param}.type");
                let message = format!("`{param}` must be `text`, not `{other}`");
                return Err(Error::invalid(param, message));
            }
        };
        text.ok_or_else(|| {
            let param = format!("{param}.{field}");
            let message = format!("`{param}` is missing");
            Error::invalid(param, message)
        })
    }
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
