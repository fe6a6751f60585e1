//! Model ids as Bedrock has them: plain ids, inference profiles and ARNs, and where they stand in paths.
//!
//! **Invariant:** an id that was read here is one segment of a path once it is written there; whatever
//! a client calls its model, the path stays the one of the operation.

use std::fmt;

use busbar_core::{Error, ErrorKind, Result};

/// The longest id that the service takes, bytes.
const LONGEST: usize = 2048;

/// What ids consist of beside letters and digits.
const MARKS: &[u8] = b"-_.:/@+";

/// A model's id, checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BedrockModelId(String);

/// Whose model an id names, which decides how it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Anthropic's.
    Claude,
    /// Amazon's that answer in text.
    Nova,
    /// Amazon's that make pictures.
    NovaCanvas,
    /// Amazon's older ones for text.
    TitanText,
    /// Amazon's for vectors.
    TitanEmbed,
    /// Amazon's older ones for pictures.
    TitanImage,
    /// Meta's.
    Llama,
    /// Mistral's that take a prompt.
    Mistral,
    /// Mistral's that take a conversation; some of them take a prompt, too.
    MistralChat,
    /// Cohere's that answer in text.
    Cohere,
    /// Cohere's for vectors.
    CohereEmbed,
    /// Stability's, for pictures.
    Stability,
    /// Somebody else's, or an ARN that does not tell.
    Other,
}

/// What is done with a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A conversation, answered whole.
    Converse,
    /// A conversation, answered in pieces.
    ConverseStream,
    /// A body of the model's own, answered whole.
    Invoke,
    /// A body of the model's own, answered in pieces.
    InvokeStream,
    /// How many tokens a request has.
    CountTokens,
}

/// What ids begin with, longest first where one is the beginning of another.
const FAMILIES: &[(&str, Family)] = &[
    ("anthropic.claude", Family::Claude),
    ("amazon.nova-canvas", Family::NovaCanvas),
    ("amazon.nova-reel", Family::Other),
    ("amazon.nova-sonic", Family::Other),
    ("amazon.nova", Family::Nova),
    ("amazon.titan-embed", Family::TitanEmbed),
    ("amazon.titan-image", Family::TitanImage),
    ("amazon.titan", Family::TitanText),
    ("meta.llama", Family::Llama),
    ("mistral.mistral-7b", Family::Mistral),
    ("mistral.mixtral", Family::Mistral),
    ("mistral.mistral-small-2402", Family::Mistral),
    ("mistral.", Family::MistralChat),
    ("cohere.command-r", Family::Cohere),
    ("cohere.embed", Family::CohereEmbed),
    ("stability.", Family::Stability),
];

impl BedrockModelId {
    /// Reads an id as it is, not as it stands in a path.
    ///
    /// # Errors
    /// `Invalid` with the field `modelId` where it is none.
    pub fn parse(id: &str) -> Result<Self> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || MARKS.contains(&byte);
        if id.is_empty() || id.len() > LONGEST || !id.bytes().all(known) {
            return Err(refused("it must be 1 to 2048 letters, digits and `-_.:/@+`"));
        }
        // Percent-encoding does not help here: many readers of paths decode dots first.
        let walks = |segment: &str| segment.bytes().all(|byte| byte == b'.');
        if id.split('/').any(walks) {
            return Err(refused("its parts must not be empty or dots alone"));
        }
        Ok(Self(id.to_owned()))
    }

    /// Reads an id as it stands in a path. It is decoded once: what is encoded twice is no id.
    ///
    /// # Errors
    /// `Invalid` with the field `modelId` where it is none.
    pub fn from_path(text: &str) -> Result<Self> {
        let decoded = decode(text).ok_or_else(|| refused("it is not percent-encoded UTF-8"))?;
        Self::parse(&decoded)
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as one segment of a path.
    pub fn segment(&self) -> String {
        encode(&self.0)
    }

    /// Whose model it is.
    pub fn family(&self) -> Family {
        Family::of(&self.0)
    }
}

impl fmt::Display for BedrockModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Family {
    /// Whose model an id names. Regions before it (`eu.`, `global.`) and ARNs around it do not count.
    pub fn of(id: &str) -> Self {
        let id = match id.strip_prefix("arn:") {
            Some(arn) => match arn.rsplit_once('/') {
                Some((kind, name)) if tells(kind) => name,
                _ => return Self::Other,
            },
            None => id,
        };
        let without_region = id.split_once('.').map_or(id, |(_, rest)| rest);
        [id, without_region]
            .into_iter()
            .find_map(named)
            .unwrap_or(Self::Other)
    }
}

/// Whether an ARN of this kind ends in the name of a model rather than in a number.
fn tells(arn: &str) -> bool {
    arn.ends_with(":foundation-model") || arn.ends_with(":inference-profile")
}

fn named(id: &str) -> Option<Family> {
    let mut families = FAMILIES.iter();
    families
        .find(|(start, _)| id.starts_with(start))
        .map(|(_, family)| *family)
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 5] = [
        Self::Converse,
        Self::ConverseStream,
        Self::Invoke,
        Self::InvokeStream,
        Self::CountTokens,
    ];

    /// The last segment of its path.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::Invoke => "invoke",
            Self::InvokeStream => "invoke-with-response-stream",
            Self::CountTokens => "count-tokens",
        }
    }

    /// Its path, for a model.
    pub fn path(self, model: &BedrockModelId) -> String {
        format!("/model/{}/{}", model.segment(), self.segment())
    }

    /// The operation and the model of a path as it came, still encoded. Clients that leave the slashes
    /// of ARNs as they are are understood too. `None` where it is no path of this service.
    pub fn of_path(path: &str) -> Option<(Self, Result<BedrockModelId>)> {
        let (model, last) = path.strip_prefix("/model/")?.rsplit_once('/')?;
        let operation = Self::ALL
            .into_iter()
            .find(|operation| operation.segment() == last)?;
        Some((operation, BedrockModelId::from_path(model)))
    }
}

fn refused(why: &str) -> Error {
    // Not quoted: it may be anything.
    Error::new(
        ErrorKind::Invalid,
        format!("the model id in the path is not one: {why}"),
    )
    .with_param("modelId")
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        decoded.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    String::from_utf8(decoded).ok()
}
