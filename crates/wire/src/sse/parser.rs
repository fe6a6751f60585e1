//! Reading in: bytes as they arrive from a socket become events, wherever the pieces are cut.

use thiserror::Error;

/// One event that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// Its name; `message` where the stream gives none.
    pub event: String,
    /// Its content: the `data:` lines, joined by line feeds.
    pub data: String,
    /// The last id that the stream named, in this event or before.
    pub id: Option<String>,
}

/// An event or a line is larger than the reader allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a server-sent event is longer than {limit} bytes")]
pub struct TooLong {
    /// The most that one event may have, bytes.
    pub limit: usize,
}

/// Reads server-sent events from pieces of any size.
///
/// An event that the stream's end cuts off is not an event: only an empty line completes one.
#[derive(Debug)]
pub struct Parser {
    limit: usize,
    line: Vec<u8>,
    after_return: bool,
    at_start: bool,
    event: String,
    data: String,
    id: Option<String>,
}

impl Parser {
    /// A reader that refuses events of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            after_return: false,
            at_start: true,
            event: String::new(),
            data: String::new(),
            id: None,
        }
    }

    /// Takes the next bytes; answers with the events that they complete.
    ///
    /// # Errors
    /// [`TooLong`] where an event outgrows the limit; the reader is then of no more use.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, TooLong> {
        let mut events = Vec::new();
        for &byte in bytes {
            // CRLF is one line end, also when it is cut in two.
            let was_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if was_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ => self.line.push(byte),
            }
            if self.line.len() + self.data.len() > self.limit {
                return Err(TooLong { limit: self.limit });
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let bytes = std::mem::take(&mut self.line);
        let mut line = &*bytes;
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        let (name, value) = match line.iter().position(|&byte| byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match name {
            b"event" => self.event = value.into_owned(),
            b"data" => {
                self.data.push_str(&value);
                self.data.push('\n');
            }
            b"id" if !value.contains('\0') => self.id = Some(value.into_owned()),
            // Comments have an empty name; `retry` and unknown fields say nothing to us.
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<SseEvent> {
        let event = std::mem::take(&mut self.event);
        let mut data = std::mem::take(&mut self.data);
        // Every data line left a line feed behind, so an event without one had no data.
        data.pop()?;
        let event = if event.is_empty() {
            "message".to_owned()
        } else {
            event
        };
        Some(SseEvent {
            event,
            data,
            id: self.id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<SseEvent> {
        Parser::new(1 << 20).push(text.as_bytes()).unwrap()
    }

    fn message(data: &str) -> SseEvent {
        SseEvent {
            event: "message".into(),
            data: data.into(),
            id: None,
        }
    }

    #[test]
    fn every_kind_of_line_end_ends_a_line() {
        for end in ["\n", "\r", "\r\n"] {
            let text = ["data: a", "data:b", "", "data", "", ""].join(end);
            assert_eq!(read(&text), [message("a\nb"), message("")], "{end:?}");
        }
    }

    #[test]
    fn names_and_ids_are_kept_as_the_standard_says() {
        let events =
            read("\u{feff}event: x\nid: 1\ndata: a\n\ndata: b\n\nid: \0\ndata: c\n\nid\ndata: d\n\n");
        let seen: Vec<_> = events
            .iter()
            .map(|e| (e.event.as_str(), e.id.as_deref()))
            .collect();
        let expected = [
            ("x", Some("1")),
            ("message", Some("1")),
            ("message", Some("1")),
            ("message", Some("")),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn comments_unknown_fields_and_cut_off_events_are_no_events() {
        assert_eq!(
            read(": alive\n\nretry: 3\n\nfoo: bar\n\nevent: lonely\n\ndata: cut"),
            []
        );
    }

    #[test]
    fn pieces_may_be_cut_anywhere() {
        let text = "event: é\r\ndata: {\"a\":\"ü\"}\r\n\r\ndata: [DONE]\r\n\r\n";
        let whole = read(text);
        assert_eq!(whole.len(), 2);
        let mut parser = Parser::new(1 << 20);
        let bitwise: Vec<_> = text
            .bytes()
            .flat_map(|byte| parser.push(&[byte]).unwrap())
            .collect();
        assert_eq!(bitwise, whole);
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let mut parser = Parser::new(64);
        let endless = std::iter::repeat_n("data: xxxxxxxx\n", 20).collect::<String>();
        assert_eq!(parser.push(endless.as_bytes()), Err(TooLong { limit: 64 }));
    }
}
