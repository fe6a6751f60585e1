//! Vendors and servers that speak OpenAI's format: a row each, no code. Most live elsewhere; some are
//! run by people themselves and need no key.

use busbar_core::Model;
use busbar_wire::openai::hosts::{
    BUSBAR, COMPATIBLE, ENGINE, OpenAiChat, Quirks,
    quirks::{ReasoningWords, SamplingWords, SchemaWords, StreamUsage, ThoughtWords},
};
use serde::Deserialize;

use super::{
    Shared,
    openai::{OfModel, Speaker},
};
use crate::{
    auth::Auth,
    endpoint::Endpoint,
    host::Host,
    settings::{self, Problem, Section},
};

/// One of them.
#[derive(Debug)]
pub struct Row {
    /// What stands in the configuration.
    pub kind: &'static str,
    /// Where it is; `None`: the configuration says.
    pub endpoint: Option<&'static str>,
    /// Where its own clients look for the key; `None`: it needs none.
    pub key_variable: Option<&'static str>,
    /// The header of the key where it is no bearer's.
    pub key_header: Option<&'static str>,
    /// How it is spoken to.
    format: &'static OpenAiChat,
    quirks: Quirks,
}

/// A service elsewhere with a key.
const fn service(kind: &'static str, endpoint: &'static str, key_variable: &'static str) -> Row {
    Row {
        kind,
        endpoint: Some(endpoint),
        key_variable: Some(key_variable),
        key_header: None,
        format: &COMPATIBLE,
        quirks: Quirks::COMPATIBLE,
    }
}

/// A server that people run themselves.
const fn server(kind: &'static str, endpoint: &'static str) -> Row {
    Row {
        kind,
        endpoint: Some(endpoint),
        key_variable: None,
        key_header: None,
        format: &ENGINE,
        quirks: Quirks::ENGINE,
    }
}

const MISTRAL: Quirks = Quirks {
    // Its usage comes unasked, and the field is refused.
    stream_usage: StreamUsage::NeverAsked,
    reasoning: ReasoningWords::None,
    ..Quirks::COMPATIBLE
};
const DEEPSEEK: Quirks = Quirks {
    schema: SchemaWords::JsonOnly,
    reasoning: ReasoningWords::None,
    thoughts: ThoughtWords::Text,
    ..Quirks::COMPATIBLE
};
const OPENROUTER: Quirks = Quirks {
    sampling: SamplingWords::Open,
    reasoning: ReasoningWords::Object,
    ..Quirks::COMPATIBLE
};
const OPEN_WEIGHTS: Quirks = Quirks {
    sampling: SamplingWords::Open,
    ..Quirks::COMPATIBLE
};
static MISTRAL_CHAT: OpenAiChat = OpenAiChat::new(MISTRAL);
static DEEPSEEK_CHAT: OpenAiChat = OpenAiChat::new(DEEPSEEK);
static OPENROUTER_CHAT: OpenAiChat = OpenAiChat::new(OPENROUTER);
static OPEN_WEIGHTS_CHAT: OpenAiChat = OpenAiChat::new(OPEN_WEIGHTS);

/// All of them.
pub static ROWS: &[Row] = &[
    server("vllm", "http://127.0.0.1:8000/v1"),
    server("sglang", "http://127.0.0.1:30000/v1"),
    server("llama-server", "http://127.0.0.1:8080/v1"),
    server("ollama", "http://127.0.0.1:11434/v1"),
    server("lm-studio", "http://127.0.0.1:1234/v1"),
    service("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    Row {
        format: &OPEN_WEIGHTS_CHAT,
        quirks: OPEN_WEIGHTS,
        ..service("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY")
    },
    Row {
        format: &OPEN_WEIGHTS_CHAT,
        quirks: OPEN_WEIGHTS,
        ..service(
            "fireworks",
            "https://api.fireworks.ai/inference/v1",
            "FIREWORKS_API_KEY",
        )
    },
    Row {
        format: &OPEN_WEIGHTS_CHAT,
        quirks: OPEN_WEIGHTS,
        ..service(
            "deepinfra",
            "https://api.deepinfra.com/v1/openai",
            "DEEPINFRA_API_KEY",
        )
    },
    Row {
        format: &OPENROUTER_CHAT,
        quirks: OPENROUTER,
        ..service("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY")
    },
    Row {
        format: &MISTRAL_CHAT,
        quirks: MISTRAL,
        ..service("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY")
    },
    Row {
        format: &DEEPSEEK_CHAT,
        quirks: DEEPSEEK,
        ..service("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY")
    },
    service("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    service("nvidia", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    service("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
    service(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_API_KEY",
    ),
    service("huggingface", "https://router.huggingface.co/v1", "HF_TOKEN"),
    // https://RESOURCE.openai.azure.com/openai/v1; models are its deployments' names.
    Row {
        kind: "azure",
        endpoint: None,
        key_variable: Some("AZURE_OPENAI_API_KEY"),
        key_header: Some("api-key"),
        format: &busbar_wire::openai::hosts::OPENAI,
        quirks: Quirks::OPENAI,
    },
    Row {
        kind: "busbar",
        endpoint: None,
        key_variable: None,
        key_header: None,
        format: &BUSBAR,
        quirks: Quirks::BUSBAR,
    },
    Row {
        kind: "openai-compatible",
        endpoint: None,
        key_variable: None,
        key_header: None,
        format: &COMPATIBLE,
        quirks: Quirks::COMPATIBLE,
    },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    endpoint: Option<String>,
}

/// The row of a kind.
pub fn row(kind: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.kind == kind)
}

pub(super) fn build(row: &Row, section: &Section, shared: &Shared) -> Result<Vec<Model>, Vec<Problem>> {
    let settings = settings::read::<Settings, OfModel>(section)?;
    let one = |field: &str, message: String| vec![Problem::new(field, message)];
    let Some(address) = settings.vendor.endpoint.as_deref().or(row.endpoint) else {
        return Err(one("endpoint", "is missing; write https://host/v1".into()));
    };
    let key = section.key.as_ref();
    let auth = match row.key_header {
        Some(header) => Auth::header(header, key),
        None => Auth::bearer(key),
    };
    let speaker = Speaker {
        endpoint: Endpoint::new(address).map_err(|why| one("endpoint", why))?,
        host: Host {
            name: section.name.as_str().into(),
            client: shared.client.clone(),
            auth: auth.map_err(|why| one("api_key", why))?,
            patience: settings.patience,
        },
        format: row.format,
        quirks: row.quirks,
        headers: Vec::new(),
    };
    speaker.models(&settings.models, section, shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_an_address_that_can_be_used() {
        for row in ROWS {
            let Some(endpoint) = row.endpoint else { continue };
            assert!(Endpoint::new(endpoint).is_ok(), "{}", row.kind);
            // Keys go over the net encrypted, or not over the net.
            let local = endpoint.starts_with("http://127.0.0.1:") && row.key_variable.is_none();
            assert!(local || endpoint.starts_with("https://"), "{}", row.kind);
            assert!(!endpoint.ends_with('/'), "{}", row.kind);
        }
    }
}
