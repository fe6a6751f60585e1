//! Conversations as hosts of this format read them.

use busbar_core::{
    CachePoint, Content, Error, ErrorKind, Media, MediaKind, MediaSource, Message, Part, Result, Role,
    Thought,
};
use serde_json::{Map, Value, json};

use super::quirks::{CacheWords, InstructionRole, MediaWords, Quirks, ResultWords, ThoughtWords};
use crate::openai::{CacheControl, chat, media};

/// The turns.
pub(super) fn turns(messages: &[Message], quirks: Quirks) -> Result<Vec<Value>> {
    messages
        .iter()
        .enumerate()
        .map(|(place, message)| turn(message, quirks, &format!("messages[{place}]")))
        .collect()
}

fn turn(message: &Message, quirks: Quirks, param: &str) -> Result<Value> {
    let mut turn = Map::new();
    turn.insert("role".into(), role(message.role, quirks).into());
    let silent =
        message.role == Role::Assistant && said_nothing(&message.content) && !message.tool_calls.is_empty();
    let content = if silent {
        Value::Null
    } else {
        content(message, quirks, &format!("{param}.content"))?
    };
    turn.insert("content".into(), content);
    if let Some(name) = &message.name {
        turn.insert("name".into(), name.as_str().into());
    }
    think(&message.content, quirks, &mut turn);
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            let function = json!({ "name": call.name, "arguments": call.arguments });
            json!({ "id": call.id.as_str(), "type": "function", "function": function })
        });
        turn.insert("tool_calls".into(), calls.collect());
    }
    if let Some(call) = &message.answers {
        turn.insert("tool_call_id".into(), call.as_str().into());
    }
    if message.failed && quirks.results == ResultWords::Any {
        turn.insert("is_error".into(), true.into());
    }
    Ok(turn.into())
}

fn role(role: Role, quirks: Quirks) -> &'static str {
    match (role, quirks.instructions) {
        (Role::System, InstructionRole::Developer) => "developer",
        (role, _) => role.as_str(),
    }
}

/// Whether there is nothing but thoughts, which have fields of their own.
fn said_nothing(content: &Content) -> bool {
    content.parts().iter().all(|part| match part {
        Part::Text(text) => text.is_empty(),
        Part::Thought(_) => true,
        Part::Media(_) | Part::CachePoint(_) => false,
    })
}

fn content(message: &Message, quirks: Quirks, param: &str) -> Result<Value> {
    let mut parts: Vec<Value> = Vec::new();
    for (place, part) in message.content.parts().iter().enumerate() {
        match part {
            Part::Text(text) => parts.push(json!({ "type": "text", "text": text })),
            Part::Media(media) => {
                let param = format!("{param}[{place}]");
                may_show(message.role, quirks, &param, media)?;
                parts.push(medium(media, quirks, &param)?);
            }
            Part::CachePoint(point) => cache(*point, quirks, &mut parts),
            Part::Thought(_) => {}
        }
    }
    if message.failed && quirks.results == ResultWords::Text {
        say_that_it_failed(&mut parts);
    }
    Ok(as_plainly_as_possible(parts))
}

/// One text without anything beside it is written as a string: some hosts know nothing else.
fn as_plainly_as_possible(mut parts: Vec<Value>) -> Value {
    let plain = |part: &Value| {
        part.as_object()
            .is_some_and(|part| part.len() == 2 && part.contains_key("text"))
    };
    match &mut *parts {
        [] => "".into(),
        [only] if plain(only) => only.get_mut("text").map(Value::take).unwrap_or_default(),
        _ => parts.into(),
    }
}

fn cache(point: CachePoint, quirks: Quirks, parts: &mut [Value]) {
    if quirks.cache == CacheWords::None {
        return;
    }
    if let Some(Value::Object(part)) = parts.last_mut() {
        part.insert("cache_control".into(), CacheControl::write(point));
    }
}

/// The format has no field for it, and the model must know.
fn say_that_it_failed(parts: &mut Vec<Value>) {
    parts.insert(0, json!({ "type": "text", "text": "The tool failed:" }));
}

fn may_show(role: Role, quirks: Quirks, param: &str, media: &Media) -> Result<()> {
    let allowed = match role {
        Role::User => true,
        Role::Tool => quirks.results == ResultWords::Any,
        Role::System | Role::Assistant => false,
    };
    if allowed {
        return Ok(());
    }
    let message = format!(
        "`{param}`: the model that serves this request takes no {} in a turn of `{}`",
        media.kind.as_str(),
        role.as_str()
    );
    Err(unsupported(param, message))
}

fn medium(media: &Media, quirks: Quirks, param: &str) -> Result<Value> {
    media::check_place(media, param)?;
    match (media.kind, &media.source) {
        (MediaKind::Image, _) => {
            let mut image = Map::new();
            image.insert("url".into(), media::url_of(media).into());
            if let Some(detail) = &media.detail {
                image.insert("detail".into(), detail.as_str().into());
            }
            Ok(json!({ "type": "image_url", "image_url": image }))
        }
        (MediaKind::Document, source) => {
            if matches!(source, MediaSource::Url(_)) && quirks.media != MediaWords::Any {
                return Err(elsewhere(param));
            }
            let mut file = Map::new();
            file.insert("file_data".into(), media::url_of(media).into());
            if let Some(name) = &media.name {
                file.insert("filename".into(), name.as_str().into());
            }
            Ok(json!({ "type": "file", "file": file }))
        }
        (MediaKind::Audio, MediaSource::Bytes(bytes)) => {
            let Some(format) = media::sound_format(&media.media_type) else {
                let message = format!(
                    "`{param}` is `{}`; only WAV and MP3 can be sent on",
                    media.media_type
                );
                return Err(unsupported(param, message));
            };
            let sound = json!({ "data": media::encode(bytes), "format": format });
            Ok(json!({ "type": "input_audio", "input_audio": sound }))
        }
        (MediaKind::Video, _) if quirks.media != MediaWords::Vendor => {
            Ok(json!({ "type": "video_url", "video_url": { "url": media::url_of(media) } }))
        }
        (MediaKind::Audio, MediaSource::Url(_)) => Err(elsewhere(param)),
        (MediaKind::Video, _) => {
            let message =
                format!("`{param}` is a video, which the model that serves this request does not take");
            Err(unsupported(param, message))
        }
    }
}

fn elsewhere(param: &str) -> Error {
    unsupported(param, format!("`{param}` is elsewhere; send its bytes"))
}

fn think(content: &Content, quirks: Quirks, turn: &mut Map<String, Value>) {
    if quirks.thoughts == ThoughtWords::None {
        return;
    }
    let thoughts: Vec<Thought> = content
        .parts()
        .iter()
        .filter_map(|part| match part {
            Part::Thought(thought) => Some(thought.clone()),
            _ => None,
        })
        .collect();
    if let Some(text) = chat::readable(&thoughts) {
        turn.insert("reasoning_content".into(), text.into());
    }
    let blocks = chat::blocks(&thoughts);
    if quirks.thoughts == ThoughtWords::Blocks && !blocks.is_empty() {
        turn.insert("thinking_blocks".into(), json!(blocks));
    }
}

fn unsupported(param: &str, message: String) -> Error {
    Error::new(ErrorKind::Unsupported, message)
        .with_param(param)
        .with_code("unsupported_content")
}
