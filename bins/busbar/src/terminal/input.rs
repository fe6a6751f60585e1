//! Text from standard input or from files.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use super::Terminal;
use crate::exit::{Failure, Result};

/// Everything on standard input. A terminal there means that nothing was piped in.
pub(crate) fn all_of_stdin(terminal: Terminal, instead: &str) -> Result<String> {
    if terminal.in_is_terminal() {
        return Err(Failure::Usage(format!("there is no text; {instead}")));
    }
    let mut text = String::new();
    io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|error| Failure::Failed(format!("standard input could not be read as text: {error}")))?;
    if text.trim().is_empty() {
        return Err(Failure::Usage("standard input is empty".to_owned()));
    }
    Ok(text)
}

/// A file as text; `-` is standard input.
pub(crate) fn text_of(path: &Path, terminal: Terminal) -> Result<String> {
    if path == Path::new("-") {
        return all_of_stdin(terminal, "pipe some in");
    }
    fs::read_to_string(path)
        .map_err(|error| Failure::Failed(format!("{} could not be read as text: {error}", path.display())))
}
