//! The port to the queues, with the semantics of SQS: at least once, in about the order they
//! came, each message hidden from others while its lease lasts.

use std::{
    fmt::{self, Debug},
    time::Duration,
};

use busbar_core::{BoxFuture, Result};

use crate::{JobKind, Timestamp};

/// The name of a queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueName(String);

impl QueueName {
    const DEAD: &str = "-dead";

    /// A queue by its name: letters, digits and `-`.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Where jobs of a kind wait.
    pub fn of(kind: &JobKind) -> Self {
        Self(format!("jobs-{kind}"))
    }

    /// Where webhooks wait.
    pub fn webhooks() -> Self {
        Self::new("webhooks")
    }

    /// Where messages of this queue end that nobody could deal with. It is a queue like others.
    #[must_use]
    pub fn dead(&self) -> Self {
        Self(format!("{}{}", self.0, Self::DEAD))
    }

    /// Whether it is where messages end; from there, nothing moves further.
    pub fn is_dead(&self) -> bool {
        self.0.ends_with(Self::DEAD)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands for one delivery of a message; the next delivery has another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt(String);

impl Receipt {
    /// A receipt as the queue gave it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The receipt as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message that was handed out.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What it says.
    pub body: String,
    /// What extends or ends its lease.
    pub receipt: Receipt,
    /// How often it was handed out, this time included.
    pub receives: u32,
    /// When it was sent.
    pub sent: Timestamp,
}

impl Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("bytes", &self.body.len())
            .field("receives", &self.receives)
            .finish_non_exhaustive()
    }
}

/// How full a queue is, about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that could be handed out now.
    pub ready: u64,
    /// Messages that are delayed or leased.
    pub hidden: u64,
}

/// Queues of messages. `testkit::conformance::queue` is the contract.
///
/// A message that was accepted is handed out until it is deleted, or has been handed out as
/// often as the queue allows, when it moves to the queue's [`dead`](QueueName::dead) one. Calls
/// fail with `Unavailable` or `Overloaded` where the queue is out of reach or busy.
pub trait Queue: Debug + Send + Sync + 'static {
    /// Accepts a message, durably; it is handed out after `delay` (at most 15 minutes).
    ///
    /// # Errors
    /// As above.
    fn send<'a>(&'a self, queue: &'a QueueName, body: String, delay: Duration) -> BoxFuture<'a, Result<()>>;

    /// Hands out at most `most` messages (at most 10), hidden from others for `lease`. Where
    /// there is none it waits for one, for `wait` at most.
    ///
    /// # Errors
    /// As above.
    fn receive<'a>(&'a self, queue: &'a QueueName, ask: Receive) -> BoxFuture<'a, Result<Vec<Delivery>>>;

    /// Hides a message for `lease` from now; zero hands it out again at once. `false`: the
    /// lease ran out and somebody else may have the message, so what it asks for is not ours.
    ///
    /// # Errors
    /// As above.
    fn extend<'a>(
        &'a self,
        queue: &'a QueueName,
        receipt: &'a Receipt,
        lease: Duration,
    ) -> BoxFuture<'a, Result<bool>>;

    /// Ends a message. To end one twice, or late, is no error.
    ///
    /// # Errors
    /// As above.
    fn delete<'a>(&'a self, queue: &'a QueueName, receipt: &'a Receipt) -> BoxFuture<'a, Result<()>>;

    /// Moves a message to the queue's dead one. It may then be there twice, but never nowhere.
    ///
    /// # Errors
    /// As above.
    fn bury<'a>(&'a self, queue: &'a QueueName, delivery: &'a Delivery) -> BoxFuture<'a, Result<()>>;

    /// How full it is, about.
    ///
    /// # Errors
    /// As above.
    fn depth<'a>(&'a self, queue: &'a QueueName) -> BoxFuture<'a, Result<Depth>>;
}

/// What to ask a queue for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receive {
    /// How many messages at most.
    pub most: usize,
    /// How long they are hidden from others.
    pub lease: Duration,
    /// How long to wait for the first one.
    pub wait: Duration,
}
