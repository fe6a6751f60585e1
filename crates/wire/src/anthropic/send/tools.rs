//! The tools, as they are sent.

use std::{borrow::Cow, collections::BTreeSet};

use busbar_core::{CachePoint, ChatRequest, Prompt, Tool, ToolChoice};
use serde::Serialize;
use serde_json::{Value, json};

use crate::anthropic::cache::CacheControl;

/// A tool.
#[derive(Debug, Serialize)]
pub(super) struct SentTool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: Cow<'a, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

/// Whether the model may, must or must not call one.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum SentChoice<'a> {
    Auto {
        #[serde(skip_serializing_if = "Option::is_none")]
        disable_parallel_tool_use: Option<bool>,
    },
    Any {
        #[serde(skip_serializing_if = "Option::is_none")]
        disable_parallel_tool_use: Option<bool>,
    },
    Tool {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        disable_parallel_tool_use: Option<bool>,
    },
    None,
}

/// The tools of a request; `mark` is for the last one.
///
/// A conversation in which tools were called is refused where there are none, so tools are made of their
/// names; `choice` then forbids to call them.
pub(super) fn sent(request: &ChatRequest, mark: Option<CachePoint>) -> Vec<SentTool<'_>> {
    let mut tools: Vec<_> = request.tools.iter().map(SentTool::from).collect();
    if tools.is_empty() {
        tools = called(&request.prompt).into_iter().map(SentTool::named).collect();
    }
    if let (Some(point), Some(last)) = (mark, tools.last_mut()) {
        last.cache_control = Some(point.into());
    }
    tools
}

/// What may be done with these tools.
pub(super) fn choice<'a>(request: &'a ChatRequest, tools: &[SentTool<'_>]) -> Option<SentChoice<'a>> {
    if tools.is_empty() {
        return None;
    }
    if request.tools.is_empty() {
        return Some(SentChoice::None);
    }
    let disable_parallel_tool_use = request.parallel_tool_calls.map(|parallel| !parallel);
    match &request.tool_choice {
        // It is what is meant where nothing is said.
        ToolChoice::Auto if disable_parallel_tool_use.is_none() => None,
        ToolChoice::Auto => Some(SentChoice::Auto {
            disable_parallel_tool_use,
        }),
        ToolChoice::None => Some(SentChoice::None),
        ToolChoice::Required => Some(SentChoice::Any {
            disable_parallel_tool_use,
        }),
        ToolChoice::Named(name) => Some(SentChoice::Tool {
            name,
            disable_parallel_tool_use,
        }),
    }
}

/// The names of the tools that were called.
fn called(prompt: &Prompt) -> BTreeSet<&str> {
    let Prompt::Messages(messages) = prompt else {
        return BTreeSet::new();
    };
    let calls = messages.iter().flat_map(|message| &message.tool_calls);
    calls.map(|call| call.name.as_str()).collect()
}

impl<'a> From<&'a Tool> for SentTool<'a> {
    fn from(tool: &'a Tool) -> Self {
        Self {
            name: &tool.name,
            description: tool.description.as_deref(),
            input_schema: Cow::Borrowed(&tool.parameters),
            strict: tool.strict,
            cache_control: tool.cache_point.map(CacheControl::from),
        }
    }
}

impl<'a> SentTool<'a> {
    /// A tool of which only the name is known.
    fn named(name: &'a str) -> Self {
        Self {
            name,
            description: None,
            input_schema: Cow::Owned(json!({ "type": "object" })),
            strict: None,
            cache_control: None,
        }
    }
}
