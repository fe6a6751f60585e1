//! Reads what a person types: history, several lines, completion of commands.

use std::{
    borrow::Cow,
    fs,
    path::{Path, PathBuf},
};

use rustyline::{
    Cmd, CompletionType, Config, Context, EventHandler, Helper, KeyCode, KeyEvent, Modifiers,
    completion::Completer,
    config::Configurer as _,
    error::ReadlineError,
    highlight::Highlighter,
    hint::Hinter,
    history::FileHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};

use super::command::{COMMANDS, Command};
use crate::exit::{Failure, Result};

/// Lines kept in the history.
const KEPT: usize = 2000;
const PROMPT: &str = "› ";

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Text(String),
    Command(Command),
    /// Something like a command that is none, with what to say about it.
    Unknown(String),
    Nothing,
    Interrupt,
    End,
}

pub(super) struct Editor {
    lines: rustyline::Editor<Typing, FileHistory>,
    history: PathBuf,
}

impl Editor {
    /// With the history that is kept under `home`.
    pub(super) fn new(home: &Path, colour: bool) -> Result<Self> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .auto_add_history(false)
            .build();
        let mut lines = rustyline::Editor::with_config(config).map_err(|error| failed(&error))?;
        lines.set_max_history_size(KEPT).map_err(|error| failed(&error))?;
        lines.set_helper(Some(Typing { colour }));
        let new_line = EventHandler::from(Cmd::Newline);
        lines.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), new_line);
        let history = home.join("chat-history");
        // There may be none yet; and without one the chat is as good.
        let _absent = lines.load_history(&history);
        Ok(Self { lines, history })
    }

    pub(super) fn read(&mut self) -> Result<Typed> {
        let line = match self.lines.readline(PROMPT) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => return Ok(Typed::Interrupt),
            Err(ReadlineError::Eof) => return Ok(Typed::End),
            Err(error) => return Err(failed(&error)),
        };
        self.remember(&line);
        Ok(typed(&line))
    }

    /// Kept at once: a chat may end in many ways.
    fn remember(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        let kept = self.lines.add_history_entry(line).unwrap_or(false);
        let directory = self.history.parent().map_or(Ok(()), fs::create_dir_all);
        if kept && directory.is_ok() {
            // What cannot be kept is lost at the end, and known until then.
            let _unsaved = self.lines.save_history(&self.history);
        }
    }
}

fn typed(line: &str) -> Typed {
    let text = joined(line);
    let text = text.trim();
    if text.is_empty() {
        return Typed::Nothing;
    }
    // A path such as /etc/hosts at the beginning of a question is no command.
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.starts_with('/') && !first[1..].contains('/') && !text.contains('\n') {
        return Command::read(text).map_or_else(Typed::Unknown, Typed::Command);
    }
    Typed::Text(text.to_owned())
}

/// Without the backslashes that continued a line.
fn joined(line: &str) -> String {
    line.replace("\\\n", "\n")
}

fn failed(error: &ReadlineError) -> Failure {
    Failure::Failed(format!("the terminal could not be read: {error}"))
}

/// What helps while somebody types.
struct Typing {
    colour: bool,
}

impl Helper for Typing {}

impl Completer for Typing {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = &line[..at];
        let names = COMMANDS.iter().map(|(name, _)| *name);
        let fitting = names.filter(|name| typed.starts_with('/') && name.starts_with(typed));
        Ok((0, fitting.map(|name| format!("{name} ")).collect()))
    }
}

impl Hinter for Typing {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<String> {
        if at < line.len() || line.len() < 2 {
            return None;
        }
        let (name, does) = COMMANDS.iter().find(|(name, _)| name.starts_with(line))?;
        Some(format!("{}  {does}", &name[line.len()..]))
    }
}

impl Highlighter for Typing {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        match self.colour {
            true => Cow::Owned(format!("\x1b[36m{prompt}\x1b[0m")),
            false => Cow::Borrowed(prompt),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match self.colour {
            true => Cow::Owned(format!("\x1b[2m{hint}\x1b[0m")),
            false => Cow::Borrowed(hint),
        }
    }
}

impl Validator for Typing {
    /// A line that ends in a backslash is not the last one.
    fn validate(&self, input: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match input.input().ends_with('\\') {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_begins_a_command_and_a_path_does_not() {
        assert_eq!(typed("/quit"), Typed::Command(Command::Quit));
        assert!(matches!(typed("/frobnicate"), Typed::Unknown(_)));
        assert_eq!(
            typed("/etc/hosts is what?"),
            Typed::Text("/etc/hosts is what?".into())
        );
        assert_eq!(typed("  \n "), Typed::Nothing);
    }

    #[test]
    fn a_continued_line_is_two_lines() {
        assert_eq!(typed("one\\\ntwo"), Typed::Text("one\ntwo".into()));
    }
}
