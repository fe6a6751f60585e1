//! What can be wrong with a GGUF file.

use std::io;

/// What is wrong with a GGUF file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GgufError {
    /// It is something else.
    #[error("this is no GGUF file: it does not begin with `GGUF`")]
    NotGguf,
    /// Another version of the format, or one for machines of the other byte order.
    #[error("GGUF version {0} is not supported; versions 2 and 3 are (little-endian)")]
    Version(u32),
    /// It is cut off.
    #[error("the file is cut off: it ends within {0}")]
    Truncated(String),
    /// It contradicts itself.
    #[error("the file is damaged: {0}")]
    Corrupt(String),
    /// It lacks a field that every model has.
    #[error("the file does not say its `{0}`")]
    Missing(&'static str),
    /// It could not be read.
    #[error("the file cannot be read: {0}")]
    Read(String),
}

impl GgufError {
    /// A contradiction.
    pub(super) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }
}

impl From<io::Error> for GgufError {
    fn from(error: io::Error) -> Self {
        Self::Read(error.to_string())
    }
}
