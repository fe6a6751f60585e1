//! The conversation so far, as items: messages, calls of tools and their results, and what was thought.
//! What an assistant thought, said and called without a pause becomes one turn.

use busbar_core::{Content, Error, Message, Part, Result, Role, Thought, ToolCall, ToolCallId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::part::{InputPart, TextOrList, missing, parts};
use crate::openai::unsupported;

/// What the model is given: a text of the user, or items.
pub type Input = TextOrList<InputItem>;

/// An item of the conversation so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseInputItem)]
pub struct InputItem {
    /// `message` where it is absent; `function_call`, `function_call_output` or `reasoning`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Who speaks in a message.
    pub role: Option<String>,
    /// What a message says, or what was thought.
    pub content: Option<TextOrList<InputPart>>,
    /// Its id; taken and ignored, as nothing is stored.
    pub id: Option<String>,
    /// What ties a call to its result.
    pub call_id: Option<String>,
    /// Which tool was called.
    pub name: Option<String>,
    /// The arguments of a call: JSON as text.
    pub arguments: Option<String>,
    /// The result of a call.
    pub output: Option<TextOrList<InputPart>>,
    /// What was thought, in short.
    pub summary: Option<Vec<InputPart>>,
    /// What goes back to the model unchanged: the proof of a thought, or a sealed one.
    pub encrypted_content: Option<String>,
}

/// The turns of an input, after the instructions.
pub(super) fn messages(instructions: Option<String>, input: Input) -> Result<Vec<Message>> {
    let mut turns: Vec<Message> = instructions.map(Message::system).into_iter().collect();
    match input {
        TextOrList::Text(text) => turns.push(Message::user(text)),
        TextOrList::List(items) => {
            for (place, item) in items.into_iter().enumerate() {
                item.join(&format!("input[{place}]"), &mut turns)?;
            }
        }
    }
    if turns.is_empty() {
        return Err(Error::invalid("input", "`input` must have at least one item"));
    }
    Ok(turns)
}

impl InputItem {
    fn join(self, param: &str, turns: &mut Vec<Message>) -> Result<()> {
        match self.kind.as_deref() {
            None | Some("message") => self.join_message(param, turns),
            Some("function_call") => self.join_call(param, turns),
            Some("function_call_output") => {
                turns.push(self.into_result(param)?);
                Ok(())
            }
            Some("reasoning") => self.join_thought(param, turns),
            Some("item_reference") => {
                let message =
                    format!("`{param}` names a stored item, and none are stored here: send the item itself");
                Err(unsupported(param, message))
            }
            Some(other) => {
                let message = format!("`{param}` is of type `{other}`, which is not taken here");
                Err(unsupported(&format!("{param}.type"), message))
            }
        }
    }

    fn join_message(self, param: &str, turns: &mut Vec<Message>) -> Result<()> {
        let role = match self.role.as_deref() {
            Some("user") => Role::User,
            Some("system" | "developer") => Role::System,
            Some("assistant") => Role::Assistant,
            Some(other) => {
                let field = format!("{param}.role");
                let message =
                    format!("`{field}` must be `user`, `assistant`, `system` or `developer`, not `{other}`");
                return Err(Error::invalid(field, message));
            }
            None => return Err(missing(param, "role")),
        };
        let content = self.content.ok_or_else(|| missing(param, "content"))?;
        let said = parts(content, &format!("{param}.content"))?;
        if role == Role::Assistant {
            say(turns, said);
        } else {
            turns.push(Message::new(role, said));
        }
        Ok(())
    }

    fn join_call(self, param: &str, turns: &mut Vec<Message>) -> Result<()> {
        let name = self.name.filter(|name| !name.is_empty());
        let call = ToolCall {
            id: ToolCallId::new(self.call_id.ok_or_else(|| missing(param, "call_id"))?),
            name: name.ok_or_else(|| missing(param, "name"))?,
            arguments: self.arguments.ok_or_else(|| missing(param, "arguments"))?,
        };
        match turns.last_mut() {
            Some(turn) if turn.role == Role::Assistant => turn.tool_calls.push(call),
            _ => turns.push(Message {
                tool_calls: vec![call],
                ..Message::assistant(Content::default())
            }),
        }
        Ok(())
    }

    fn into_result(self, param: &str) -> Result<Message> {
        let call = self.call_id.ok_or_else(|| missing(param, "call_id"))?;
        let output = self.output.ok_or_else(|| missing(param, "output"))?;
        let said = parts(output, &format!("{param}.output"))?;
        Ok(Message {
            answers: Some(ToolCallId::new(call)),
            ..Message::new(Role::Tool, said)
        })
    }

    fn join_thought(self, param: &str, turns: &mut Vec<Message>) -> Result<()> {
        let content = self.content.unwrap_or(TextOrList::List(Vec::new()));
        let in_full = parts(content, &format!("{param}.content"))?;
        let summary = TextOrList::List(self.summary.unwrap_or_default());
        let in_short = parts(summary, &format!("{param}.summary"))?;
        let shown = if in_full.is_empty() { in_short } else { in_full };
        let thought = match (shown.is_empty(), self.encrypted_content) {
            (true, Some(sealed)) => Thought::Sealed(sealed),
            // A thought of which only the id came says nothing.
            (true, None) => return Ok(()),
            (false, signature) => Thought::Open {
                text: Content::from(shown).text().into_owned(),
                signature,
            },
        };
        match turns.last_mut() {
            Some(turn) if turn.role == Role::Assistant && turn.tool_calls.is_empty() => {
                turn.content.push(Part::Thought(thought));
            }
            _ => turns.push(Message::assistant(vec![Part::Thought(thought)])),
        }
        Ok(())
    }
}

/// A message of the assistant goes on with the turn in which it so far has only thought.
fn say(turns: &mut Vec<Message>, said: Vec<Part>) {
    let only_thought = |turn: &Message| {
        let thoughts = turn
            .content
            .parts()
            .iter()
            .all(|part| matches!(part, Part::Thought(_)));
        turn.role == Role::Assistant && turn.tool_calls.is_empty() && thoughts
    };
    match turns.last_mut() {
        Some(turn) if only_thought(turn) => said.into_iter().for_each(|part| turn.content.push(part)),
        _ => turns.push(Message::assistant(said)),
    }
}
