//! Watching an answer that is passed on as it came: its end and what it used are read in passing.
//!
//! A watch reads as little as it can: the events that count tokens or end the answer. It changes
//! nothing, and what it does not understand it lets pass; whether an answer is right is judged by whoever
//! reads it.

use busbar_core::{Done, Error, Usage};

use crate::upstream::Incoming;

/// Watches one answer of one format.
pub trait Watch: Send {
    /// The next event of a streamed answer goes by.
    fn see(&mut self, frame: &Incoming<'_>);

    /// The body has ended in good order.
    fn over(&mut self) {}

    /// The end, once a streamed answer has said that it is whole. A stream that ends without it was cut.
    fn done(&self) -> Option<Done>;

    /// The failure that a streamed answer has told of, though it had begun well.
    fn failure(&self) -> Option<Error>;

    /// What a streamed answer has told so far of what it uses, for one that is not heard to its end;
    /// nothing where it has told nothing.
    fn usage(&self) -> Usage;

    /// The end of an answer that comes in one piece; `None` where it is no answer of this format.
    fn whole(&self, body: &[u8]) -> Option<Done>;
}
