//! Writes a conversation to a file, as Markdown.

use std::{
    fs::OpenOptions,
    io::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use busbar_core::{ModelId, Role};

use super::Conversation;

/// Writes it, and says where; never over a file that is there.
pub(super) fn save(
    conversation: &Conversation,
    model: &ModelId,
    path: Option<&str>,
) -> Result<String, String> {
    let path = path.map_or_else(fresh, str::to_owned);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(|error| format!("{path} could not be written: {error}"))?;
    file.write_all(markdown(conversation, model).as_bytes())
        .map_err(|error| format!("{path} could not be written: {error}"))?;
    Ok(format!("The conversation is in {path}."))
}

fn markdown(conversation: &Conversation, model: &ModelId) -> String {
    let mut text = format!("# Conversation with {model}\n");
    for turn in conversation.messages() {
        let who = match turn.role {
            Role::System => "Instructions",
            Role::User => "You",
            Role::Assistant => model.as_str(),
            Role::Tool => "Tool",
        };
        text.push_str(&format!("\n## {who}\n\n{}\n", turn.content.text().trim()));
    }
    text
}

/// A name that no earlier conversation has, nearly always.
fn fresh() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    format!("busbar-chat-{}.md", now.map_or(0, |now| now.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::SamplingOptions;

    #[test]
    fn a_file_that_is_there_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chat.md");
        let mut conversation = Conversation::new(Some("Be brief.".into()), SamplingOptions::default());
        conversation.ask("Hello?");
        conversation.answered("Hi.".into());
        let save = || save(&conversation, &"m".into(), path.to_str());
        save().unwrap();
        let first = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            first,
            "# Conversation with m\n\n## Instructions\n\nBe brief.\n\n## You\n\nHello?\n\n## m\n\nHi.\n"
        );
        assert!(save().is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    }
}
