//! Why something was not fetched or sent, in words that may be told to whoever named the address.

use std::time::Duration;

use busbar_core::{Error, ErrorKind};

/// Why something was not fetched or sent. Nothing in it tells what is behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is no address of the web. What follows the name of the field.
    Invalid(&'static str),
    /// It may not be reached. What follows the name of the field.
    Refused(&'static str),
    /// Its host could not be connected to, or does not speak as it should.
    Unreachable,
    /// It took longer than this.
    Late(Duration),
    /// It is longer than so many bytes.
    TooLarge(usize),
    /// What is there is not what was wanted. What follows the name of the field.
    Unwanted(&'static str),
    /// Its host has nothing there, or nothing for us, and says so by this status.
    Absent(u16),
    /// Its host is broken, and says so by this status.
    Broken(u16),
}

impl Failure {
    /// The failure as an error about the field that has the address.
    pub fn about(self, param: &str) -> Error {
        let message = format!("`{param}` {self}");
        let (kind, code) = match self {
            Self::Invalid(_) => (ErrorKind::Invalid, "address_invalid"),
            Self::Refused(_) => (ErrorKind::Invalid, "address_refused"),
            Self::Unwanted(_) => (ErrorKind::Invalid, "fetched_unwanted"),
            // Whoever asks named it, so it is theirs to name another.
            Self::Absent(_) => (ErrorKind::Invalid, "fetched_nothing"),
            Self::TooLarge(_) => (ErrorKind::TooLarge, "fetched_too_large"),
            Self::Late(_) => (ErrorKind::BadUpstream, "fetch_timeout"),
            Self::Unreachable | Self::Broken(_) => (ErrorKind::BadUpstream, "fetch_failed"),
        };
        Error::new(kind, message).with_param(param).with_code(code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid(why) | Self::Refused(why) | Self::Unwanted(why) => f.write_str(why),
            Self::Unreachable => f.write_str("could not be fetched: its host does not answer as it should"),
            Self::Late(limit) => write!(f, "was not there within {} s", limit.as_secs_f32()),
            Self::TooLarge(limit) => write!(f, "leads to more than {limit} bytes, which is the limit"),
            Self::Absent(status) => write!(f, "leads nowhere: its host answered {status}"),
            Self::Broken(status) => write!(f, "could not be fetched: its host answered {status}"),
        }
    }
}

impl std::error::Error for Failure {}
