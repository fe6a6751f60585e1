//! The body of a streamed answer as events, however it was cut on the way.

use std::ops::{ControlFlow, Range};

use busbar_core::{Error, ErrorKind, Result};
use busbar_wire::{
    event_stream::{self, MESSAGE_LIMIT},
    sse,
    upstream::Incoming,
};
use bytes::{Bytes, BytesMut};
use memchr::memchr2;

/// How a host frames what it streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// AWS's binary messages.
    EventStream,
}

/// Whoever takes events, one after the other, until it has enough.
pub type Take<'a> = &'a mut dyn FnMut(&Incoming<'_>) -> Result<ControlFlow<()>>;

impl Framing {
    /// The media type of such a body.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Sse => "text/event-stream",
            Self::EventStream => event_stream::MEDIA_TYPE,
        }
    }

    /// How many bytes of these are whole frames, each given to `take` in turn by its place. Looks for
    /// ends from `from` on: before it there is none.
    fn frames(
        self,
        bytes: &[u8],
        from: usize,
        mut take: impl FnMut(Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let (mut start, mut at) = (0, from);
        while let Some(end) = match self {
            Self::Sse => end_of_event(bytes, start, at),
            Self::EventStream => end_of_message(bytes, start)?,
        } {
            take(start..end)?;
            (start, at) = (end, end);
        }
        Ok(())
    }
}

/// Reads events out of a body.
#[derive(Debug)]
pub struct Frames(Parser);

#[derive(Debug)]
enum Parser {
    Sse(sse::Parser),
    EventStream(event_stream::Parser),
}

