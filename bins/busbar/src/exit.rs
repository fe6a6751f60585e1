//! Exit codes, and what is said on the way out.
//!
//! | Code | Meaning |
//! |---|---|
//! | 0 | done, or the reader of our output had enough |
//! | 1 | it could not be done; the message says why and what to do |
//! | 2 | the command line or the configuration is wrong |
//! | 130 | interrupted |

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use busbar_app::{Error, cpu::Missing};

/// Interrupted, as shells count it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// The result of a command.
pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Why a command ended before it was done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The processor is older than the program.
    Processor(Missing),
    /// Something could not be done.
    App(Error),
    /// The command line asks for something that makes no sense.
    Usage(String),
    /// Something failed that has no error of its own.
    Failed(String),
    /// Everything was said already; only the code is left.
    Said,
    /// Someone pressed Ctrl-C.
    Interrupted,
    /// Our output could not be written. Where its reader stopped reading, that is no reason to complain.
    Output(io::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Processor(_) | Self::Failed(_) | Self::Output(_) | Self::Said => 1,
            Self::Usage(_) | Self::App(Error::Config(_) | Error::Logs(_)) => 2,
            Self::App(Error::Catalog(busbar_catalog::Error::Cancelled)) | Self::Interrupted => INTERRUPTED,
            Self::App(_) => 1,
        }
    }

    /// Whether it is about one thing of several, and the others may still be done.
    pub(crate) fn is_about_one(&self) -> bool {
        matches!(self, Self::App(Error::Model(_)) | Self::Failed(_))
    }

    fn message(&self) -> Option<String> {
        match self {
            Self::Processor(missing) => Some(missing.to_string()),
            Self::App(error) => Some(error.to_string()),
            Self::Usage(message) | Self::Failed(message) => Some(message.clone()),
            Self::Output(error) => {
                let closed = error.kind() == io::ErrorKind::BrokenPipe;
                (!closed).then(|| format!("the output could not be written: {error}"))
            }
            Self::Said | Self::Interrupted => None,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message().unwrap_or_default())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::App(error)
    }
}

impl From<busbar_catalog::Error> for Failure {
    fn from(error: busbar_catalog::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<busbar_core::Error> for Failure {
    fn from(error: busbar_core::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<busbar_config::Problems> for Failure {
    fn from(problems: busbar_config::Problems) -> Self {
        Self::App(problems.into())
    }
}

/// Says why, and gives the code to end with.
pub(crate) fn report(failure: &Failure) -> ExitCode {
    if let Some(message) = failure.message() {
        // If even this cannot be written, the code has to say it all.
        let _unseen = writeln!(io::stderr(), "busbar: {message}");
    }
    ExitCode::from(failure.code())
}

/// Shows what clap has to say: help and version on standard output, errors on the other.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _unseen = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_pull_counts_as_interrupted() {
        let failure = Failure::from(busbar_catalog::Error::Cancelled);
        assert_eq!(failure.code(), INTERRUPTED);
    }

    #[test]
    fn a_closed_pipe_is_quiet_and_a_full_disk_is_not() {
        let closed = Failure::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!((closed.code(), closed.message()), (0, None));
        let full = Failure::Output(io::ErrorKind::StorageFull.into());
        assert_eq!(full.code(), 1);
        assert!(full.message().is_some());
    }
}
