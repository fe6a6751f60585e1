//! Framing out: an event becomes the lines that `EventSource` reads.

use bytes::{BufMut as _, Bytes, BytesMut};

/// One event to send.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame<'a> {
    /// What a client that comes back will name; no line break may be in it.
    pub id: Option<&'a str>,
    /// The event's name; none means `message`.
    pub event: Option<&'static str>,
    /// The content; every line of it becomes a `data:` line.
    pub data: &'a [u8],
}

impl Frame<'_> {
    /// The event's bytes, with the empty line that ends it.
    pub fn encode(&self) -> Bytes {
        let fixed = 32 + self.id.map_or(0, str::len) + self.event.map_or(0, str::len);
        let mut out = BytesMut::with_capacity(self.data.len() + fixed);
        if let Some(event) = self.event {
            field(&mut out, b"event: ", event.as_bytes());
        }
        if let Some(id) = self.id {
            field(&mut out, b"id: ", id.as_bytes());
        }
        // A carriage return ends a line too; JSON has neither outside its escapes.
        for line in self.data.split(|byte| matches!(byte, b'\n' | b'\r')) {
            field(&mut out, b"data: ", line);
        }
        out.put_u8(b'\n');
        out.freeze()
    }
}

/// A line that clients ignore and proxies count as life.
pub fn comment(text: &str) -> Bytes {
    let mut out = BytesMut::with_capacity(text.len() + 4);
    field(&mut out, b": ", text.as_bytes());
    out.put_u8(b'\n');
    out.freeze()
}

fn field(out: &mut BytesMut, name: &[u8], value: &[u8]) {
    out.put_slice(name);
    out.put_slice(value);
    out.put_u8(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_with_an_empty_line() {
        let frame = Frame {
            id: Some("chatcmpl-1:7"),
            event: None,
            data: b"{}",
        };
        assert_eq!(frame.encode(), "id: chatcmpl-1:7\ndata: {}\n\n");
        let named = Frame {
            event: Some("progress"),
            ..frame
        };
        assert_eq!(named.encode(), "event: progress\nid: chatcmpl-1:7\ndata: {}\n\n");
    }

    #[test]
    fn content_of_several_lines_cannot_end_the_event() {
        let frame = Frame {
            data: b"a\n\nevent: x\rb",
            ..Frame::default()
        };
        assert_eq!(frame.encode(), "data: a\ndata: \ndata: event: x\ndata: b\n\n");
    }

    #[test]
    fn a_comment_is_no_event() {
        assert_eq!(comment("alive"), ": alive\n\n");
    }
}
