//! Whether a model can do what a request asks for: each thing that its card says it cannot is refused by
//! the name of the field.

use busbar_core::{
    Capabilities, ChatRequest, Error, ErrorKind, Media, MediaKind, Message, OutputFormat, Part, Prompt,
    Result, ToolChoice,
};

/// Refuses what the model's card says that it cannot do.
///
/// # Errors
/// `Unsupported`, naming the field.
pub(crate) fn check(request: &ChatRequest, can: &Capabilities) -> Result<()> {
    let refuse = |param: &str, code: &'static str, what: &str| {
        let message = format!("`{}` {what}", request.model);
        Err(Error::new(ErrorKind::Unsupported, message)
            .with_param(param)
            .with_code(code))
    };
    if let Prompt::Messages(messages) = &request.prompt {
        if !can.chat {
            let what = "has no chat template: it continues text, at `/v1/completions`";
            return refuse("messages", "unsupported_parameter", what);
        }
        if let Some((param, kind)) = unseen(messages, can) {
            let what = format!("takes no {}, but `{param}` is one", kind.as_str());
            return refuse(&param, "unsupported_content", &what);
        }
    }
    if !request.tools.is_empty() && request.tool_choice != ToolChoice::None && !can.tools {
        return refuse("tools", "unsupported_parameter", "cannot call tools");
    }
    if request.output != OutputFormat::Text && !can.structured_output {
        return refuse(
            "response_format",
            "unsupported_parameter",
            "cannot be held to a form",
        );
    }
    Ok(())
}

/// The first part that the model has no sense for: its place, as most dialects write it, and what it is.
fn unseen(messages: &[Message], can: &Capabilities) -> Option<(String, MediaKind)> {
    let takes = |media: &Media| match media.kind {
        MediaKind::Image => can.images,
        MediaKind::Document => can.documents,
        MediaKind::Audio | MediaKind::Video => false,
    };
    messages.iter().enumerate().find_map(|(turn, message)| {
        message
            .content
            .other_than_text()
            .find_map(|(place, part)| match part {
                Part::Media(media) if !takes(media) => {
                    Some((format!("messages[{turn}].content[{place}]"), media.kind))
                }
                _ => None,
            })
    })
}
