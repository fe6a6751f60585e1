//! Why a configuration was refused, a line for each thing that is wrong.

use busbar_core::Error as ModelError;

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

/// There is no such version.
pub(super) fn missing(number: u64) -> Error {
    Error::Model(ModelError::invalid(
        "version",
        format!("there is no version {number}"),
    ))
}

/// A version that could not be written down.
pub(super) fn unkept(error: ModelError) -> Error {
    let message = format!("keeping a version of the configuration: {error}");
    Error::Model(ModelError::new(error.kind(), message).with_source(error))
}
