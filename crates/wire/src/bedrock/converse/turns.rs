//! Turns in: blocks become what was said, which tools were called and what they answered.

use std::collections::HashSet;

use busbar_core::{
    CachePoint, CacheSpan, Content, Error, Media, MediaKind, Message, Part, Result, Role, Thought, ToolCall,
    ToolCallId,
};

use super::{
    block::{Block, CachePointBlock, GuardText, ReasoningContent, ToolResult, ToolUse, Turn},
    media, sealed,
};
use crate::bedrock::unsupported;

/// What the turns of a request become.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The conversation.
    pub(super) messages: Vec<Message>,
    /// The texts that a guardrail shall look at, in order.
    pub(super) guarded: Vec<GuardText>,
    /// The calls that were answered.
    answered: HashSet<String>,
}

impl Read {
    /// The instructions above all turns.
    pub(super) fn system(&mut self, blocks: Vec<Block>) -> Result<()> {
        if blocks.is_empty() {
            return Ok(());
        }
        let content = self.instructions(blocks, "system")?;
        self.messages.push(Message::system(content));
        Ok(())
    }

    /// A turn; `param` is its own path.
    pub(super) fn turn(&mut self, turn: Turn, param: &str) -> Result<()> {
        let content = format!("{param}.content");
        match turn.role.as_str() {
            "user" => self.user(turn.content, &content),
            "assistant" => self.assistant(turn.content, &content),
            "system" => {
                let said = self.instructions(turn.content, &content)?;
                self.messages.push(Message::system(said));
                Ok(())
            }
            other => {
                let param = format!("{param}.role");
                let message = format!("`{param}` must be `user` or `assistant`, not `{other}`");
                Err(Error::invalid(param, message))
            }
        }
    }

    fn instructions(&mut self, blocks: Vec<Block>, param: &str) -> Result<Content> {
        let mut content = Content::default();
        for (place, block) in blocks.into_iter().enumerate() {
            let param = format!("{param}[{place}]");
            let part = self.part(block, &param)?;
            if matches!(part, Part::Media(_) | Part::Thought(_)) {
                return Err(unsupported(&*param, format!("`{param}` must be a text")));
            }
            content.push(part);
        }
        Ok(content)
    }

    fn user(&mut self, blocks: Vec<Block>, param: &str) -> Result<()> {
        let mut said = Content::default();
        for (place, mut block) in blocks.into_iter().enumerate() {
            let param = format!("{param}[{place}]");
            if let Some(result) = block.tool_result.take() {
                self.say(Role::User, std::mem::take(&mut said));
                let result = self.result(result, &format!("{param}.toolResult"))?;
                self.messages.push(result);
                continue;
            }
            let part = self.part(block, &param)?;
            match (&part, self.messages.last_mut()) {
                // It stands behind the result, and there is no turn between.
                (Part::CachePoint(_), Some(last))
                    if place > 0 && said.parts().is_empty() && last.role == Role::Tool =>
                {
                    last.content.push(part);
                }
                _ => said.push(part),
            }
        }
        self.say(Role::User, said);
        Ok(())
    }

    fn say(&mut self, role: Role, said: Content) {
        if !said.parts().is_empty() {
            self.messages.push(Message::new(role, said));
        }
    }

    fn assistant(&mut self, blocks: Vec<Block>, param: &str) -> Result<()> {
        let mut turn = Message::assistant(Content::default());
        for (place, mut block) in blocks.into_iter().enumerate() {
            let param = format!("{param}[{place}]");
            if let Some(call) = block.tool_use.take() {
                turn.tool_calls
                    .push(self::call(call, &format!("{param}.toolUse"))?);
            } else {
                turn.content.push(self.part(block, &param)?);
            }
        }
        self.messages.push(turn);
        Ok(())
    }

