//! What comes out of a template: a prompt, or why there is none.

use std::io;

use minijinja::{Error, ErrorKind};

use super::{environment::refusal, guard};

/// The longest prompt that a template may write, in bytes. No context window holds as much.
const LONGEST: usize = 64 << 20;

/// A rendered prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pieces: Vec<String>,
}

impl Rendered {
    /// Splits what a template wrote at the guard's marks.
    pub(super) fn new(text: &str) -> Self {
        Self {
            pieces: guard::pieces(text),
        }
    }

    /// The texts to tokenise one by one, with control tokens recognised and none added. Nearly
    /// always one; more where a client wrote something that looks like a control token.
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// The whole as one text.
    pub fn text(&self) -> String {
        self.pieces.concat()
    }
}

/// What went wrong and where, without quoting the conversation.
pub(super) fn reason(error: &Error) -> String {
    let what = refusal(error).or_else(|| error.detail()).map(str::to_owned);
    let what = what.unwrap_or_else(|| error.kind().to_string());
    match error.line() {
        Some(line) => format!("{what} (line {line})"),
        None => what,
    }
}

/// Takes text up to [`LONGEST`].
#[derive(Default)]
pub(super) struct Bounded(Vec<u8>);

impl Bounded {
    /// What was written.
    pub(super) fn text(self) -> Result<String, Error> {
        String::from_utf8(self.0)
            .map_err(|_| Error::new(ErrorKind::WriteFailure, "what was written is not text"))
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::Error::other("the prompt is too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
