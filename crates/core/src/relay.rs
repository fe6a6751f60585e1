//! The short way: a request in a format that the model's host speaks itself goes there as it is.

use std::{fmt::Debug, pin::Pin};

use bytes::Bytes;
use futures_util::Stream;

use crate::{BoxFuture, Context, Done, Result, Usage};

/// The name of a wire format. What it stands for is known to whoever reads and writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Format(pub &'static str);

/// A model that takes requests as they were written.
///
/// The contract is that of [`ChatModel`](crate::ChatModel): a call resolves with its first item, the
/// stream ends with one [`RelayItem::Done`] or one error, and dropping it cancels the work.
pub trait Relay: Debug + Send + Sync + 'static {
    /// Whether requests of this format may be passed through.
    fn speaks(&self, format: Format) -> bool;

    /// Passes a request through.
    ///
    /// # Errors
    /// What went wrong before the first item.
    fn relay(&self, request: RelayRequest) -> BoxFuture<'_, Result<RelayStream>>;
}

/// A request as the client wrote it.
#[derive(Clone, Debug)]
pub struct RelayRequest {
    /// Whom it is for.
    pub context: Context,
    /// What it is written in.
    pub format: Format,
    /// Its body. The name of the model in it is the client's; the relay puts its own there.
    pub body: Bytes,
    /// What its head says that belongs to the format, by name in lower case.
    pub heads: Vec<(&'static str, String)>,
    /// Whether the answer comes in pieces.
    pub stream: bool,
}

/// The code of the error by which a relay says that a request must be read after all: whoever is to
/// serve it speaks another format. Nothing has been sent to the client then.
pub const MUST_BE_READ: &str = "must_be_read";

/// What comes back.
pub type RelayStream = Pin<Box<dyn Stream<Item = Result<RelayItem>> + Send>>;

/// An item of what comes back.
#[derive(Clone, Debug, PartialEq)]
pub enum RelayItem {
    /// Bytes for the client: whole frames of a stream, or the whole body.
    Bytes(Bytes),
    /// What has been used so far; it counts for an answer that is not heard to its end.
    Usage(Usage),
    /// The end of a whole answer.
    Done(Done),
}
