//! How the chunks of a streamed answer stand in a body: as server-sent events or as AWS's binary ones.

use bytes::Bytes;

use crate::{event_stream, sse};

/// A chunk of a streamed answer, before it is framed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What it is called in its format; formats whose events have no names have none.
    pub event: Option<&'static str>,
    /// Whether it tells of a failure. It is then the last one.
    pub failure: bool,
    /// What it says: JSON, or what the format has in its place.
    pub data: Bytes,
}

impl Chunk {
    /// A chunk of a format whose events have no names.
    pub fn plain(data: Bytes) -> Self {
        Self {
            event: None,
            failure: false,
            data,
        }
    }

    /// A chunk with a name.
    pub fn named(event: &'static str, data: Bytes) -> Self {
        Self {
            event: Some(event),
            failure: false,
            data,
        }
    }

    /// The same chunk, as one that tells of a failure.
    #[must_use]
    pub fn failed(mut self) -> Self {
        self.failure = true;
        self
    }
}

/// How chunks are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Sse {
        /// What the data of one more event says after the last chunk, where the format wants one.
        end: Option<&'static [u8]>,
    },
    /// `application/vnd.amazon.eventstream`.
    EventStream {
        /// What the `:content-type` header of its events says.
        content_type: &'static str,
    },
}

impl Framing {
    /// The body's media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Sse { .. } => "text/event-stream",
            Self::EventStream { .. } => event_stream::MEDIA_TYPE,
        }
    }

    /// A chunk's bytes. Only server-sent events have room for an id.
    pub fn encode(self, id: Option<&str>, chunk: &Chunk) -> Bytes {
        match self {
            Self::Sse { .. } => sse::Frame {
                id,
                event: chunk.event,
                data: &chunk.data,
            }
            .encode(),
            Self::EventStream { content_type } => event_stream::encode(chunk, content_type),
        }
    }

    /// What comes after the last chunk of a whole answer.
    pub fn end(self) -> Option<Bytes> {
        match self {
            Self::Sse { end: Some(data) } => Some(
                sse::Frame {
                    data,
                    ..sse::Frame::default()
                }
                .encode(),
            ),
            _ => None,
        }
    }

    /// A sign of life that readers ignore, where the framing has one.
    pub fn still_here(self) -> Option<Bytes> {
        match self {
            Self::Sse { .. } => Some(sse::comment("still here")),
            Self::EventStream { .. } => None,
        }
    }
}
