//! The conversation: turns of blocks become messages of ours.
//!
//! A user's turn here may begin with the results of tools, which are messages of their own with us. A
//! mark on a tool call has no place on the call with us, so it opens the message that follows: everything
//! up to there is the same.

use std::collections::BTreeSet;

use busbar_core::{CachePoint, Content, Error, Message, Part, Result, Role, ToolCallId};
use serde::Deserialize;

use super::block::{Block, Said};
use crate::anthropic::missing;

/// A turn.
#[derive(Debug, Deserialize)]
pub(super) struct Turn {
    role: Speaker,
    content: Said,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Speaker {
    User,
    Assistant,
    System,
}

/// The messages that instructions and turns mean.
pub(super) fn read(system: Option<Said>, turns: Vec<Turn>) -> Result<Vec<Message>> {
    if turns.is_empty() {
        let message = "`messages` must have at least one turn";
        return Err(Error::invalid("messages", message));
    }
    let mut reading = Reading::default();
    if let Some(system) = system {
        reading.instructions(system, "system")?;
    }
    for (place, turn) in turns.into_iter().enumerate() {
        let param = format!("messages[{place}].content");
        match turn.role {
            Speaker::System => reading.instructions(turn.content, &param)?,
            Speaker::User => reading.user(turn.content, &param)?,
            Speaker::Assistant => reading.assistant(turn.content, &param)?,
        }
    }
    Ok(reading.end())
}

#[derive(Default)]
struct Reading {
    messages: Vec<Message>,
    /// Marks on tool calls, for the message that follows.
    carried: Vec<CachePoint>,
}

impl Reading {
    fn instructions(&mut self, said: Said, param: &str) -> Result<()> {
        let content = said.into_instructions(param)?;
        if !content.parts().is_empty() {
            self.push(Message::system(content));
        }
        Ok(())
    }

    fn user(&mut self, said: Said, param: &str) -> Result<()> {
        let mut content = Content::default();
        let mut answered = BTreeSet::new();
        for (place, block) in said.into_blocks(param)?.into_iter().enumerate() {
            let param = format!("{param}[{place}]");
            if block.kind == "tool_result" {
                self.speak(Role::User, &mut content);
                let result = result(block, &param)?;
                if !answered.insert(result.answers.clone()) {
                    let field = format!("{param}.tool_use_id");
                    let message = format!("`{field}` names a call that was answered before in this turn");
                    return Err(Error::invalid(field, message));
                }
                self.push(result);
                continue;
            }
            block.is_no_thought(&param)?;
            part(block, &param, &mut content)?;
        }
        if answered.is_empty() || !content.parts().is_empty() {
            self.push(Message::user(content));
        }
        Ok(())
    }

    fn assistant(&mut self, said: Said, param: &str) -> Result<()> {
        let mut message = Message::assistant(Content::default());
        let mut marks = Vec::new();
        for (place, block) in said.into_blocks(param)?.into_iter().enumerate() {
            let param = format!("{param}[{place}]");
            if block.kind == "tool_result" {
                let message =
                    format!("`{param}` is of type `tool_result`, which may be in a user's turn only");
                return Err(Error::invalid(format!("{param}.type"), message));
            }
            if block.kind == "tool_use" {
                marks.extend(block.cache_point());
                message.tool_calls.push(block.into_call(&param)?);
                continue;
            }
            // Our calls come after what is said, so what comes after calls is said by another message.
            if !message.tool_calls.is_empty() {
                let before = std::mem::replace(&mut message, Message::assistant(Content::default()));
                self.push(before);
                self.carried.append(&mut marks);
            }
            part(block, &param, &mut message.content)?;
        }
        self.push(message);
        self.carried.append(&mut marks);
        Ok(())
    }

    /// Says what was gathered, where something was.
    fn speak(&mut self, role: Role, content: &mut Content) {
        let content = std::mem::take(content);
        if !content.parts().is_empty() {
            self.push(Message::new(role, content));
        }
    }

    fn push(&mut self, mut message: Message) {
        if !self.carried.is_empty() {
            let marks = self.carried.drain(..).map(Part::CachePoint);
            message.content = marks
                .chain(std::mem::take(&mut message.content).into_parts())
                .collect();
        }
        self.messages.push(message);
    }

    fn end(mut self) -> Vec<Message> {
        // Nothing follows the calls: their marks stay as near as they can.
        if let Some(last) = self.messages.last_mut() {
            for point in self.carried {
                last.content.push(Part::CachePoint(point));
            }
        }
        self.messages
    }
}

fn part(block: Block, param: &str, content: &mut Content) -> Result<()> {
    let point = block.cache_point();
    content.push(block.into_part(param)?);
    if let Some(point) = point {
        content.push(Part::CachePoint(point));
    }
    Ok(())
}

fn result(block: Block, param: &str) -> Result<Message> {
    block.has_only_what_can_be_kept(param)?;
    let point = block.cache_point();
    let id = block.tool_use_id.filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| missing(format!("{param}.tool_use_id")))?;
    let mut content = match block.content {
        Some(said) => said.into_content(&format!("{param}.content"))?,
        None => Content::default(),
    };
    if let Some(point) = point {
        content.push(Part::CachePoint(point));
    }
    Ok(Message {
        answers: Some(ToolCallId::new(id)),
        failed: block.is_error.unwrap_or_default(),
        ..Message::new(Role::Tool, content)
    })
}
