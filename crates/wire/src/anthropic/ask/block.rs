//! What a turn says, as clients write it: a string, or blocks of many types in one shape.

use std::fmt;

use busbar_core::{CachePoint, Content, Error, Part, Result, Thought, ToolCall, ToolCallId};
use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::source::Source;
use crate::anthropic::{cache::CacheControl, missing, unsupported};

/// What a turn or the result of a tool says.
///
/// Read by hand rather than as an untagged enum, so that a complaint names the block.
#[derive(Debug)]
pub(super) enum Said {
    Text(String),
    Blocks(Vec<Block>),
    /// An object, which only blocks have that are refused anyway.
    Object,
}

/// A block of any type; each type has some of the fields.
#[derive(Debug, Deserialize)]
pub(super) struct Block {
    #[serde(rename = "type")]
    pub(super) kind: String,
    text: Option<String>,
    source: Option<Source>,
    title: Option<String>,
    context: Option<String>,
    citations: Option<Value>,
    transformations: Option<Value>,
    thinking: Option<String>,
    signature: Option<String>,
    data: Option<String>,
    id: Option<String>,
    name: Option<String>,
    input: Option<Box<RawValue>>,
    pub(super) tool_use_id: Option<String>,
    pub(super) content: Option<Said>,
    pub(super) is_error: Option<bool>,
    toolset_name: Option<String>,
    cache_control: Option<CacheControl>,
}

impl Said {
    /// The blocks, whichever way it was written. `param` is the field's own path.
    pub(super) fn into_blocks(self, param: &str) -> Result<Vec<Block>> {
        match self {
            Self::Text(text) => Ok(vec![Block::text(text)]),
            Self::Blocks(blocks) => Ok(blocks),
            Self::Object => {
                let message = format!("`{param}` must be a string or a list of blocks, not an object");
                Err(Error::invalid(param, message))
            }
        }
    }

    /// What blocks say that may stand anywhere: text, pictures, documents.
    pub(super) fn into_content(self, param: &str) -> Result<Content> {
        let mut parts = Vec::new();
        for (place, block) in self.into_blocks(param)?.into_iter().enumerate() {
            block.is_no_thought(&format!("{param}[{place}]"))?;
            let point = block.cache_point();
            parts.push(block.into_part(&format!("{param}[{place}]"))?);
            parts.extend(point.map(Part::CachePoint));
        }
        Ok(parts.into())
    }

    /// What instructions say: text.
    pub(super) fn into_instructions(self, param: &str) -> Result<Content> {
        let content = self.into_content(param)?;
        let other = content.other_than_text().next().map(|(place, _)| place);
        if let Some(place) = other {
            let field = format!("{param}[{place}]");
            let message = format!("`{field}` must be of type `text`: instructions are");
            return Err(Error::invalid(field, message));
        }
        Ok(content)
    }
}

impl Block {
    fn text(text: String) -> Self {
        Self {
            kind: "text".to_owned(),
            text: Some(text),
            source: None,
            title: None,
            context: None,
            citations: None,
            transformations: None,
            thinking: None,
            signature: None,
            data: None,
            id: None,
            name: None,
            input: None,
            tool_use_id: None,
            content: None,
            is_error: None,
            toolset_name: None,
            cache_control: None,
        }
    }

    /// Refuses what only an assistant's turn may have.
    pub(super) fn is_no_thought(&self, param: &str) -> Result<()> {
        if !matches!(self.kind.as_str(), "thinking" | "redacted_thinking") {
            return Ok(());
        }
        let message = format!(
            "`{param}` is of type `{}`, which may be in an assistant's turn only",
            self.kind
        );
        Err(Error::invalid(format!("{param}.type"), message))
    }

    /// The mark on it.
    pub(super) fn cache_point(&self) -> Option<CachePoint> {
        self.cache_control.map(CachePoint::from)
    }

    /// The part that it is; `param` is its own path.
    pub(super) fn into_part(self, param: &str) -> Result<Part> {
        self.has_only_what_can_be_kept(param)?;
        let field = |name: &str| missing(format!("{param}.{name}"));
        match self.kind.as_str() {
            "text" => self.text.map(Part::Text).ok_or_else(|| field("text")),
            "image" => {
                let source = self.source.ok_or_else(|| field("source"))?;
                source.into_image(&format!("{param}.source")).map(Part::Media)
            }
            "document" => {
                let source = self.source.ok_or_else(|| field("source"))?;
                source
                    .into_document(self.title, &format!("{param}.source"))
                    .map(Part::Media)
            }
            "thinking" => Ok(Part::Thought(Thought::Open {
                text: self.thinking.ok_or_else(|| field("thinking"))?,
                // Thoughts of models that do not sign go out with an empty signature, and so come back.
                signature: self.signature.filter(|signature| !signature.is_empty()),
            })),
            "redacted_thinking" => {
                let sealed = self.data.ok_or_else(|| field("data"))?;
                Ok(Part::Thought(Thought::Sealed(sealed)))
            }
            "tool_use" | "tool_result" => {
                let message = format!("`{param}` is of type `{}`, which must not stand here", self.kind);
                Err(Error::invalid(format!("{param}.type"), message))
            }
            other => {
                let message = format!("`{param}` is of type `{other}`, which is not taken here");
                Err(unsupported(format!("{param}.type"), message))
            }
        }
    }

    /// The tool call that a block of type `tool_use` is; `param` is its own path.
    pub(super) fn into_call(self, param: &str) -> Result<ToolCall> {
        self.has_only_what_can_be_kept(param)?;
        let field = |name: &str| missing(format!("{param}.{name}"));
        let id = self.id.filter(|id| !id.is_empty()).ok_or_else(|| field("id"))?;
        let name = self
            .name
            .filter(|name| !name.is_empty())
            .ok_or_else(|| field("name"))?;
        let input = self.input.ok_or_else(|| field("input"))?;
        if !input.get().starts_with('{') {
            let message = format!("`{param}.input` must be an object");
            return Err(Error::invalid(format!("{param}.input"), message));
        }
        Ok(ToolCall {
            id: ToolCallId::new(id),
            name,
            arguments: input.get().to_owned(),
        })
    }

    /// Fields that change what the model sees, but for which there is no word of ours.
    pub(super) fn has_only_what_can_be_kept(&self, param: &str) -> Result<()> {
        let cites = match &self.citations {
            Some(Value::Array(citations)) => !citations.is_empty(),
            Some(Value::Object(config)) => config.get("enabled") == Some(&Value::Bool(true)),
            _ => false,
        };
        let transforms = self.transformations.as_ref().and_then(Value::as_object);
        let fields = [
            ("citations", cites),
            (
                "context",
                self.context.as_ref().is_some_and(|context| !context.is_empty()),
            ),
            ("toolset_name", self.toolset_name.is_some()),
            (
                "transformations",
                transforms.is_some_and(|transforms| !transforms.is_empty()),
            ),
        ];
        match fields.iter().find(|(_, said)| *said) {
            Some((name, _)) => {
                let message =
                    format!("`{param}.{name}` cannot be kept to by the model that serves this request");
                Err(unsupported(format!("{param}.{name}"), message))
            }
            None => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SaidVisitor)
    }
}

struct SaidVisitor;

impl<'de> Visitor<'de> for SaidVisitor {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of blocks")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Said, E> {
        Ok(Said::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Said, E> {
        Ok(Said::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Said, A::Error> {
        let mut blocks = Vec::new();
        while let Some(block) = list.next_element()? {
            blocks.push(block);
        }
        Ok(Said::Blocks(blocks))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Said::Object)
    }
}
