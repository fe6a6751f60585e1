//! What turns consist of: blocks, each with one of its fields.
//!
//! Read as structs of optional fields rather than as enums, so that a complaint names the field as the
//! client wrote it: `messages[2].content[0].image.format`.

use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;

/// A turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Turn {
    /// `user`, `assistant` or `system`.
    pub role: String,
    /// What it says.
    pub content: Vec<Block>,
}

/// A block of a turn or of the instructions above all turns.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Block {
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<MediaBlock>,
    /// A document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<MediaBlock>,
    /// A tool that the model calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_use: Option<ToolUse>,
    /// What a tool answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_result: Option<ToolResult>,
    /// What the model thought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<ReasoningContent>,
    /// Everything up to here is to be kept computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_point: Option<CachePointBlock>,
    /// What a guardrail shall look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard_content: Option<GuardContent>,
    /// What a tool answered, as JSON; within a tool's result only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Box<RawValue>>,
    /// Not taken.
    #[serde(skip_serializing)]
    pub video: Option<Untaken>,
    /// Not taken.
    #[serde(skip_serializing)]
    pub audio: Option<Untaken>,
    /// Not taken.
    #[serde(skip_serializing)]
    pub citations_content: Option<Untaken>,
    /// Not taken.
    #[serde(skip_serializing)]
    pub search_result: Option<Untaken>,
    /// Not taken.
    #[serde(skip_serializing)]
    pub tool_addition: Option<Untaken>,
    /// Not taken.
    #[serde(skip_serializing)]
    pub tool_removal: Option<Untaken>,
}

/// Something that is there and is refused, whatever it says.
#[derive(Clone, Copy, Debug)]
pub struct Untaken;

/// A picture or a document.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MediaBlock {
    /// What its bytes are: `png`, `pdf`; a document may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// A document's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is.
    pub source: MediaPlace,
    /// Not taken: how a document is to be read for citations.
    #[serde(default, skip_serializing)]
    pub context: Option<Untaken>,
    /// Whether a document is to be cited; not taken where it is.
    #[serde(default, skip_serializing)]
    pub citations: Option<Citations>,
}

/// Where a picture or a document is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MediaPlace {
    /// Here, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    /// In S3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_location: Option<S3Location>,
    /// Here, as text; documents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Here, as blocks of text; documents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<DocumentText>>,
}

/// A piece of a document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DocumentText {
    /// What it says.
    pub text: String,
}

/// A place in S3.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct S3Location {
    /// `s3://…`.
    pub uri: String,
    /// Not taken: the account that the bucket belongs to.
    #[serde(default, skip_serializing)]
    pub bucket_owner: Option<Untaken>,
}

/// Whether a document is to be cited.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Citations {
    /// Whether.
    pub enabled: bool,
}

/// A tool that the model calls.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolUse {
    /// Ties the result to the call.
    pub tool_use_id: String,
    /// Which tool.
    pub name: String,
    /// Its arguments, kept as they were written.
    pub input: Box<RawValue>,
    /// `server_tool_use` where the host itself answers it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What a tool answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult {
    /// The call.
    pub tool_use_id: String,
    /// The answer.
    pub content: Vec<Block>,
    /// `success` or `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// What the model thought.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReasoningContent {
    /// What may be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_text: Option<ReasoningText>,
    /// What only the model can read, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redacted_content: Option<String>,
}

/// A thought that may be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReasoningText {
    /// The text.
    pub text: String,
    /// Proof that the model thought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// A place up to which a prompt is kept computed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CachePointBlock {
    /// `default`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `5m` or `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
}

/// What a guardrail shall look at.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GuardContent {
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<GuardText>,
    /// Not taken.
    #[serde(skip_serializing)]
    pub image: Option<Untaken>,
}

/// Text that a guardrail shall look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardText {
    /// The text.
    pub text: String,
    /// What it is to the guardrail: `grounding_source`, `query`, `guard_content`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifiers: Option<Vec<String>>,
}

impl Block {
    /// A block of text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }

    /// The name of what is here and is not taken.
    pub(super) fn untaken(&self) -> Option<&'static str> {
        let fields = [
            ("video", self.video),
            ("audio", self.audio),
            ("citationsContent", self.citations_content),
            ("searchResult", self.search_result),
            ("toolAddition", self.tool_addition),
            ("toolRemoval", self.tool_removal),
        ];
        fields.into_iter().find_map(|(name, there)| there.map(|_| name))
    }
}

impl<'de> Deserialize<'de> for Untaken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}
