//! `InvokeModel`: bodies that models take by themselves, chosen by the model's id.
//!
//! Claude's are those of `anthropic`, in this framing.

mod chunk;
mod claude;
pub mod cohere;
pub mod embed;
pub mod images;
pub mod llama;
pub mod mistral;
pub mod mistral_chat;
pub mod nova;
pub(crate) mod numbers;
mod plain;
pub mod titan;
mod watch;

pub use chunk::{InvocationMetrics, InvokeReader, InvokeWriter};
pub use claude::Claude;
pub use cohere::{Cohere, CohereBody};
pub use llama::{Llama, LlamaBody};
pub use mistral::{Mistral, MistralBody};
pub use mistral_chat::MistralChat;
pub use nova::{Nova, NovaReader, NovaWriter};
pub use titan::{Titan, TitanBody};
pub use watch::watch;

use busbar_core::{ChatRequest, Format, ModelId, Result};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::{
    Family,
    converse::{Asked, ConverseBody},
};
use crate::{
    AnswerWriter, Head,
    anthropic::{self, MessagesBody, MessagesWriter, Variant},
    openai::chat::ChatBody,
    upstream::ChatFormat,
};

/// The header that says how many prompt tokens a whole answer read.
pub const INPUT_TOKENS_HEADER: &str = "x-amzn-bedrock-input-token-count";
/// The header that says how many prompt tokens of a whole answer were found computed.
pub const CACHE_READ_TOKENS_HEADER: &str = "x-amzn-bedrock-cache-read-input-token-count";
/// The header that says how many prompt tokens of a whole answer were computed and kept.
pub const CACHE_WRITE_TOKENS_HEADER: &str = "x-amzn-bedrock-cache-write-input-token-count";
/// The header that says how many tokens a whole answer wrote.
pub const OUTPUT_TOKENS_HEADER: &str = "x-amzn-bedrock-output-token-count";
/// The header that says how long a whole answer took, milliseconds.
pub const LATENCY_HEADER: &str = "x-amzn-bedrock-invocation-latency";

/// What a request's head says of how the service treats it.
pub const HEADERS: &[&str] = &[
    "x-amzn-bedrock-guardrailidentifier",
    "x-amzn-bedrock-guardrailversion",
    "x-amzn-bedrock-performanceconfig-latency",
    "x-amzn-bedrock-service-tier",
    "x-amzn-bedrock-trace",
];

/// Those of them that change what may be answered: a request that is not passed on cannot have them.
const GUARDS: &[&str] = &[
    "x-amzn-bedrock-guardrailidentifier",
    "x-amzn-bedrock-guardrailversion",
];

/// Refuses what a head says that only the service itself can keep to. How fast it answers, and what it
/// tells about it, is left to whoever serves.
///
/// # Errors
/// `Unsupported`, naming the header.
pub fn check_headers(heads: &[(&'static str, String)]) -> Result<()> {
    match heads.iter().find(|(name, _)| GUARDS.contains(name)) {
        Some((name, _)) => {
            let message =
                format!("the model that serves this request knows no guardrails of `{name}`; leave it out");
            Err(super::unsupported(*name, message))
        }
        None => Ok(()),
    }
}

/// A body that asks for text, in a model's own format.
#[derive(Debug)]
pub enum InvokeBody {
    /// Anthropic's.
    Claude(Box<MessagesBody>),
    /// Nova's.
    Nova(Box<ConverseBody>),
    /// Titan's.
    Titan(TitanBody),
    /// Llama's.
    Llama(LlamaBody),
    /// Mistral's prompts.
    Mistral(MistralBody),
    /// Mistral's conversations.
    MistralChat(Box<ChatBody>),
    /// Cohere's.
    Cohere(Box<CohereBody>),
}

/// What tells formats apart where the model's id does not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Marks {
    anthropic_version: Option<IgnoredAny>,
    #[serde(rename = "inputText")]
    input_text: Option<IgnoredAny>,
    messages: Option<Vec<Turn>>,
    message: Option<IgnoredAny>,
    max_gen_len: Option<IgnoredAny>,
}

/// A turn of a conversation, as far as it tells formats apart.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Turn {
    content: Value,
}

impl Turn {
    /// Nova's turns are lists of parts, which are named by their only field; chat completions' are text, or
    /// parts that say their type.
    fn is_of_chat_completions(&self) -> bool {
        match &self.content {
            Value::Array(parts) => parts.first().is_some_and(|part| part.get("type").is_some()),
            content => content.is_string(),
        }
    }
}

