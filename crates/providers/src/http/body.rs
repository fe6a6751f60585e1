//! The body of an answer: its bytes as they come, within the patience and the deadline. Nothing is
//! copied that need not be put together.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use hyper::body::{Body as _, Incoming};
use tokio::time::{Instant, Sleep};

use super::{
    Unanswered,
    direct::{DirectBody, Why},
};

/// What is read of a body that nobody wants any more, so that its connection can be used again.
const DRAIN_BYTES: usize = 64 << 10;
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// Pieces that came together are handed on together, up to about so many bytes: a piece by itself costs
/// whoever gets it a system call. A connection of the pool reads into a buffer and gives one piece a turn,
/// so it is given turns until it has no more; a piece that comes alone waits for one turn and for no time.
const HANDED_ON: usize = 16 << 10;

/// A body that comes in pieces. Dropping it before its end closes the connection (HTTP/1) or the
/// stream (HTTP/2).
#[derive(Debug)]
pub struct Body {
    incoming: Source,
    /// What has come and was not handed on yet.
    held: Gathered,
    /// Whether the connection was given a turn since the last piece came.
    yielded: bool,
    /// How the body ended, while what was held goes first.
    ended: Option<Option<Unanswered>>,
    stall: Duration,
    /// When the last piece came.
    since: Instant,
    deadline: Option<Instant>,
    /// Goes off when either is up, or before: then it is put off. So a piece costs no look at it.
    alarm: Pin<Box<Sleep>>,
}

/// Where a body comes from.
pub(super) enum Source {
    /// A connection of the pool, which has a task of its own.
    Pooled(Incoming),
    /// A connection that we drive ourselves.
    Direct(DirectBody),
}

impl Source {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Why>>> {
        match self {
            Self::Pooled(incoming) => Pin::new(incoming).poll_frame(context).map(|frame| {
                // Trailers say nothing here.
                let piece = frame?.map(|frame| frame.into_data().unwrap_or_default());
                Some(piece.map_err(Why::from))
            }),
            Self::Direct(body) => body.poll_piece(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Pooled(incoming) => incoming.is_end_stream(),
            Self::Direct(body) => body.is_end_stream(),
        }
    }

    /// Whether more may have been read already when it has nothing to give.
    fn needs_turns(&self) -> bool {
        matches!(self, Self::Pooled(_))
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Source")
    }
}

impl Body {
    /// One that begins now; `alarm` is any, and becomes its own.
    pub(super) fn new(
        incoming: Source,
        stall: Duration,
        deadline: Option<Instant>,
        alarm: Pin<Box<Sleep>>,
    ) -> Self {
        Self {
            incoming,
            held: Gathered::default(),
            yielded: false,
            ended: None,
            stall,
            since: Instant::now(),
            deadline,
            alarm,
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// `TooLong` past `limit` bytes, and whatever fails on the way.
    pub async fn whole(mut self, limit: usize) -> Result<Bytes, Unanswered> {
        let mut whole = Gathered::default();
        while let Some(piece) = self.next().await {
            whole.add(piece?);
            if whole.len() > limit {
                return Err(Unanswered::TooLong(limit));
            }
        }
        Ok(whole.take())
    }

    /// The beginning of the body, as much as there is; what fails on the way is its end.
    pub async fn beginning(mut self, limit: usize) -> Bytes {
        let mut read = BytesMut::new();
        while let Some(Ok(piece)) = self.next().await {
            let room = limit - read.len();
            read.extend_from_slice(&piece[..piece.len().min(room)]);
            if read.len() == limit {
                break;
            }
        }
        read.freeze()
    }

    /// What is still to come is no more than the end, and is not waited for long.
    pub fn hurry(&mut self) {
        if self.stall > DRAIN_TIME {
            self.stall = DRAIN_TIME;
            self.since = Instant::now();
        }
    }

    /// Lets the last bytes of a body come that has said all, so that the connection is not closed
    /// over them. Hosts that do not end lose the connection.
    pub fn finish(mut self) {
        if self.incoming.is_end_stream() {
            return;
        }
        // Nothing depends on this task: without it the next request makes a new connection.
        tokio::spawn(tokio::time::timeout(DRAIN_TIME, async move {
            let mut read = 0;
            while let Some(Ok(piece)) = self.next().await {
                read += piece.len();
                if read > DRAIN_BYTES {
                    return;
                }
            }
        }));
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Unanswered>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(ended) = this.ended.take() {
            return Poll::Ready(ended.map(Err));
        }
        loop {
            let piece = match this.incoming.poll_piece(context) {
                Poll::Ready(piece) => piece,
                Poll::Pending if this.held.len() == 0 => {
                    let why = ready!(this.poll_alarm(context));
                    return Poll::Ready(Some(Err(why)));
                }
                Poll::Pending if this.yielded || !this.incoming.needs_turns() => return this.hand_on(),
                Poll::Pending => {
                    this.yielded = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
            };
            let ended = match piece {
                Some(Ok(piece)) => {
                    this.held.add(piece);
                    this.yielded = false;
                    match this.held.len() {
                        0 => this.since = Instant::now(),
                        HANDED_ON.. => return this.hand_on(),
                        _ => {}
                    }
                    continue;
                }
                Some(Err(why)) => Some(Unanswered::Broken(why)),
                None => None,
            };
            if this.held.len() == 0 {
                return Poll::Ready(ended.map(Err));
            }
            this.ended = Some(ended);
            return this.hand_on();
        }
    }
}

impl Body {
    fn hand_on(&mut self) -> Poll<Option<Result<Bytes, Unanswered>>> {
        // Something came: silence begins anew.
        self.since = Instant::now();
        self.yielded = false;
        if self.deadline.is_some_and(|deadline| deadline <= self.since) {
            return Poll::Ready(Some(Err(Unanswered::Late)));
        }
        Poll::Ready(Some(Ok(self.held.take())))
    }

    /// Waits until nothing has come for too long, or the deadline is there.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<Unanswered> {
        let silent = self.since + self.stall;
        let due = self.deadline.map_or(silent, |deadline| deadline.min(silent));
        if self.alarm.deadline() > due {
            self.alarm.as_mut().reset(due);
        }
        while self.alarm.as_mut().poll(context).is_ready() {
            if Instant::now() < due {
                self.alarm.as_mut().reset(due);
                continue;
            }
            return Poll::Ready(match self.deadline {
                Some(deadline) if deadline <= due => Unanswered::Late,
                _ => Unanswered::Silent(self.stall),
            });
        }
        Poll::Pending
    }
}

/// Pieces put together. Most often there is one, which is not copied.
#[derive(Debug, Default)]
struct Gathered {
    first: Bytes,
    rest: BytesMut,
}

impl Gathered {
    fn add(&mut self, piece: Bytes) {
        match (self.first.is_empty(), self.rest.is_empty()) {
            (true, true) => self.first = piece,
            (false, true) => {
                self.rest.reserve(self.first.len() + piece.len());
                self.rest.extend_from_slice(&std::mem::take(&mut self.first));
                self.rest.extend_from_slice(&piece);
            }
            _ => self.rest.extend_from_slice(&piece),
        }
    }

    fn len(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    fn take(&mut self) -> Bytes {
        let first = std::mem::take(&mut self.first);
        match first.is_empty() {
            true => std::mem::take(&mut self.rest).freeze(),
            false => first,
        }
    }
}
