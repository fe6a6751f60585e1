//! What a template can do, found out by trying it.

use std::time::UNIX_EPOCH;

use busbar_core::{Message, Role, Tool, ToolCall, ToolCallId};
use minijinja::{Error, ErrorKind};
use serde_json::json;

use super::{chat::Attempt, conversation::Shape};

/// What a chat template can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// It has a place for instructions. Where it has none, they go into the user's turn.
    pub system: bool,
    /// It shows tools to the model.
    pub tools: bool,
    /// It knows calls in a history. Where it does not, they are put into words.
    pub calls: bool,
    /// It knows results of calls. Where it does not, the user tells them.
    pub results: bool,
}

/// Texts that nothing but a test would say.
const USER: &str = "zq user said";
const SYSTEM: &str = "zq system said";
const TOOL: &str = "zq_tool";
const ARGUMENT: &str = "zq argument";
const RESULT: &str = "zq result";

/// Tries a template. The error is that of its simplest use.
pub(super) fn probe<F>(attempt: F) -> Result<(Abilities, Shape), Error>
where
    F: Fn(&Attempt<'_>) -> Result<String, Error>,
{
    let says = |trial: Attempt<'_>, texts: &[&str]| {
        attempt(&trial).is_ok_and(|rendered| texts.iter().all(|text| rendered.contains(text)))
    };
    let plain = [Message::user(USER)];
    let mut shape = Shape::default();
    if !says(trial(&plain, &[], shape), &[USER]) {
        shape.parts = true;
    }
    if shape.parts && !says(trial(&plain, &[], shape), &[USER]) {
        // What went wrong with plain text tells more than what went wrong with parts.
        attempt(&trial(&plain, &[], Shape::default()))?;
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "it leaves out what the user says",
        ));
    }
    let instructed = [Message::system(SYSTEM), Message::user(USER)];
    let system = says(trial(&instructed, &[], shape), &[SYSTEM, USER]);
    let tools = [tool()];
    let shown = says(trial(&plain, &tools, shape), &[TOOL, USER]);
    let history = history();
    let tools = if shown { tools.as_slice() } else { &[] };
    let known = call_shapes(shape).find(|&shape| says(trial(&history, tools, shape), &[ARGUMENT]));
    let shape = known.unwrap_or(shape);
    let abilities = Abilities {
        system,
        tools: shown,
        calls: known.is_some(),
        results: says(trial(&history, tools, shape), &[RESULT]),
    };
    Ok((abilities, shape))
}

fn trial<'a>(messages: &'a [Message], tools: &'a [Tool], shape: Shape) -> Attempt<'a> {
    Attempt {
        messages,
        tools,
        shape,
        now: UNIX_EPOCH,
    }
}

/// The variants of calls, the usual one first.
fn call_shapes(shape: Shape) -> impl Iterator<Item = Shape> {
    let bits = [false, true];
    bits.into_iter().flat_map(move |short_ids| {
        bits.into_iter().flat_map(move |empty_as_null| {
            bits.into_iter().map(move |arguments_as_text| Shape {
                arguments_as_text,
                empty_as_null,
                short_ids,
                ..shape
            })
        })
    })
}

fn tool() -> Tool {
    Tool {
        name: TOOL.into(),
        description: Some("A tool.".into()),
        parameters: json!({
            "type": "object",
            "properties": { "text": { "type": "string", "description": "Some text." } },
            "required": ["text"],
        }),
        strict: None,
        cache_point: None,
    }
}

fn history() -> [Message; 4] {
    let id = ToolCallId::new("call_000000001");
    let mut called = Message::assistant("");
    called.tool_calls.push(ToolCall {
        id: id.clone(),
        name: TOOL.into(),
        arguments: json!({ "text": ARGUMENT }).to_string(),
    });
    let mut result = Message::new(Role::Tool, RESULT);
    result.answers = Some(id);
    [Message::user(USER), called, result, Message::assistant("Done.")]
}