impl InvokeBody {
    /// Reads a body for a model of this family. Where the id does not tell whose the model is, the body
    /// does.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON; `Unsupported` where models of
    /// the family do not answer in text.
    pub fn read(bytes: &[u8], family: Family) -> Result<Self> {
        match family {
            Family::Claude => {
                MessagesBody::read(bytes, Variant::Bedrock).map(|body| Self::Claude(body.into()))
            }
            Family::Nova => ConverseBody::read(bytes).map(|body| Self::Nova(body.into())),
            Family::TitanText => TitanBody::read(bytes).map(Self::Titan),
            Family::Llama => LlamaBody::read(bytes).map(Self::Llama),
            Family::Mistral | Family::MistralChat => mistral(bytes),
            Family::Cohere => CohereBody::read(bytes).map(|body| Self::Cohere(body.into())),
            Family::Other => Self::read(bytes, by_marks(bytes)?),
            Family::NovaCanvas
            | Family::TitanEmbed
            | Family::CohereEmbed
            | Family::TitanImage
            | Family::Stability => {
                let message = "models of this kind do not answer in text";
                Err(super::unsupported("modelId", message))
            }
        }
    }

    /// Whose format it is.
    pub fn family(&self) -> Family {
        match self {
            Self::Claude(_) => Family::Claude,
            Self::Nova(_) => Family::Nova,
            Self::Titan(_) => Family::TitanText,
            Self::Llama(_) => Family::Llama,
            Self::Mistral(_) => Family::Mistral,
            Self::MistralChat(_) => Family::MistralChat,
            Self::Cohere(_) => Family::Cohere,
        }
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field as the client wrote it.
    pub fn into_request(self, asked: Asked) -> Result<ChatRequest> {
        match self {
            Self::Claude(body) => claude::into_request(*body, asked),
            Self::Nova(body) => body.into_request_of(asked, nova::FORMAT),
            Self::Titan(body) => body.into_request(asked),
            Self::Llama(body) => body.into_request(asked),
            Self::Mistral(body) => body.into_request(asked),
            Self::MistralChat(body) => mistral_chat::into_request(*body, asked),
            Self::Cohere(body) => body.into_request(asked),
        }
    }
}

/// Mistral's models take a prompt or a conversation; which, the body says.
fn mistral(bytes: &[u8]) -> Result<InvokeBody> {
    #[derive(Deserialize)]
    struct Marks {
        messages: Option<IgnoredAny>,
    }
    let marks: Marks = crate::body::read(bytes)?;
    match marks.messages {
        Some(_) => ChatBody::read(bytes).map(|body| InvokeBody::MistralChat(body.into())),
        None => MistralBody::read(bytes).map(InvokeBody::Mistral),
    }
}

fn by_marks(bytes: &[u8]) -> Result<Family> {
    let marks: Marks = crate::body::read(bytes)?;
    Ok(match marks {
        Marks {
            anthropic_version: Some(_),
            ..
        } => Family::Claude,
        Marks {
            input_text: Some(_), ..
        } => Family::TitanText,
        Marks {
            messages: Some(turns),
            ..
        } if turns.iter().any(Turn::is_of_chat_completions) => Family::MistralChat,
        Marks {
            messages: Some(_), ..
        } => Family::Nova,
        Marks { message: Some(_), .. } => Family::Cohere,
        Marks {
            max_gen_len: Some(_), ..
        } => Family::Llama,
        Marks { .. } => Family::Mistral,
    })
}

/// The name of a family's own format, for those that answer in text.
pub fn format(family: Family) -> Option<Format> {
    chat_format(family).map(ChatFormat::name)
}

/// A family's own format for hosts elsewhere, for those that answer in text.
pub fn chat_format(family: Family) -> Option<&'static dyn ChatFormat> {
    match family {
        Family::Claude => Some(&Claude),
        Family::Nova => Some(&Nova),
        Family::TitanText => Some(&plain::PlainChat(Titan)),
        Family::Llama => Some(&plain::PlainChat(Llama)),
        Family::Mistral => Some(&plain::PlainChat(Mistral)),
        Family::MistralChat => Some(&MistralChat),
        Family::Cohere => Some(&Cohere),
        _ => None,
    }
}

/// A writer of answers in a family's own format, framed; for those that answer in text.
pub fn writer(family: Family, head: Head) -> Option<InvokeWriter> {
    let own: Box<dyn AnswerWriter> = match family {
        Family::Claude => Box::new(MessagesWriter::new(head, Variant::Bedrock)),
        Family::Nova => Box::new(NovaWriter::new(&head)),
        Family::TitanText => Box::new(plain::PlainWriter(Titan)),
        Family::Llama => Box::new(plain::PlainWriter(Llama)),
        Family::Mistral => Box::new(plain::PlainWriter(Mistral)),
        Family::MistralChat => Box::new(mistral_chat::MistralChatWriter::new()),
        Family::Cohere => Box::new(cohere::CohereWriter::new(head)),
        _ => return None,
    };
    Some(InvokeWriter::new(own))
}

/// Whether requests of this format are in a model's own format.
pub fn is_own(name: Format) -> bool {
    [
        anthropic::BEDROCK_FORMAT,
        nova::FORMAT,
        titan::FORMAT,
        llama::FORMAT,
        mistral::FORMAT,
        mistral_chat::FORMAT,
        cohere::FORMAT,
    ]
    .contains(&name)
}

/// The request, as what stands in its path says.
fn asked(mut request: ChatRequest, model: ModelId, whole: bool) -> ChatRequest {
    request.model = model;
    request.whole = whole;
    request
}
