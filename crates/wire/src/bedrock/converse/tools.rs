//! Tools out. The service has rules of its own for them: tools must be named wherever the conversation
//! has calls or results, there is no way to say that none may be called, and not every model can be made
//! to call one.

use busbar_core::{CachePoint, CacheSpan, ChatRequest, Message, Result, Role, Tool, ToolChoice};
use serde_json::{Map, json};

use super::{
    PLACEHOLDER_TOOL,
    block::CachePointBlock,
    body::{Choice, ChosenTool, InputSchema, ToolBlock, ToolConfig, ToolSpec},
};
use crate::bedrock::{Family, unsupported};

/// The longest name of a tool.
const LONGEST_NAME: usize = 64;

/// The tools of a request, and whether one must be called.
pub(super) fn write(
    request: &ChatRequest,
    messages: &[Message],
    family: Family,
) -> Result<Option<ToolConfig>> {
    let none = request.tools.is_empty() || request.tool_choice == ToolChoice::None;
    if none {
        let spoken_of = messages
            .iter()
            .any(|message| message.role == Role::Tool || !message.tool_calls.is_empty());
        return Ok(spoken_of.then(placeholder));
    }
    let mut tools = Vec::new();
    for (place, tool) in request.tools.iter().enumerate() {
        tools.push(spec(tool, place)?);
        tools.extend(tool.cache_point.map(|point| ToolBlock {
            cache_point: Some(cache_point(point)),
            ..ToolBlock::default()
        }));
    }
    let tool_choice = choice(&request.tool_choice, family)?;
    Ok(Some(ToolConfig { tools, tool_choice }))
}

/// In the place of tools that may not be called: the service wants to see one where the conversation
/// speaks of any.
fn placeholder() -> ToolConfig {
    let spec = ToolSpec {
        name: PLACEHOLDER_TOOL.to_owned(),
        description: Some("Does nothing and must not be called. Answer in text.".to_owned()),
        input_schema: InputSchema {
            json: json!({ "type": "object", "properties": {} }),
        },
        strict: None,
    };
    ToolConfig {
        tools: vec![ToolBlock {
            tool_spec: Some(spec),
            ..ToolBlock::default()
        }],
        tool_choice: None,
    }
}

fn spec(tool: &Tool, place: usize) -> Result<ToolBlock> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if tool.name.is_empty() || tool.name.len() > LONGEST_NAME || !tool.name.bytes().all(known) {
        let message = format!(
            "`{}` is no name of a tool to this model's host: it must be 1 to {LONGEST_NAME} letters, digits, `_` and `-`",
            tool.name
        );
        return Err(unsupported(format!("tools[{place}].name"), message));
    }
    let spec = ToolSpec {
        name: tool.name.clone(),
        // The service refuses an empty one.
        description: tool
            .description
            .clone()
            .filter(|description| !description.is_empty()),
        input_schema: InputSchema {
            json: tool.parameters.clone(),
        },
        strict: tool.strict,
    };
    Ok(ToolBlock {
        tool_spec: Some(spec),
        ..ToolBlock::default()
    })
}

/// Llama and Titan know `auto` only, Mistral has no way to name one tool; the others know all three, or
/// their host says that they do not.
fn choice(choice: &ToolChoice, family: Family) -> Result<Option<Choice>> {
    let (any, named) = match family {
        Family::Llama | Family::TitanText => (false, false),
        Family::Mistral | Family::MistralChat => (true, false),
        _ => (true, true),
    };
    match choice {
        ToolChoice::Auto | ToolChoice::None => Ok(None),
        ToolChoice::Required if any => Ok(Some(Choice {
            any: Some(Map::new()),
            ..Choice::default()
        })),
        ToolChoice::Named(name) if named => Ok(Some(Choice {
            tool: Some(ChosenTool { name: name.clone() }),
            ..Choice::default()
        })),
        ToolChoice::Required | ToolChoice::Named(_) => {
            let message = "this model cannot be made to call a tool in this way: it decides by itself";
            Err(unsupported("tool_choice", message))
        }
    }
}

/// A place to keep a prompt computed up to.
pub(super) fn cache_point(point: CachePoint) -> CachePointBlock {
    let ttl = point.keep.map(|keep| match keep {
        CacheSpan::FiveMinutes => "5m",
        CacheSpan::OneHour => "1h",
    });
    CachePointBlock {
        kind: "default".to_owned(),
        ttl: ttl.map(str::to_owned),
    }
}