    fn result(&mut self, result: ToolResult, param: &str) -> Result<Message> {
        if !self.answered.insert(result.tool_use_id.clone()) {
            let param = format!("{param}.toolUseId");
            let message = format!(
                "`{param}` names a call that was answered before: `{}`",
                result.tool_use_id
            );
            return Err(Error::invalid(param, message));
        }
        let failed = match result.status.as_deref() {
            None | Some("success") => false,
            Some("error") => true,
            Some(other) => {
                let param = format!("{param}.status");
                let message = format!("`{param}` must be `success` or `error`, not `{other}`");
                return Err(Error::invalid(param, message));
            }
        };
        let mut content = Content::default();
        for (place, block) in result.content.into_iter().enumerate() {
            let param = format!("{param}.content[{place}]");
            content.push(match block.json {
                Some(json) => Part::Text(json.get().to_owned()),
                None => self.part(block, &param)?,
            });
        }
        Ok(Message {
            answers: Some(ToolCallId::new(result.tool_use_id)),
            failed,
            ..Message::new(Role::Tool, content)
        })
    }

    fn part(&mut self, block: Block, param: &str) -> Result<Part> {
        if let Some(name) = block.untaken() {
            let param = format!("{param}.{name}");
            return Err(unsupported(&*param, format!("`{param}` is not taken")));
        }
        if let Some(text) = block.text {
            return Ok(Part::Text(text));
        }
        if let Some(image) = block.image {
            let media = media::read(MediaKind::Image, image, &format!("{param}.image"))?;
            // Pictures have no name here.
            return Ok(Part::Media(Media { name: None, ..media }));
        }
        if let Some(document) = block.document {
            return media::read(MediaKind::Document, document, &format!("{param}.document")).map(Part::Media);
        }
        if let Some(thought) = block.reasoning_content {
            return self::thought(thought, &format!("{param}.reasoningContent")).map(Part::Thought);
        }
        if let Some(point) = block.cache_point {
            return cache_point(&point, &format!("{param}.cachePoint")).map(Part::CachePoint);
        }
        if let Some(guarded) = block.guard_content {
            let Some(text) = guarded.text else {
                let param = format!("{param}.guardContent");
                return Err(unsupported(&*param, format!("`{param}` may be a text only")));
            };
            self.guarded.push(text.clone());
            return Ok(Part::Text(text.text));
        }
        let message = format!("`{param}` must be a block that may stand there, such as `text`");
        Err(Error::invalid(param, message))
    }
}

/// A call of a tool; `param` is its own path.
pub(super) fn call(call: ToolUse, param: &str) -> Result<ToolCall> {
    if call.kind.is_some() {
        let param = format!("{param}.type");
        return Err(unsupported(
            &*param,
            format!("`{param}` is not taken: tools of the host cannot be had"),
        ));
    }
    if call.name.is_empty() {
        let param = format!("{param}.name");
        return Err(Error::invalid(&*param, format!("`{param}` must not be empty")));
    }
    Ok(ToolCall {
        id: ToolCallId::new(call.tool_use_id),
        name: call.name,
        arguments: call.input.get().to_owned(),
    })
}

/// A thought; `param` is its own path.
pub(super) fn thought(content: ReasoningContent, param: &str) -> Result<Thought> {
    match (content.reasoning_text, content.redacted_content) {
        (Some(open), _) => Ok(Thought::Open {
            text: open.text,
            signature: open.signature,
        }),
        (None, Some(redacted)) => Ok(Thought::Sealed(sealed::read(redacted))),
        (None, None) => {
            let message = format!("`{param}` must have `reasoningText` or `redactedContent`");
            Err(Error::invalid(param, message))
        }
    }
}

/// A place to keep a prompt computed up to; `param` is its own path.
pub(super) fn cache_point(point: &CachePointBlock, param: &str) -> Result<CachePoint> {
    if point.kind != "default" {
        let param = format!("{param}.type");
        let message = format!("`{param}` must be `default`, not `{}`", point.kind);
        return Err(Error::invalid(param, message));
    }
    let keep = match point.ttl.as_deref() {
        None => None,
        Some("5m") => Some(CacheSpan::FiveMinutes),
        Some("1h") => Some(CacheSpan::OneHour),
        Some(other) => {
            let param = format!("{param}.ttl");
            let message = format!("`{param}` must be `5m` or `1h`, not `{other}`");
            return Err(Error::invalid(param, message));
        }
    };
    Ok(CachePoint { keep })
}
