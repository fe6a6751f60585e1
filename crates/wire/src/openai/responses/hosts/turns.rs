//! Conversations as items: what was thought, said and called in a turn are items of their own.

use busbar_core::{
    Error, ErrorKind, Media, MediaKind, MediaSource, Message, Part, Result, Role, Thought, ToolCallId,
};
use serde_json::{Value, json};

use crate::openai::{media, unsupported};

/// The items of a conversation.
pub(super) fn items(messages: &[Message]) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let param = format!("messages[{place}]");
        if message.name.is_some() {
            let param = format!("{param}.name");
            let message = format!("`{param}` has no place in the format of this model's host");
            return Err(unsupported(&param, message));
        }
        turn(message, &format!("{param}.content"), &mut items)?;
    }
    Ok(items)
}

fn turn(message: &Message, param: &str, items: &mut Vec<Value>) -> Result<()> {
    match message.role {
        Role::System => items.push(said("developer", message, param)?),
        Role::User => items.push(said("user", message, param)?),
        Role::Tool => {
            let call = message.answers.as_ref().map(ToolCallId::as_str);
            let output = result(message, param)?;
            items.push(json!({ "type": "function_call_output", "call_id": call, "output": output }));
        }
        Role::Assistant => {
            own(message, param, items)?;
            items.extend(message.tool_calls.iter().map(|call| {
                json!({
                    "type": "function_call",
                    "call_id": call.id.as_str(),
                    "name": call.name,
                    "arguments": call.arguments,
                })
            }));
        }
    }
    Ok(())
}

/// A message of somebody else than the model.
fn said(role: &str, message: &Message, param: &str) -> Result<Value> {
    let may_show = message.role == Role::User;
    let content = as_plainly_as_possible(parts(message, may_show, param)?);
    Ok(json!({ "type": "message", "role": role, "content": content }))
}

fn result(message: &Message, param: &str) -> Result<Value> {
    let mut parts = parts(message, true, param)?;
    if message.failed {
        // The format has no field for it, and the model must know.
        parts.insert(0, text("The tool failed:"));
    }
    Ok(as_plainly_as_possible(parts))
}

fn text(text: &str) -> Value {
    json!({ "type": "input_text", "text": text })
}

fn as_plainly_as_possible(mut parts: Vec<Value>) -> Value {
    match &mut *parts {
        [] => "".into(),
        [only] if only["type"] == "input_text" => only["text"].take(),
        _ => parts.into(),
    }
}

fn parts(message: &Message, may_show: bool, param: &str) -> Result<Vec<Value>> {
    let mut parts = Vec::new();
    for (place, part) in message.content.parts().iter().enumerate() {
        match part {
            Part::Text(said) => parts.push(text(said)),
            Part::Media(media) => {
                let param = format!("{param}[{place}]");
                if !may_show {
                    return Err(refused(&param, "may not stand in a turn of instructions"));
                }
                parts.push(medium(media, &param)?);
            }
            // Such hosts keep computed what they like; a hint left out changes no answer.
            Part::CachePoint(_) | Part::Thought(_) => {}
        }
    }
    Ok(parts)
}

/// What the model thought and said. A thought without a proof means nothing to its host.
fn own(message: &Message, param: &str, items: &mut Vec<Value>) -> Result<()> {
    let mut said = Vec::new();
    for (place, part) in message.content.parts().iter().enumerate() {
        match part {
            Part::Text(text) => said.push(json!({ "type": "output_text", "text": text })),
            Part::Thought(thought) => {
                speak(&mut said, items);
                items.extend(thought_of(thought));
            }
            Part::Media(_) => {
                let param = format!("{param}[{place}]");
                return Err(refused(&param, "may not stand in a turn of the assistant"));
            }
            Part::CachePoint(_) => {}
        }
    }
    speak(&mut said, items);
    Ok(())
}

fn speak(said: &mut Vec<Value>, items: &mut Vec<Value>) {
    if said.is_empty() {
        return;
    }
    let content = std::mem::take(said);
    items.push(json!({ "type": "message", "role": "assistant", "content": content }));
}

fn thought_of(thought: &Thought) -> Option<Value> {
    let (summary, proof) = match thought {
        Thought::Sealed(data) => (Vec::new(), data),
        Thought::Open { text, signature } => {
            let summary = vec![json!({ "type": "summary_text", "text": text })];
            (summary, signature.as_ref()?)
        }
    };
    Some(json!({ "type": "reasoning", "summary": summary, "encrypted_content": proof }))
}

fn medium(media: &Media, param: &str) -> Result<Value> {
    media::check_place(media, param)?;
    match (media.kind, &media.source) {
        (MediaKind::Image, _) => {
            let detail = media.detail.as_deref().unwrap_or("auto");
            Ok(json!({ "type": "input_image", "image_url": media::url_of(media), "detail": detail }))
        }
        (MediaKind::Document, MediaSource::Bytes(_)) => {
            let name = media.name.as_deref().unwrap_or("document");
            Ok(json!({ "type": "input_file", "filename": name, "file_data": media::url_of(media) }))
        }
        (MediaKind::Document, MediaSource::Url(url)) => {
            let mut file = json!({ "type": "input_file", "file_url": url });
            if let Some(name) = &media.name {
                file["filename"] = name.as_str().into();
            }
            Ok(file)
        }
        (MediaKind::Audio | MediaKind::Video, _) => Err(refused(
            param,
            "is sound or video, which the model that serves this request does not take",
        )),
    }
}

fn refused(param: &str, why: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("`{param}` {why}"))
        .with_param(param)
        .with_code("unsupported_content")
}