impl Frames {
    /// A reader that refuses frames of more than 16 MiB.
    pub fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Sse => Parser::Sse(sse::Parser::new(MESSAGE_LIMIT)),
            Framing::EventStream => Parser::EventStream(event_stream::Parser::new(MESSAGE_LIMIT)),
        })
    }

    /// Takes the next bytes, and gives the events that they complete to `take`.
    ///
    /// # Errors
    /// `BadUpstream` where the framing is broken, and whatever `take` fails with.
    pub fn read(&mut self, bytes: &[u8], take: Take<'_>) -> Result<()> {
        match &mut self.0 {
            Parser::Sse(parser) => {
                let (mut taken, mut enough) = (Ok(()), false);
                let read = parser.read(bytes, |seen| {
                    if enough || taken.is_err() {
                        return;
                    }
                    let incoming = Incoming {
                        event: seen.event,
                        failure: false,
                        data: seen.data.as_bytes(),
                    };
                    taken = take(&incoming).map(|flow| enough = flow.is_break());
                });
                // What came before an event without an end was taken, and may have failed first.
                taken?;
                read.map_err(|error| {
                    Error::new(ErrorKind::BadUpstream, error.to_string()).with_source(error)
                })?;
            }
            Parser::EventStream(parser) => {
                parser.push(bytes);
                while let Some(message) = parser.take()? {
                    if take(&message.incoming())?.is_break() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

/// Cuts a body into whole frames that are passed on as they are.
#[derive(Debug)]
pub struct Cutter {
    framing: Framing,
    /// The beginning of a frame whose end has not come.
    rest: BytesMut,
}

impl Cutter {
    /// A cutter with nothing in it.
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            rest: BytesMut::new(),
        }
    }

    /// Takes the next bytes; answers with the whole frames that are there now, which `take` has seen
    /// one by one and wants passed on. Where it fails, with those before, and the failure.
    pub fn cut(&mut self, bytes: Bytes, mut take: impl FnMut(&[u8]) -> Result<Fate>) -> (Bytes, Result<()>) {
        // Most often frames are not cut on the way: then nothing is copied.
        let (mut whole, from) = match self.rest.is_empty() {
            true => (bytes, 0),
            false => {
                let from = self.rest.len();
                self.rest.extend_from_slice(&bytes);
                (self.rest.split().freeze(), from)
            }
        };
        let mut end = 0;
        let mut left_out = Vec::new();
        let taken = self.framing.frames(&whole, from, |place| {
            if take(&whole[place.clone()])? == Fate::LeftOut {
                left_out.push(place.clone());
            }
            end = place.end;
            Ok(())
        });
        let rest = whole.split_off(end);
        let kept = rest.len();
        self.rest.extend_from_slice(&rest);
        let taken = taken.and_then(|()| match kept > MESSAGE_LIMIT {
            true => Err(too_long()),
            false => Ok(()),
        });
        (without(whole, &left_out), taken)
    }
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is passed on.
    PassedOn,
    /// It is for us alone.
    LeftOut,
}

/// The bytes without these places, which are in order.
fn without(bytes: Bytes, places: &[Range<usize>]) -> Bytes {
    if places.is_empty() {
        return bytes;
    }
    let mut kept = BytesMut::with_capacity(bytes.len());
    let mut from = 0;
    for place in places {
        kept.extend_from_slice(&bytes[from..place.start]);
        from = place.end;
    }
    kept.extend_from_slice(&bytes[from..]);
    kept.freeze()
}

/// The end of the event that begins at `start`: past its empty line.
fn end_of_event(bytes: &[u8], start: usize, from: usize) -> Option<usize> {
    // The empty line may have begun in what came before.
    let mut at = from.saturating_sub(3).max(start);
    while let Some(found) = memchr2(b'\n', b'\r', &bytes[at..]) {
        let after = past_line_end(bytes, at + found)?;
        let end = past_line_end(bytes, after);
        if let Some(end) = end {
            return Some(end);
        }
        if after >= bytes.len() || matches!(bytes[after], b'\n' | b'\r') {
            return None;
        }
        at = after;
    }
    None
}

/// Past the line end that is here; none where there is none, or where its other half may still come.
fn past_line_end(bytes: &[u8], at: usize) -> Option<usize> {
    match (bytes.get(at)?, bytes.get(at + 1)) {
        (b'\r', Some(b'\n')) => Some(at + 2),
        (b'\r', None) => None,
        (b'\n' | b'\r', _) => Some(at + 1),
        _ => None,
    }
}

/// The end of the message that begins at `start`, by the length that it says.
fn end_of_message(bytes: &[u8], start: usize) -> Result<Option<usize>> {
    let Some(length) = bytes[start..].first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if length > MESSAGE_LIMIT {
        return Err(too_long());
    }
    // A length that cannot be ends the frame here; the parser says what is wrong with it.
    let end = start + length.max(1);
    Ok((end <= bytes.len()).then_some(end))
}

fn too_long() -> Error {
    Error::new(
        ErrorKind::BadUpstream,
        format!("an event of the answer has more than {MESSAGE_LIMIT} bytes"),
    )
}

#[cfg(test)]
mod tests {
    use busbar_wire::Chunk;

    use super::*;

    fn cut_in(framing: Framing, body: &[u8], size: usize) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut cutter = Cutter::new(framing);
        let (mut frames, mut passed) = (Vec::new(), Vec::new());
        for piece in body.chunks(size) {
            let (bytes, taken) = cutter.cut(Bytes::copy_from_slice(piece), |frame| {
                frames.push(frame.to_vec());
                Ok(Fate::PassedOn)
            });
            taken.unwrap();
            passed.extend_from_slice(&bytes);
        }
        (frames, passed)
    }

    #[test]
    fn events_are_cut_at_their_empty_lines_wherever_the_pieces_end() {
        for end in ["\n", "\r\n", "\r"] {
            let event = |data: &str| format!("event: x{end}data: {data}{end}{end}");
            let body = [event("a"), event("b"), format!(": life{end}{end}"), event("c")].concat();
            let tail = format!("data: cut{end}");
            let all = body.clone() + &tail;
            for size in 1..all.len() {
                let (frames, passed) = cut_in(Framing::Sse, all.as_bytes(), size);
                assert_eq!(frames.len(), 4, "{end:?} in pieces of {size}");
                assert_eq!(passed, body.as_bytes(), "{end:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn messages_are_cut_by_their_lengths_wherever_the_pieces_end() {
        let messages: Vec<_> = ["a", "", "longer than the others"]
            .iter()
            .map(|data| event_stream::encode(&Chunk::named("x", Bytes::from_static(data.as_bytes())), "t"))
            .collect();
        let body = messages.concat();
        let all = [&body[..], &messages[0][..20]].concat();
        for size in 1..all.len() {
            let (frames, passed) = cut_in(Framing::EventStream, &all, size);
            assert_eq!(frames, messages, "in pieces of {size}");
            assert_eq!(passed, body, "in pieces of {size}");
        }
    }

    #[test]
    fn a_message_that_says_it_is_endless_is_refused_at_once() {
        let mut cutter = Cutter::new(Framing::EventStream);
        let (_, taken) = cutter.cut(Bytes::from_static(&[0xff; 12]), |_| Ok(Fate::PassedOn));
        assert_eq!(taken.unwrap_err().kind(), ErrorKind::BadUpstream);
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let mut cutter = Cutter::new(Framing::Sse);
        let line = Bytes::from(vec![b'a'; 1 << 20]);
        let refused = (0..=17).find_map(|_| cutter.cut(line.clone(), |_| Ok(Fate::PassedOn)).1.err());
        assert_eq!(refused.unwrap().kind(), ErrorKind::BadUpstream);
    }

    #[test]
    fn what_comes_before_a_failure_is_passed_on_but_for_what_is_ours() {
        let mut cutter = Cutter::new(Framing::Sse);
        let body =
            Bytes::from_static(b"data: good\n\ndata: ours\n\ndata: too\n\ndata: bad\n\ndata: late\n\n");
        let (passed, taken) = cutter.cut(body, |frame| match frame {
            b"data: bad\n\n" => Err(Error::internal("bad")),
            b"data: ours\n\n" => Ok(Fate::LeftOut),
            _ => Ok(Fate::PassedOn),
        });
        assert_eq!(passed, "data: good\n\ndata: too\n\n");
        assert!(taken.is_err());
    }
}
