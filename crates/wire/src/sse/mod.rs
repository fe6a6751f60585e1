//! Server-sent events: framing out, and an incremental parser in.
//!
//! Both follow the WHATWG HTML standard, section 9.2 "Server-sent events".

mod frame;
mod parser;

pub use frame::{Frame, comment};
pub use parser::{Parser, Seen, SseEvent, TooLong};
