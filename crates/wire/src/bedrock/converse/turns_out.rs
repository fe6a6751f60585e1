//! Turns out: what was said becomes blocks, and turns of one side become one, as the service demands.

use std::collections::{HashMap, VecDeque};

use busbar_core::{Content, Error, Message, Part, Result, Role, Thought, ToolCall};
use serde_json::value::RawValue;

use super::{
    block::{Block, GuardContent, GuardText, ReasoningContent, ReasoningText, ToolResult, ToolUse, Turn},
    media, sealed, tools,
};
use crate::bedrock::{Family, unsupported};

/// The turns of a request as they are written.
#[derive(Debug)]
pub(super) struct Write<'a> {
    system: Vec<Block>,
    turns: Vec<Turn>,
    guarded: VecDeque<GuardText>,
    names: media::Names,
    /// Whether thoughts without a signature may be said.
    unsigned: bool,
    /// Which message answered a call.
    answers: HashMap<&'a str, &'a Message>,
}

impl<'a> Write<'a> {
    /// Claude refuses thoughts that it has not signed: those of other models stay here.
    pub(super) fn new(guarded: Vec<GuardText>, family: Family) -> Self {
        Self {
            system: Vec::new(),
            turns: Vec::new(),
            guarded: guarded.into(),
            names: media::Names::default(),
            unsigned: family != Family::Claude,
            answers: HashMap::new(),
        }
    }

    /// The message at this place of the conversation.
    pub(super) fn message(&mut self, message: &'a Message, place: usize) -> Result<()> {
        let param = format!("messages[{place}]");
        // A result is tied to its call by an id; the tool's name adds nothing.
        if message.name.is_some() && message.role != Role::Tool {
            let param = format!("{param}.name");
            let message = format!("`{param}` has no word in the format of this model's host; leave it out");
            return Err(unsupported(param, message));
        }
        match message.role {
            Role::System => {
                let blocks = self.blocks(&message.content, &param)?;
                if let Some(place) = blocks
                    .iter()
                    .position(|block| block.image.is_some() || block.document.is_some())
                {
                    let message =
                        format!("`{param}.content[{place}]` is no text: instructions are text here");
                    return Err(unsupported(format!("{param}.content[{place}]"), message));
                }
                match self.turns.is_empty() {
                    true => self.system.extend(blocks),
                    false => self.push("system", blocks),
                }
            }
            Role::User => {
                let blocks = self.blocks(&message.content, &param)?;
                self.push("user", blocks);
            }
            Role::Assistant => {
                let mut blocks = self.blocks(&message.content, &param)?;
                // A point at the end of what was said is one behind the calls, too.
                let ends_in_point = blocks.last().is_some_and(|block| block.cache_point.is_some());
                let point = blocks.pop_if(|_| ends_in_point);
                for (place, call) in message.tool_calls.iter().enumerate() {
                    blocks.push(self::call(call, &format!("{param}.tool_calls[{place}]"))?);
                }
                blocks.extend(point);
                self.push("assistant", blocks);
            }
            Role::Tool => {
                let blocks = self.result(message, &param)?;
                self.push("user", blocks);
            }
        }
        Ok(())
    }

    /// The instructions and the turns.
    pub(super) fn end(self) -> Result<(Vec<Block>, Vec<Turn>)> {
        if self.turns.is_empty() {
            let message = "`messages` must have at least one turn that says something";
            return Err(Error::invalid("messages", message));
        }
        match self.guarded.is_empty() {
            true => Ok((self.system, self.turns)),
            false => {
                let message = "`guardContent` has a text that is not in the conversation any more";
                Err(unsupported("guardContent", message))
            }
        }
    }

    fn push(&mut self, role: &str, blocks: Vec<Block>) {
        // The service refuses turns that say nothing.
        if blocks.is_empty() {
            return;
        }
        match self.turns.last_mut() {
            Some(last) if last.role == role => last.content.extend(blocks),
            _ => self.turns.push(Turn {
                role: role.to_owned(),
                content: blocks,
            }),
        }
    }

