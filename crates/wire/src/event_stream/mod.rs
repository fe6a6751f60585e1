//! AWS's binary event stream (`application/vnd.amazon.eventstream`): framing out, and an incremental
//! parser in.

mod frame;
mod header;
mod parser;

pub use frame::{Header, encode, message};
pub use parser::{Malformed, Message, Parser};

/// The media type of such a body.
pub const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";

/// The longest message that services send: 16 MiB, as the encoding's description says.
pub const MESSAGE_LIMIT: usize = 16 * 1024 * 1024;
