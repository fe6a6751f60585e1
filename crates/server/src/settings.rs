//! What the server is told about limits and times. Checked by whoever reads the configuration.

use std::time::Duration;

/// Limits and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The largest request body, bytes.
    pub body_limit: usize,
    /// How long one answer may take in all; a client may ask for less.
    pub request_timeout: Duration,
    /// How often a silent event stream gets a comment.
    pub keep_alive: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_limit: 32 * 1024 * 1024,
            request_timeout: Duration::from_secs(600),
            keep_alive: Duration::from_secs(15),
        }
    }
}
