//! Asks a person something.

use std::io::{self, BufRead as _, Write as _};

use crate::exit::{Failure, Result};

/// Asks, and takes an empty answer for yes. The end of input is a no.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    let mut err = io::stderr();
    write!(err, "{question} [Y/n] ")
        .and_then(|()| err.flush())
        .map_err(Failure::Output)?;
    let mut answer = String::new();
    let read = io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(Failure::Output)?;
    Ok(read > 0 && is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_is_a_yes_and_anything_strange_is_a_no() {
        assert!(is_yes("\n") && is_yes("Y\n") && is_yes(" yes \r\n"));
        assert!(!is_yes("n\n") && !is_yes("what?\n"));
    }
}
