//! Streams of payload parts: whatever bytes a container writes, cut wherever they happened to be.

use busbar_core::{AnswerMetrics, Done, Error, ErrorKind, Event, Result, Transcript};
use bytes::Bytes;
use serde::de::IgnoredAny;

use super::error;
use crate::{
    AnswerWriter, Chunk, Framing,
    sse::Parser,
    upstream::{AnswerReader, Incoming},
};

/// The name of a part.
pub const PAYLOAD_PART: &str = "PayloadPart";

/// The longest event or line of a container, bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// Writes answers of a container's format as parts.
pub struct PartsWriter {
    own: Box<dyn AnswerWriter>,
    framing: Framing,
}

impl PartsWriter {
    /// Puts into parts what another writer writes, framed as the container would.
    pub fn new(own: Box<dyn AnswerWriter>, framing: Framing) -> Self {
        Self { own, framing }
    }

    fn parts(&mut self, out: &mut Vec<Chunk>, write: impl FnOnce(&mut dyn AnswerWriter, &mut Vec<Chunk>)) {
        let mut own = Vec::new();
        write(&mut *self.own, &mut own);
        out.extend(own.iter().map(|chunk| part(self.framing.encode(None, chunk))));
    }
}

impl std::fmt::Debug for PartsWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PartsWriter")
    }
}

fn part(bytes: Bytes) -> Chunk {
    Chunk::named(PAYLOAD_PART, bytes)
}

impl AnswerWriter for PartsWriter {
    fn open(&mut self, out: &mut Vec<Chunk>) {
        self.parts(out, |own, chunks| own.open(chunks));
    }

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        self.parts(out, |own, chunks| own.event(event, chunks));
    }

    fn end(&mut self, done: &Done, metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        self.parts(out, |own, chunks| own.end(done, metrics, chunks));
        out.extend(self.framing.end().map(part));
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        error::failed(error)
    }

    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes {
        self.own.whole(transcript, metrics)
    }
}

/// Reads answers of a container's format out of parts: server-sent events, or JSON, a line each.
pub struct PartsReader {
    own: Box<dyn AnswerReader>,
    lines: Lines,
}

enum Lines {
    /// Nothing has come yet that says which.
    Unknown,
    Events(Parser),
    Json(Vec<u8>),
}

impl PartsReader {
    /// Gives what the container wrote to another reader.
    pub fn new(own: Box<dyn AnswerReader>) -> Self {
        Self {
            own,
            lines: Lines::Unknown,
        }
    }
}

impl std::fmt::Debug for PartsReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PartsReader")
    }
}

impl AnswerReader for PartsReader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        if frame.failure {
            return Err(error::of_stream(frame));
        }
        if frame.event != PAYLOAD_PART {
            return Ok(());
        }
        for (name, data) in self.lines.push(frame.data)? {
            let own = Incoming {
                event: &name,
                failure: false,
                data: &data,
            };
            self.own.read(&own, out)?;
        }
        Ok(())
    }
}

impl Lines {
    /// The events that these bytes complete, with their names.
    fn push(&mut self, bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
        if let Self::Unknown = self {
            *self = match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                None => return Ok(Vec::new()),
                Some(b'{') => Self::Json(Vec::new()),
                Some(_) => Self::Events(Parser::new(LONGEST)),
            };
        }
        match self {
            Self::Unknown => Ok(Vec::new()),
            Self::Events(parser) => {
                let events = parser.push(bytes).map_err(|error| {
                    Error::new(ErrorKind::BadUpstream, error.to_string()).with_source(error)
                })?;
                Ok(events
                    .into_iter()
                    .map(|event| (event.event, event.data.into_bytes()))
                    .collect())
            }
            Self::Json(line) => {
                let mut lines = Vec::new();
                for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                    line.extend_from_slice(piece);
                    // The last line may have no end.
                    if is_whole(line) {
                        lines.push((String::new(), std::mem::take(line)));
                    }
                }
                match line.len() > LONGEST {
                    true => Err(Error::new(
                        ErrorKind::BadUpstream,
                        "the container sent a line without an end",
                    )),
                    false => Ok(lines),
                }
            }
        }
    }
}

fn is_whole(line: &[u8]) -> bool {
    line.trim_ascii_end().ends_with(b"}") && serde_json::from_slice::<IgnoredAny>(line).is_ok()
}
