//! Limits and times of a WebSocket connection.

use std::time::Duration;

/// Limits and times of a WebSocket connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WsLimits {
    /// How often the server asks for a sign of life.
    pub heartbeat: Duration,
    /// How long a connection may be silent with nothing in flight.
    pub idle_timeout: Duration,
    /// The most answers at once.
    pub max_in_flight: usize,
    /// The most frames that wait for a slow reader.
    pub queue_frames: usize,
    /// The most bytes that wait for a slow reader.
    pub queue_bytes: usize,
    /// How long a full queue may take to become half empty.
    pub patience: Duration,
}

impl Default for WsLimits {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(600),
            max_in_flight: 32,
            queue_frames: 1024,
            queue_bytes: 4 * 1024 * 1024,
            patience: Duration::from_secs(5),
        }
    }
}
