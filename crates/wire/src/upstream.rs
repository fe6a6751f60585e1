//! Formats from the other side: requests to hosts elsewhere, and what they answer.

use std::time::Duration;

use busbar_core::{ChatRequest, Event, Format, Pixels, Result, Transcript};
use bytes::Bytes;

/// A format in which hosts elsewhere are asked for text. One value a format; none has state.
pub trait ChatFormat: std::fmt::Debug + Sync {
    /// Its name; requests that came in it need not be written anew.
    fn name(&self) -> Format;

    /// The body of a request, for a model by the name that its host knows.
    ///
    /// # Errors
    /// `Unsupported`, naming the field, where the format has no word for something that would change
    /// the answer. Nothing is dropped in silence.
    fn write(&self, request: &ChatRequest, model: &str) -> Result<Bytes>;

    /// A reader of one streamed answer.
    fn reader(&self) -> Box<dyn AnswerReader>;

    /// A whole answer.
    ///
    /// # Errors
    /// `BadUpstream` where it is no answer; the error that it carries where it carries one.
    fn whole(&self, body: &[u8]) -> Result<Transcript>;

    /// What a refusal says. It may be anything: a page of a proxy, or nothing.
    fn said(&self, body: &[u8]) -> Said;
}

/// Reads one streamed answer.
pub trait AnswerReader: Send {
    /// What one event of the stream means. The last one pushed is `Event::Done`, once.
    ///
    /// # Errors
    /// The failure that the stream carries, as `BadUpstream`, `RateLimited` or whatever kind it says;
    /// `BadUpstream` where the event is not one of the format.
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()>;

    /// What it means that the body ended in good order before `Event::Done`: where nothing is pushed, that the
    /// answer was cut off.
    ///
    /// # Errors
    /// As above.
    fn over(&mut self, _out: &mut Vec<Event>) -> Result<()> {
        Ok(())
    }
}

/// One event of a stream, out of its framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming<'a> {
    /// Its name: the `event:` line of server-sent events, `:event-type` or `:exception-type`.
    pub event: &'a str,
    /// Whether the framing itself says that it is a failure.
    pub failure: bool,
    /// What it says.
    pub data: &'a [u8],
}

/// A picture as a host sends it.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// Its pixels.
    Pixels(Pixels),
    /// A file.
    File(Bytes),
}

/// What a refusal says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// For people.
    pub message: Option<String>,
    /// Its class in the host's words: `rate_limit_error`, `ThrottlingException`.
    pub class: Option<String>,
    /// The field that is wrong, where it says.
    pub param: Option<String>,
    /// How long to wait, where the body says.
    pub retry_after: Option<Duration>,
}
