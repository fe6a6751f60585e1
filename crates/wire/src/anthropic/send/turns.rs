//! The conversation, as it is sent: messages of ours become turns of blocks.
//!
//! Turns alternate, so messages of one side in a row become one turn; results of tools are the user's.
//! Instructions before the conversation stand above it, later ones within it.

use busbar_core::{CachePoint, Error, Message, Part, Result, Role, Thought};
use serde::Serialize;

use super::block::{Block, Marked, Said, id, mark};
use crate::anthropic::{Variant, unsupported};

/// A turn.
#[derive(Debug, Serialize)]
pub(super) struct SentTurn<'a> {
    role: &'static str,
    content: Said<'a>,
}

/// Everything that is said.
#[derive(Debug)]
pub(super) struct Turns<'a> {
    pub(super) system: Option<Said<'a>>,
    pub(super) turns: Vec<SentTurn<'a>>,
    /// A mark before anything is said: on what stands before that.
    pub(super) mark_on_tools: Option<CachePoint>,
}

impl<'a> Turns<'a> {
    /// What these messages say to this model. Claude refuses thoughts that it has not signed: those of other
    /// models stay here.
    pub(super) fn of(messages: &'a [Message], model: &str, variant: Variant) -> Result<Self> {
        let mut writing = Writing {
            variant,
            unsigned: !model.contains("claude"),
            system: Vec::new(),
            turns: Vec::new(),
            mark_on_tools: None,
        };
        for (place, message) in messages.iter().enumerate() {
            writing.message(message, &format!("messages[{place}]"))?;
        }
        writing.end()
    }
}

struct Writing<'a> {
    variant: Variant,
    /// Whether thoughts without a signature may be said.
    unsigned: bool,
    system: Vec<Marked<'a>>,
    turns: Vec<(&'static str, Vec<Marked<'a>>)>,
    mark_on_tools: Option<CachePoint>,
}

impl<'a> Writing<'a> {
    fn message(&mut self, message: &'a Message, param: &str) -> Result<()> {
        match message.role {
            Role::System => self.instructions(message, param),
            Role::User => self.turn("user", message, param),
            Role::Assistant => {
                self.turn("assistant", message, param)?;
                for call in &message.tool_calls {
                    self.say("assistant", Block::call(call));
                }
                Ok(())
            }
            Role::Tool => self.result(message, param),
        }
    }

    fn instructions(&mut self, message: &'a Message, param: &str) -> Result<()> {
        if let Some((place, _)) = message.content.other_than_text().next() {
            let field = format!("{param}.content[{place}]");
            let message = format!("`{field}` is not text; this model takes instructions as text only");
            return Err(unsupported(field, message));
        }
        // With a role of its own only once the conversation has begun.
        let role = if self.turns.is_empty() {
            None
        } else {
            Some("system")
        };
        for part in message.content.parts() {
            match (part, role) {
                (Part::Text(text), _) if text.is_empty() => {}
                (Part::Text(text), Some(role)) => self.say(role, Block::Text { text }),
                (Part::Text(text), None) => self.system.push(Marked::plain(Block::Text { text })),
                (Part::CachePoint(point), _) => self.mark(*point),
                (Part::Media(_) | Part::Thought(_), _) => {}
            }
        }
        Ok(())
    }

    fn turn(&mut self, role: &'static str, message: &'a Message, param: &str) -> Result<()> {
        if message.name.is_some() {
            let field = format!("{param}.name");
            let message =
                format!("`{field}`: speakers have no names with the model that serves this request");
            return Err(unsupported(field, message));
        }
        for (place, part) in message.content.parts().iter().enumerate() {
            if let Part::CachePoint(point) = part {
                self.mark(*point);
                continue;
            }
            if !self.unsigned && matches!(part, Part::Thought(Thought::Open { signature: None, .. })) {
                continue;
            }
            let block = Block::of(part, &format!("{param}.content[{place}]"), self.variant)?;
            if let Some(block) = block {
                self.say(role, block);
            }
        }
        Ok(())
    }

    /// A mark before the result is on what came before, one after it is on the result itself.
    fn result(&mut self, message: &'a Message, param: &str) -> Result<()> {
        let mut blocks: Vec<Marked<'a>> = Vec::new();
        let mut after = None;
        for (place, part) in message.content.parts().iter().enumerate() {
            let param = format!("{param}.content[{place}]");
            let is_first = place == 0 && message.content.parts().len() > 1;
            match part {
                Part::CachePoint(point) if is_first => self.mark(*point),
                Part::CachePoint(point) => {
                    // The one before stays on the block within.
                    if let (Some(earlier), Some(last)) = (after.replace(*point), blocks.last_mut()) {
                        last.cache_control = Some(mark(earlier));
                    }
                }
                Part::Thought(_) => {
                    let message = format!("`{param}` is a thought, which the result of a tool cannot have");
                    return Err(unsupported(param, message));
                }
                Part::Text(_) | Part::Media(_) => {
                    let Some(block) = Block::of(part, &param, self.variant)? else {
                        continue;
                    };
                    if let (Some(earlier), Some(last)) = (after.take(), blocks.last_mut()) {
                        last.cache_control = Some(mark(earlier));
                    }
                    blocks.push(Marked::plain(block));
                }
            }
        }
        let Some(call) = &message.answers else {
            let message = format!("`{param}` is the result of a tool, but does not say of which call");
            return Err(Error::invalid(param, message));
        };
        let block = Block::ToolResult {
            tool_use_id: id(call.as_str()),
            content: Said::of(blocks),
            is_error: message.failed,
        };
        self.say("user", block);
        if let Some(point) = after {
            self.mark(point);
        }
        Ok(())
    }

    fn say(&mut self, role: &'static str, block: Block<'a>) {
        let block = Marked::plain(block);
        match self.turns.last_mut() {
            Some((last, blocks)) if *last == role => blocks.push(block),
            _ => self.turns.push((role, vec![block])),
        }
    }

    /// Marks the last thing said that can have a mark.
    fn mark(&mut self, point: CachePoint) {
        let said = self
            .system
            .iter_mut()
            .chain(self.turns.iter_mut().flat_map(|(_, blocks)| blocks));
        match said.rev().find(|block| block.takes_mark()) {
            Some(block) => block.cache_control = Some(mark(point)),
            None => self.mark_on_tools = Some(point),
        }
    }

    fn end(self) -> Result<Turns<'a>> {
        let turns: Vec<_> = self
            .turns
            .into_iter()
            .filter_map(|(role, blocks)| Said::of(blocks).map(|content| SentTurn { role, content }))
            .collect();
        if turns.is_empty() {
            let message = "`messages` must have at least one turn that says something";
            return Err(Error::invalid("messages", message));
        }
        Ok(Turns {
            system: Said::of(self.system),
            turns,
            mark_on_tools: self.mark_on_tools,
        })
    }
}
