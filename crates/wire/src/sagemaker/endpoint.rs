//! Endpoints by their names, and where these stand in paths.

use std::fmt;

use busbar_core::{Error, Result};

/// The longest name that the service takes, bytes.
const LONGEST: usize = 63;

/// An endpoint's name, checked: letters, digits and hyphens, so that it is one segment of any path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EndpointName(String);

/// What is done with an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Answered whole.
    Invoke,
    /// Answered in pieces.
    InvokeStream,
    /// Answered later, elsewhere.
    InvokeAsync,
}

impl EndpointName {
    /// Reads a name.
    ///
    /// # Errors
    /// `Invalid` with the field `EndpointName` where it is none.
    pub fn parse(name: &str) -> Result<Self> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = name.as_bytes();
        if name.len() > LONGEST || !name.bytes().all(known) || !ends(bytes.first()) || !ends(bytes.last()) {
            let message = "the endpoint in the path must be 1 to 63 letters, digits and hyphens between them";
            return Err(Error::invalid("EndpointName", message));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 3] = [Self::Invoke, Self::InvokeStream, Self::InvokeAsync];

    /// The last segment of its path.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Invoke => "invocations",
            Self::InvokeStream => "invocations-response-stream",
            Self::InvokeAsync => "async-invocations",
        }
    }

    /// Its path, for an endpoint.
    pub fn path(self, endpoint: &EndpointName) -> String {
        format!("/endpoints/{endpoint}/{}", self.segment())
    }

    /// The operation and the endpoint of a path as it came. `None` where it is no path of this service.
    pub fn of_path(path: &str) -> Option<(Self, Result<EndpointName>)> {
        let (endpoint, last) = path.strip_prefix("/endpoints/")?.rsplit_once('/')?;
        let operation = Self::ALL
            .into_iter()
            .find(|operation| operation.segment() == last)?;
        Some((operation, EndpointName::parse(endpoint)))
    }
}
