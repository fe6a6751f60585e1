//! Reading in: bytes as they arrive from a socket become messages, wherever the pieces are cut.

use busbar_core::{Error, ErrorKind};
use bytes::{Buf as _, Bytes, BytesMut};
use thiserror::Error;

use super::header;
use crate::upstream::Incoming;

/// The two lengths and their checksum.
const PRELUDE: usize = 12;
/// The checksum at the end.
const TRAILER: usize = 4;

/// A message that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    headers: Vec<(String, String)>,
    payload: Bytes,
}

/// The stream is not what it should be. The parser is then of no more use: nothing says where the
/// next message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// A message is larger than the parser allows.
    #[error("a message of the event stream has {length} bytes where at most {limit} are taken")]
    TooLong {
        /// What the message says of itself, bytes.
        length: usize,
        /// The most that one message may have, bytes.
        limit: usize,
    },
    /// The lengths contradict each other.
    #[error("a message of the event stream has lengths that cannot be")]
    Length,
    /// A checksum is not that of the bytes before it.
    #[error("a message of the event stream does not have the checksum it says")]
    Checksum,
    /// A header ends too early, is of no known type, or is a text that is not UTF-8.
    #[error("a message of the event stream has a header that cannot be read")]
    Header,
}

/// Reads messages from pieces of any size.
#[derive(Debug)]
pub struct Parser {
    limit: usize,
    bytes: BytesMut,
    broken: Option<Malformed>,
}

impl Parser {
    /// A parser that refuses messages of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: BytesMut::new(),
            broken: None,
        }
    }

    /// Adds the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// The next whole message, where there is one.
    ///
    /// # Errors
    /// What is wrong with it; the same from then on.
    pub fn take(&mut self) -> Result<Option<Message>, Malformed> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        let taken = self.next();
        if let Err(malformed) = taken {
            self.broken = Some(malformed);
            self.bytes = BytesMut::new();
        }
        taken
    }

    /// Whether a message has begun that is not whole: a stream that ends so was cut off.
    pub fn is_within(&self) -> bool {
        !self.bytes.is_empty()
    }

    fn next(&mut self) -> Result<Option<Message>, Malformed> {
        let Some((prelude, _)) = self.bytes.split_first_chunk::<PRELUDE>() else {
            return Ok(None);
        };
        // Checked before the rest has come: a wrong length would have us wait for ever.
        let (length, headers_length) = lengths(prelude)?;
        if length > self.limit {
            let limit = self.limit;
            return Err(Malformed::TooLong { length, limit });
        }
        if headers_length > length.saturating_sub(PRELUDE + TRAILER) || length < PRELUDE + TRAILER {
            return Err(Malformed::Length);
        }
        if self.bytes.len() < length {
            return Ok(None);
        }
        let mut message = self.bytes.split_to(length).freeze();
        let mut trailer = message.split_off(length - TRAILER);
        if crc32fast::hash(&message) != trailer.get_u32() {
            return Err(Malformed::Checksum);
        }
        message.advance(PRELUDE);
        let headers = header::read(&message.split_to(headers_length))?;
        Ok(Some(Message {
            headers,
            payload: message,
        }))
    }
}

fn lengths(prelude: &[u8; PRELUDE]) -> Result<(usize, usize), Malformed> {
    let mut numbers = &prelude[..];
    let (length, headers, checksum) = (numbers.get_u32(), numbers.get_u32(), numbers.get_u32());
    if crc32fast::hash(&prelude[..PRELUDE - 4]) != checksum {
        return Err(Malformed::Checksum);
    }
    let number = |number| usize::try_from(number).map_err(|_| Malformed::Length);
    Ok((number(length)?, number(headers)?))
}

impl Message {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// What it carries.
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// The event, out of its framing. Of failures that the service did not model, the text stands in a
    /// header.
    pub fn incoming(&self) -> Incoming<'_> {
        let text = |name| self.header(name).unwrap_or_default();
        match text(":message-type") {
            "exception" => Incoming {
                event: text(":exception-type"),
                failure: true,
                data: &self.payload,
            },
            "error" => Incoming {
                event: text(":error-code"),
                failure: true,
                data: match &*self.payload {
                    [] => text(":error-message").as_bytes(),
                    payload => payload,
                },
            },
            _ => Incoming {
                event: text(":event-type"),
                failure: false,
                data: &self.payload,
            },
        }
    }
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        Self::new(ErrorKind::BadUpstream, malformed.to_string()).with_source(malformed)
    }
}
