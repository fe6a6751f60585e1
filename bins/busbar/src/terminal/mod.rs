//! The terminal, or what stands in its place: where output goes, and whether a person is looking.
//!
//! Results go to standard output, everything else to standard error. Colours only where a terminal is
//! and nobody asked for none.

mod answer;
mod ask;
mod bar;
mod input;
mod shares;
mod table;
mod when;
mod wrap;

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
};

pub(crate) use answer::show;
pub(crate) use ask::confirm;
pub(crate) use bar::{PullBar, Steps, spinner};
pub(crate) use input::{all_of_stdin, text_of};
pub(crate) use shares::shares;
pub(crate) use table::Table;
pub(crate) use when::when;

use crate::exit::{Failure, Result};

/// Where output goes, and who is looking.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    in_is: bool,
    out_is: bool,
    err_is: bool,
    colours: bool,
}

impl Terminal {
    pub(crate) fn new(no_color: bool) -> Self {
        Self {
            in_is: io::stdin().is_terminal(),
            out_is: io::stdout().is_terminal(),
            err_is: io::stderr().is_terminal(),
            colours: !no_color,
        }
    }

    /// Whether a person can be talked with: reads what we write, writes what we read.
    pub(crate) fn is_interactive(self) -> bool {
        self.in_is && self.out_is
    }

    /// Whether a person can be asked something beside the result.
    pub(crate) fn can_ask(self) -> bool {
        self.in_is && self.err_is
    }

    /// Whether standard input is a terminal: then nothing is coming by itself.
    pub(crate) fn in_is_terminal(self) -> bool {
        self.in_is
    }

    pub(crate) fn out_is_terminal(self) -> bool {
        self.out_is
    }

    pub(crate) fn err_is_terminal(self) -> bool {
        self.err_is
    }

    pub(crate) fn out_colour(self) -> bool {
        self.out_is && self.colours
    }

    pub(crate) fn err_colour(self) -> bool {
        self.err_is && self.colours
    }

    /// A line of the result.
    #[expect(
        clippy::unused_self,
        reason = "output goes through whoever knows where it goes"
    )]
    pub(crate) fn line(self, line: impl Display) -> Result {
        writeln!(io::stdout(), "{line}").map_err(Failure::Output)
    }

    /// A line for the person, beside the result.
    pub(crate) fn note(self, line: impl Display) -> Result {
        writeln!(io::stderr(), "{}", dim(line, self.err_colour())).map_err(Failure::Output)
    }

    /// A line about something that went wrong beside the result.
    pub(crate) fn error(self, line: impl Display) -> Result {
        writeln!(io::stderr(), "busbar: {line}").map_err(Failure::Output)
    }
}

/// Less conspicuous, where there are colours.
pub(crate) fn dim(text: impl Display, colour: bool) -> String {
    paint("2", text, colour)
}

/// Green, where there are colours.
pub(crate) fn green(text: impl Display, colour: bool) -> String {
    paint("32", text, colour)
}

/// Yellow, where there are colours.
pub(crate) fn yellow(text: impl Display, colour: bool) -> String {
    paint("33", text, colour)
}

/// Red, where there are colours.
pub(crate) fn red(text: impl Display, colour: bool) -> String {
    paint("31", text, colour)
}

/// Cyan, where there are colours.
pub(crate) fn cyan(text: impl Display, colour: bool) -> String {
    paint("36", text, colour)
}

fn paint(code: &str, text: impl Display, colour: bool) -> String {
    if colour {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_text_stays_as_it_is() {
        assert_eq!(dim("a", false), "a");
        assert_eq!(dim("a", true), "\x1b[2ma\x1b[0m");
    }
}
