//! Reading in: bytes as they arrive from a socket become events, wherever the pieces are cut.

use memchr::memchr2;
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

/// One event as it stands in the bytes that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Its name; `message` where the stream gives none.
    pub event: &'a str,
    /// Its content: the `data:` lines, joined by line feeds.
    pub data: &'a str,
    /// The last id that the stream named, in this event or before.
    pub id: Option<&'a str>,
}

/// Reads server-sent events from pieces of any size.
///
/// An event that the stream's end cuts off is not an event: only an empty line completes one.
#[derive(Debug)]
pub struct Parser {
    limit: usize,
    /// The beginning of a line whose end has not come.
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
        self.read(bytes, |seen| events.push(seen.into()))?;
        Ok(events)
    }

    /// Takes the next bytes; shows the events that they complete, one after the other. An event that
    /// stands in these bytes whole is not copied, as long as it has one `data:` line.
    ///
    /// # Errors
    /// As [`Parser::push`].
    pub fn read(&mut self, mut bytes: &[u8], mut show: impl FnMut(Seen<'_>)) -> Result<(), TooLong> {
        // The first data line of the event under way, where it stands in `bytes` and is good text.
        let mut first: Option<&str> = None;
        // CRLF is one line end, also when it is cut in two.
        if std::mem::take(&mut self.after_return) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            let is_return = bytes[end] == b'\r';
            self.after_return = is_return && rest.is_empty();
            bytes = match is_return {
                true => rest.strip_prefix(b"\n").unwrap_or(rest),
                false => rest,
            };
            self.within_limit(line.len() + first.map_or(0, str::len))?;
            let is_plain = self.line.is_empty() && !self.at_start;
            match line {
                b"" if is_plain => self.end_event(first.take(), &mut show),
                _ if is_plain && first.is_none() && self.data.is_empty() && data_of(line).is_some() => {
                    first = data_of(line);
                }
                _ => {
                    self.keep(&mut first);
                    self.end_line(line, &mut show);
                }
            }
        }
        self.keep(&mut first);
        self.line.extend_from_slice(bytes);
        self.within_limit(0)
    }

    fn within_limit(&self, more: usize) -> Result<(), TooLong> {
        let limit = self.limit;
        match self.line.len() + self.data.len() + more > limit {
            true => Err(TooLong { limit }),
            false => Ok(()),
        }
    }

    /// What stands in bytes that go away is copied.
    fn keep(&mut self, first: &mut Option<&str>) {
        if let Some(first) = first.take() {
            self.data.push_str(first);
            self.data.push('\n');
        }
    }

    /// A line is whole, with what came of it before.
    fn end_line(&mut self, end: &[u8], show: &mut impl FnMut(Seen<'_>)) {
        let mut bytes = std::mem::take(&mut self.line);
        bytes.extend_from_slice(end);
        let mut line = &*bytes;
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            self.end_event(None, show);
        } else {
            self.field(line);
        }
        // The next line that is cut needs no memory of its own.
        bytes.clear();
        self.line = bytes;
    }

    fn field(&mut self, line: &[u8]) {
        let (name, value) = match line.iter().position(|&byte| byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match name {
            b"event" => {
                self.event.clear();
                self.event.push_str(&value);
            }
            b"data" => {
                self.data.push_str(&value);
                self.data.push('\n');
            }
            b"id" if !value.contains('\0') => self.id = Some(value.into_owned()),
            // Comments have an empty name; `retry` and unknown fields say nothing to us.
            _ => {}
        }
    }

    /// An empty line ends the event, if it has data: `first`, or what was kept.
    fn end_event(&mut self, first: Option<&str>, show: &mut impl FnMut(Seen<'_>)) {
        // Every kept line left a line feed behind.
        let data = first.or_else(|| self.data.strip_suffix('\n'));
        if let Some(data) = data {
            show(Seen {
                event: if self.event.is_empty() {
                    "message"
                } else {
                    &self.event
                },
                data,
                id: self.id.as_deref(),
            });
        }
        self.event.clear();
        self.data.clear();
    }
}

impl From<Seen<'_>> for SseEvent {
    fn from(seen: Seen<'_>) -> Self {
        Self {
            event: seen.event.to_owned(),
            data: seen.data.to_owned(),
            id: seen.id.map(str::to_owned),
        }
    }
}

/// What a `data:` line says, where it is good text.
fn data_of(line: &[u8]) -> Option<&str> {
    let value = line.strip_prefix(b"data:")?;
    str::from_utf8(value.strip_prefix(b" ").unwrap_or(value)).ok()
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
