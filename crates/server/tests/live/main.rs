//! WebSocket connections and streams that resume, through real sockets on loopback.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod client;
mod faults;
mod limits;
mod multiplexed;
mod resumed;
mod scene;
mod shutdown;