    fn blocks(&mut self, content: &Content, param: &str) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        for (place, part) in content.parts().iter().enumerate() {
            let param = format!("{param}.content[{place}]");
            match part {
                // The service refuses text that is blank.
                Part::Text(text) if text.trim().is_empty() => {}
                Part::Text(text) => blocks.push(self.text(text)),
                Part::Media(media) => {
                    let block = Some(media::write(media, &mut self.names, &param)?);
                    blocks.push(match media.kind {
                        busbar_core::MediaKind::Document => Block {
                            document: block,
                            ..Block::default()
                        },
                        _ => Block {
                            image: block,
                            ..Block::default()
                        },
                    });
                }
                Part::Thought(Thought::Open { signature: None, .. }) if !self.unsigned => {}
                Part::Thought(thought) => blocks.push(self::thought(thought)),
                Part::CachePoint(point) => blocks.push(Block {
                    cache_point: Some(tools::cache_point(*point)),
                    ..Block::default()
                }),
            }
        }
        Ok(blocks)
    }

    fn text(&mut self, text: &str) -> Block {
        match self.guarded.pop_front_if(|next| next.text == text) {
            Some(next) => Block {
                guard_content: Some(GuardContent {
                    text: Some(next),
                    image: None,
                }),
                ..Block::default()
            },
            None => Block::text(text),
        }
    }

    fn result(&mut self, message: &'a Message, param: &str) -> Result<Vec<Block>> {
        let Some(id) = &message.answers else {
            let param = format!("{param}.tool_call_id");
            return Err(Error::invalid(&*param, format!("`{param}` is missing")));
        };
        match self.answers.get(id.as_str()) {
            // Said twice is not said otherwise; the service refuses the repetition.
            Some(before) if *before == message => return Ok(Vec::new()),
            Some(_) => {
                let param = format!("{param}.tool_call_id");
                let message = format!("`{param}` names a call that was answered otherwise before: `{id}`");
                return Err(Error::invalid(param, message));
            }
            None => self.answers.insert(id.as_str(), message),
        };
        let blocks = self.blocks(&message.content, param)?;
        // Points may not stand within a result.
        let (points, content): (Vec<_>, Vec<_>) =
            blocks.into_iter().partition(|block| block.cache_point.is_some());
        let result = ToolResult {
            tool_use_id: id.as_str().to_owned(),
            content,
            status: message.failed.then(|| "error".to_owned()),
        };
        let result = Block {
            tool_result: Some(result),
            ..Block::default()
        };
        Ok(std::iter::once(result).chain(points).collect())
    }
}

fn call(call: &ToolCall, param: &str) -> Result<Block> {
    if call.name.is_empty() {
        let param = format!("{param}.function.name");
        return Err(Error::invalid(&*param, format!("`{param}` must not be empty")));
    }
    let Some(input) = arguments(&call.arguments) else {
        // As of a stream that was cut within a call: sent on, it would spoil every later request.
        let param = format!("{param}.function.arguments");
        return Err(Error::invalid(
            &*param,
            format!("`{param}` must be a JSON object"),
        ));
    };
    Ok(Block {
        tool_use: Some(ToolUse {
            tool_use_id: call.id.as_str().to_owned(),
            name: call.name.clone(),
            input,
            kind: None,
        }),
        ..Block::default()
    })
}

/// Arguments, where they are an object; none at all are an empty one.
pub(super) fn arguments(text: &str) -> Option<Box<RawValue>> {
    let text = text.trim();
    if text.is_empty() {
        return RawValue::from_string("{}".to_owned()).ok();
    }
    let object = text.starts_with('{').then(|| text.to_owned());
    object.and_then(|object| RawValue::from_string(object).ok())
}

/// A thought as a block.
pub(super) fn thought(thought: &Thought) -> Block {
    let content = match thought {
        Thought::Open { text, signature } => ReasoningContent {
            reasoning_text: Some(ReasoningText {
                text: text.clone(),
                signature: signature.clone(),
            }),
            redacted_content: None,
        },
        Thought::Sealed(sealed) => ReasoningContent {
            reasoning_text: None,
            redacted_content: Some(sealed::write(sealed)),
        },
    };
    Block {
        reasoning_content: Some(content),
        ..Block::default()
    }
}
