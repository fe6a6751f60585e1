//! What a request says of an answer that another model has begun.

use busbar_core::{ChatRequest, Prompt, Role};

/// The last turn of the assistant: what was said before this request was made; empty where nothing was, or
/// where the prompt is plain text.
pub fn said_before(request: &ChatRequest) -> String {
    let Prompt::Messages(messages) = &request.prompt else {
        return String::new();
    };
    let mut turns = messages.iter().rev();
    let last = turns.find(|message| message.role == Role::Assistant);
    last.map(|message| message.content.text().into_owned())
        .unwrap_or_default()
}
