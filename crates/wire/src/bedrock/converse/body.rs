//! The body of a request.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::block::{Block, CachePointBlock, Turn, Untaken};

/// The body of a request. Fields that are not listed are taken and ignored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConverseBody {
    /// `messages-v1`, in bodies that Nova models take by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<String>,
    /// The conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<Turn>>,
    /// Instructions above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Vec<Block>>,
    /// How tokens are chosen, and how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_config: Option<InferenceConfig>,
    /// The tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_config: Option<ToolConfig>,
    /// The form of the answer, and the effort for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_config: Option<OutputConfig>,
    /// What only the model knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_model_request_fields: Option<Map<String, Value>>,
    /// Passed on to those who speak this format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail_config: Option<Value>,
    /// Passed on to those who speak this format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_variables: Option<Value>,
    /// How soon the answer comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_config: Option<Value>,
    /// Whose turn it is among requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<Value>,
    /// What stands beside the request in the account's records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_metadata: Option<Value>,
    /// Which fields of the model's own answer are wanted. Those that it does not have are left out, as
    /// the service does; `stop_sequence` is always told. Some clients ask for it with every request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_model_response_field_paths: Option<Vec<String>>,
}

/// Fields that do not change the answer: how soon it comes and what stands beside it in the account's
/// records. Hosts that know the format get them; nobody else misses them.
pub const HINTS: &[&str] = &["requestMetadata", "performanceConfig", "serviceTier"];

/// How tokens are chosen, and how many.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InferenceConfig {
    /// The most tokens to write. Nova knows it by its older name too.
    #[serde(alias = "max_new_tokens", skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 picks the likeliest token always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Nucleus sampling.
    #[serde(alias = "top_p", skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Only the k likeliest tokens; in Nova's own bodies only.
    #[serde(alias = "top_k", skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Texts that end the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_sequences: Option<Vec<String>>,
    /// How much to think; in Nova's own bodies only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_config: Option<Value>,
}

/// The tools.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolConfig {
    /// The tools.
    pub tools: Vec<ToolBlock>,
    /// Whether one must be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<Choice>,
}

/// A tool, or a place up to which the tools are kept computed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ToolBlock {
    /// A tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_spec: Option<ToolSpec>,
    /// A place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_point: Option<CachePointBlock>,
    /// Not taken: a tool of the host.
    #[serde(skip_serializing)]
    pub system_tool: Option<Untaken>,
}

/// A tool.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does, for the model to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it takes.
    pub input_schema: InputSchema,
    /// Whether its arguments must keep to the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// What a tool takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputSchema {
    /// JSON Schema.
    pub json: Value,
}

/// Whether a tool must be called: one of the three.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// The model decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto: Option<Map<String, Value>>,
    /// Some tool must be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any: Option<Map<String, Value>>,
    /// This one must be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<ChosenTool>,
}

/// A tool by its name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChosenTool {
    /// The name.
    pub name: String,
}

/// The form of the answer, and the effort for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OutputConfig {
    /// The form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_format: Option<TextFormat>,
    /// `low`, `medium`, `high`, and more with some models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
}

/// The form of the answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TextFormat {
    /// `json_schema`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema.
    pub structure: Structure,
}

/// The form of the answer: a schema.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Structure {
    /// The schema.
    pub json_schema: JsonSchema,
}

/// A schema.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JsonSchema {
    /// JSON Schema, as text.
    pub schema: String,
    /// Its name; changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is, for the model to read; taken and ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
