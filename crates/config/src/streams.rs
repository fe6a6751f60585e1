//! `[streams]` and `[websocket]`: how long connections and what they carry are kept.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{problem::Problems, size::Size, span::Span};

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStreams {
    keep_alive: Span,
    resume_buffer: Size,
    resume_total: Size,
    resumable: u32,
}

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWebSocket {
    heartbeat: Span,
    idle_timeout: Span,
    in_flight: u32,
    send_frames: u32,
    send_buffer: Size,
}

/// Event streams, and those that can be resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streams {
    /// How often a silent event stream gets a comment.
    pub keep_alive: Duration,
    /// How many bytes of a resumable stream are kept.
    pub resume_buffer: usize,
    /// How many bytes of all of them together.
    pub resume_total: usize,
    /// How many resumable streams are kept at once.
    pub resumable: usize,
}

/// WebSocket connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocket {
    /// How often a ping is sent.
    pub heartbeat: Duration,
    /// When a connection that does nothing is closed.
    pub idle_timeout: Duration,
    /// Requests that one connection may have running.
    pub in_flight: usize,
    /// Frames that may wait for a slow reader.
    pub send_frames: usize,
    /// Bytes that may wait for a slow reader.
    pub send_buffer: usize,
}

const SECOND: Span = Span(Duration::from_secs(1));
const HOUR: Span = Span(Duration::from_secs(3600));
const DAY: Span = Span(Duration::from_secs(24 * 3600));
const SMALLEST: Size = Size(4096);
const LARGEST: Size = Size(1 << 30);

impl RawStreams {
    pub(crate) fn check(&self, problems: &mut Problems) -> Streams {
        let keep_alive = problems.within("streams.keep_alive", self.keep_alive, SECOND..=HOUR);
        let mut size = |name, value, most| problems.within(name, value, SMALLEST..=most).bytes();
        let resume_buffer = size("streams.resume_buffer", self.resume_buffer, LARGEST);
        let resume_total = size("streams.resume_total", self.resume_total, Size(1 << 40));
        Streams {
            keep_alive: keep_alive.0,
            resume_buffer,
            resume_total,
            resumable: problems.within("streams.resumable", self.resumable, 0..=1_000_000) as usize,
        }
    }
}

impl RawWebSocket {
    pub(crate) fn check(&self, problems: &mut Problems) -> WebSocket {
        let mut span = |name, value: Span, range| problems.within(name, value, range).0;
        let heartbeat = span("websocket.heartbeat", self.heartbeat, SECOND..=HOUR);
        let idle_timeout = span("websocket.idle_timeout", self.idle_timeout, SECOND..=DAY);
        let buffer = problems.within("websocket.send_buffer", self.send_buffer, SMALLEST..=LARGEST);
        let mut count = |name, value| problems.within(name, value, 1..=65_536) as usize;
        WebSocket {
            heartbeat,
            idle_timeout,
            in_flight: count("websocket.in_flight", self.in_flight),
            send_frames: count("websocket.send_frames", self.send_frames),
            send_buffer: buffer.bytes(),
        }
    }
}
