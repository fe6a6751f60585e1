//! What can be typed after a slash.

/// Names with what they do, for help and for completion.
pub(super) const COMMANDS: &[(&str, &str)] = &[
    ("/help", "list these commands"),
    (
        "/system",
        "[TEXT] show or set the instructions above the conversation",
    ),
    ("/clear", "forget the conversation"),
    ("/retry", "answer the last question again"),
    ("/save", "[FILE] write the conversation to a file"),
    ("/model", "[NAME] show or change the model"),
    ("/quit", "end, as Ctrl-D does"),
];

/// What `/help` says.
pub(super) const HELP: &str = "\
/help           list these commands
/system [TEXT]  show or set the instructions above the conversation
/clear          forget the conversation
/retry          answer the last question again
/save [FILE]    write the conversation to a file
/model [NAME]   show or change the model
/quit           end, as Ctrl-D does

Alt-Enter, or \\ at the end of a line, begins a new line. Ctrl-C stops an answer.
The arrows find what you typed before, Ctrl-R searches it.";

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Help,
    System(Option<String>),
    Clear,
    Save(Option<String>),
    Retry,
    Model(Option<String>),
    Quit,
}

impl Command {
    /// Reads a line that begins with a slash.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = Some(rest.trim())
            .filter(|rest| !rest.is_empty())
            .map(str::to_owned);
        match name {
            "/help" | "/?" => Ok(Self::Help),
            "/system" => Ok(Self::System(rest)),
            "/clear" | "/new" => Ok(Self::Clear),
            "/save" => Ok(Self::Save(rest)),
            "/retry" => Ok(Self::Retry),
            "/model" => Ok(Self::Model(rest)),
            "/quit" | "/exit" | "/bye" => Ok(Self::Quit),
            other => Err(format!("There is no command {other}; /help lists them.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_may_have_something_after_it() {
        assert_eq!(
            Command::read("/system  Be brief. "),
            Ok(Command::System(Some("Be brief.".into())))
        );
        assert_eq!(Command::read("/system"), Ok(Command::System(None)));
        assert!(Command::read("/nonsense").is_err());
    }

    #[test]
    fn every_command_that_is_listed_is_known_and_explained() {
        for (name, _) in COMMANDS {
            assert!(Command::read(name).is_ok(), "{name}");
            assert!(HELP.contains(name), "{name}");
        }
    }
}
