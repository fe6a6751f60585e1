//! Conversations in simpler terms, for templates that do not know all roles.

use busbar_core::{Message, Role};
use serde_json::{Value, json};

use crate::tools::ToolStyle;

/// What stands between texts that become one turn.
const BETWEEN: &str = "\n\n";

/// Puts what system turns say into the user turn that follows. One that none follows becomes a
/// user turn itself.
pub(super) fn without_system(messages: &[Message]) -> Vec<Message> {
    fold_system(messages, 0)
}

/// One system turn at the beginning at most, and no two turns of the user or of the model in a
/// row: what the strictest templates want.
pub(super) fn alternating(messages: &[Message]) -> Vec<Message> {
    let leading = messages
        .iter()
        .take_while(|message| message.role == Role::System)
        .count();
    joined(fold_system(&joined(messages.to_vec()), leading.min(1)))
}

/// Puts calls into words, as the model would write them.
pub(super) fn without_calls(messages: &[Message], style: &ToolStyle) -> Vec<Message> {
    let spoken = messages
        .iter()
        .map(|message| match message.tool_calls.is_empty() {
            true => message.clone(),
            false => Message::assistant(call_text(message, style)),
        });
    spoken.collect()
}

/// Lets the user tell the results of calls.
pub(super) fn without_results(messages: &[Message]) -> Vec<Message> {
    let told = messages.iter().map(|message| match message.role {
        Role::Tool => Message::user(result_text(message)),
        _ => message.clone(),
    });
    told.collect()
}

fn fold_system(messages: &[Message], kept: usize) -> Vec<Message> {
    let mut folded = Vec::with_capacity(messages.len());
    let mut pending = String::new();
    for (index, message) in messages.iter().enumerate() {
        match message.role {
            Role::System if index >= kept => append(&mut pending, &message.content.text()),
            Role::User if !pending.is_empty() => {
                append(&mut pending, &message.content.text());
                folded.push(Message {
                    content: std::mem::take(&mut pending).into(),
                    ..message.clone()
                });
            }
            _ => folded.push(message.clone()),
        }
    }
    if !pending.is_empty() {
        folded.push(Message::user(pending));
    }
    folded
}

/// Joins turns of the same speaker that follow each other. Calls and results stay as they are.
fn joined(messages: Vec<Message>) -> Vec<Message> {
    let mut joined: Vec<Message> = Vec::with_capacity(messages.len());
    for message in messages {
        match joined.last_mut() {
            Some(last) if joins(last, &message) => {
                let mut text = last.content.text().into_owned();
                append(&mut text, &message.content.text());
                last.content = text.into();
            }
            _ => joined.push(message),
        }
    }
    joined
}

fn joins(last: &Message, next: &Message) -> bool {
    last.role == next.role
        && next.role != Role::Tool
        && last.name == next.name
        && last.tool_calls.is_empty()
        && next.tool_calls.is_empty()
}

fn append(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push_str(BETWEEN);
    }
    text.push_str(more);
}

fn call_text(message: &Message, style: &ToolStyle) -> String {
    let mut text = message.content.text().into_owned();
    for call in &message.tool_calls {
        let arguments: Value =
            serde_json::from_str(&call.arguments).unwrap_or_else(|_| call.arguments.as_str().into());
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&style.written(&json!({ "name": call.name, (style.arguments): arguments })));
    }
    text
}

fn result_text(message: &Message) -> String {
    let name = message.name.as_deref();
    let of = name.map(|name| format!(" of {name}")).unwrap_or_default();
    format!("Result{of}:\n{}", message.content.text())
}

#[cfg(test)]
mod tests {
    use busbar_core::{ToolCall, ToolCallId};

    use super::*;

    /// A conversation as `role:text` lines.
    fn check(messages: &[Message]) -> Vec<String> {
        let line = |message: &Message| format!("{}:{}", message.role.as_str(), message.content.text());
        messages.iter().map(line).collect()
    }

    #[test]
    fn system_turns_go_into_the_next_user_turn() {
        let messages = [
            Message::system("a"),
            Message::system("b"),
            Message::user("c"),
            Message::assistant("d"),
            Message::system("e"),
        ];
        assert_eq!(
            check(&without_system(&messages)),
            ["user:a\n\nb\n\nc", "assistant:d", "user:e"]
        );
    }

    #[test]
    fn turns_of_the_same_speaker_become_one() {
        let messages = [
            Message::system("a"),
            Message::system("b"),
            Message::user("c"),
            Message::user(""),
            Message::assistant("d"),
            Message::assistant("e"),
            Message::system("f"),
            Message::user("g"),
        ];
        assert_eq!(
            check(&alternating(&messages)),
            ["system:a\n\nb", "user:c", "assistant:d\n\ne", "user:f\n\ng"]
        );
    }

    #[test]
    fn calls_are_written_as_the_model_would() {
        let mut called = Message::assistant("Let me see.");
        called.tool_calls.push(ToolCall {
            id: ToolCallId::new("1"),
            name: "f".into(),
            arguments: r#"{"x":1}"#.into(),
        });
        let messages = [called, Message::new(Role::Tool, "2")];
        let style = ToolStyle::named("hermes").unwrap();
        assert_eq!(
            check(&without_results(&without_calls(&messages, style))),
            [
                "assistant:Let me see.\n<tool_call>\n{\"name\":\"f\",\"arguments\":{\"x\":1}}\n</tool_call>",
                "user:Result:\n2"
            ]
        );
    }
}
