//! What clients ask, in each dialect: the same three things in its own words.

use serde_json::{Value, json};

use crate::Scene;

/// A dialect as its clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Chat,
    Responses,
    Messages,
    Converse,
    /// InvokeModel with Claude's body.
    Invoke,
}

impl Dialect {
    pub(crate) const ALL: [Self; 5] = [
        Self::Chat,
        Self::Responses,
        Self::Messages,
        Self::Converse,
        Self::Invoke,
    ];

    /// Where it is asked.
    pub(crate) fn path(self, streamed: bool) -> &'static str {
        match (self, streamed) {
            (Self::Chat, _) => "/v1/chat/completions",
            (Self::Responses, _) => "/v1/responses",
            (Self::Messages, _) => "/v1/messages",
            (Self::Converse, false) => "/model/claude-far/converse",
            (Self::Converse, true) => "/model/claude-far/converse-stream",
            (Self::Invoke, false) => "/model/claude-far/invoke",
            (Self::Invoke, true) => "/model/claude-far/invoke-with-response-stream",
        }
    }

    /// The body, for the model `claude-far`.
    pub(crate) fn ask(self, scene: Scene, streamed: bool) -> Value {
        let mut body = match self {
            Self::Chat => chat(scene),
            Self::Responses => responses(scene),
            Self::Messages | Self::Invoke => messages(scene),
            Self::Converse => converse(scene),
        };
        match self {
            Self::Chat | Self::Responses | Self::Messages => {
                body["model"] = json!("claude-far");
                body["stream"] = json!(streamed);
            }
            Self::Invoke => body["anthropic_version"] = json!("bedrock-2023-05-31"),
            Self::Converse => {}
        }
        body
    }
}

fn parameters() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"sum": {"type": "integer"}},
        "required": ["sum"],
        "additionalProperties": false
    })
}

fn chat(scene: Scene) -> Value {
    match scene {
        Scene::Tools => json!({
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [
                    {"type": "text", "text": "What is here?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
                ]},
                {"role": "assistant", "content": "I look.", "tool_calls": [
                    {"id": "call_1", "type": "function",
                     "function": {"name": "look_up", "arguments": "{\"city\":\"Paris\"}"}}
                ]},
                {"role": "tool", "tool_call_id": "call_1", "content": "no such city"}
            ],
            "tools": [{"type": "function", "function": {
                "name": "look_up", "description": "Looks up", "parameters": parameters()
            }}],
            "tool_choice": "required",
            "max_completion_tokens": 64,
            "temperature": 0.5
        }),
        Scene::Schema => json!({
            "messages": [{"role": "user", "content": "1 + 1?"}],
            "response_format": {"type": "json_schema", "json_schema": {
                "name": "sum", "strict": true, "schema": schema()
            }},
            "max_completion_tokens": 4
        }),
        Scene::Thought => json!({
            "messages": [{"role": "user", "content": "27 * 453?"}],
            "reasoning_effort": "low",
            "max_completion_tokens": 8000
        }),
    }
}

fn responses(scene: Scene) -> Value {
    match scene {
        Scene::Tools => json!({
            "instructions": "Be brief.",
            "input": [
                {"role": "user", "content": [
                    {"type": "input_text", "text": "What is here?"},
                    {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "auto"}
                ]},
                {"role": "assistant", "content": "I look."},
                {"type": "function_call", "call_id": "call_1", "name": "look_up",
                 "arguments": "{\"city\":\"Paris\"}"},
                {"type": "function_call_output", "call_id": "call_1", "output": "no such city"}
            ],
            "tools": [{
                "type": "function", "name": "look_up", "description": "Looks up",
                "parameters": parameters(), "strict": false
            }],
            "tool_choice": "required",
            "max_output_tokens": 64,
            "temperature": 0.5
        }),
        Scene::Schema => json!({
            "input": "1 + 1?",
            "text": {"format": {"type": "json_schema", "name": "sum", "strict": true, "schema": schema()}},
            "max_output_tokens": 4
        }),
        Scene::Thought => json!({
            "input": "27 * 453?",
            "reasoning": {"effort": "low"},
            "max_output_tokens": 8000
        }),
    }
}

fn messages(scene: Scene) -> Value {
    match scene {
        Scene::Tools => json!({
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "What is here?"},
                    {"type": "image", "source":
                        {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
                ]},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "call_1", "name": "look_up", "input": {"city": "Paris"}}
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "call_1", "content": "no such city"}
                ]}
            ],
            "tools": [{"name": "look_up", "description": "Looks up", "input_schema": parameters()}],
            "tool_choice": {"type": "any"},
            "max_tokens": 64,
            "temperature": 0.5
        }),
        Scene::Schema => json!({
            "messages": [{"role": "user", "content": "1 + 1?"}],
            "output_config": {"format": {"type": "json_schema", "schema": schema()}},
            "max_tokens": 4
        }),
        Scene::Thought => json!({
            "messages": [{"role": "user", "content": "27 * 453?"}],
            "thinking": {"type": "enabled", "budget_tokens": 2048},
            "max_tokens": 8000
        }),
    }
}

fn converse(scene: Scene) -> Value {
    match scene {
        Scene::Tools => json!({
            "system": [{"text": "Be brief."}],
            "messages": [
                {"role": "user", "content": [
                    {"text": "What is here?"},
                    {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}
                ]},
                {"role": "assistant", "content": [
                    {"text": "I look."},
                    {"toolUse": {"toolUseId": "call_1", "name": "look_up", "input": {"city": "Paris"}}}
                ]},
                {"role": "user", "content": [
                    {"toolResult": {"toolUseId": "call_1", "content": [{"text": "no such city"}]}}
                ]}
            ],
            "toolConfig": {
                "tools": [{"toolSpec": {
                    "name": "look_up", "description": "Looks up", "inputSchema": {"json": parameters()}
                }}],
                "toolChoice": {"any": {}}
            },
            "inferenceConfig": {"maxTokens": 64, "temperature": 0.5}
        }),
        Scene::Schema => json!({
            "messages": [{"role": "user", "content": [{"text": "1 + 1?"}]}],
            "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {
                "name": "sum", "schema": schema().to_string()
            }}}},
            "inferenceConfig": {"maxTokens": 4}
        }),
        Scene::Thought => json!({
            "messages": [{"role": "user", "content": [{"text": "27 * 453?"}]}],
            "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2048}},
            "inferenceConfig": {"maxTokens": 8000}
        }),
    }
}
