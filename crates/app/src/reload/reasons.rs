//! Why a configuration was refused, a line for each thing that is wrong.

use crate::Error;

/// The lines of a failure; none tells a secret.
pub(super) fn reasons(error: &Error) -> Vec<String> {
    match error {
        Error::Config(problems) => problems.iter().map(ToString::to_string).collect(),
        Error::Providers(lines) => lines.clone(),
        Error::Models(missing) => missing.iter().map(ToString::to_string).collect(),
        other => vec![other.to_string()],
    }
}
