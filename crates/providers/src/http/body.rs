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

use super::Unanswered;

/// What is read of a body that nobody wants any more, so that its connection can be used again.
const DRAIN_BYTES: usize = 64 << 10;
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// A body that comes in pieces. Dropping it before its end closes the connection (HTTP/1) or the
/// stream (HTTP/2).
#[derive(Debug)]
pub struct Body {
    incoming: Incoming,
    stall: Duration,
    silence: Pin<Box<Sleep>>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Body {
    pub(super) fn new(incoming: Incoming, stall: Duration, deadline: Option<Instant>) -> Self {
        Self {
            incoming,
            stall,
            silence: Box::pin(tokio::time::sleep(stall)),
            deadline: deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline))),
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// `TooLong` past `limit` bytes, and whatever fails on the way.
    pub async fn whole(mut self, limit: usize) -> Result<Bytes, Unanswered> {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(piece) = self.next().await {
            let piece = piece?;
            if first.len() + rest.len() + piece.len() > limit {
                return Err(Unanswered::TooLong(limit));
            }
            match (first.is_empty(), rest.is_empty()) {
                // Most bodies are one piece, which then is the body.
                (true, true) => first = piece,
                (false, true) => {
                    rest.reserve(first.len() + piece.len());
                    rest.extend_from_slice(&std::mem::take(&mut first));
                    rest.extend_from_slice(&piece);
                }
                _ => rest.extend_from_slice(&piece),
            }
        }
        Ok(if rest.is_empty() { first } else { rest.freeze() })
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
            self.silence.as_mut().reset(Instant::now() + DRAIN_TIME);
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
        if let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Some(Err(Unanswered::Late)));
        }
        loop {
            let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(context) else {
                ready!(this.silence.as_mut().poll(context));
                return Poll::Ready(Some(Err(Unanswered::Silent(this.stall))));
            };
            let frame = match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(Unanswered::Broken(error.into())))),
                Some(Ok(frame)) => frame,
            };
            this.silence.as_mut().reset(Instant::now() + this.stall);
            // Trailers say nothing here.
            if let Ok(data) = frame.into_data()
                && !data.is_empty()
            {
                return Poll::Ready(Some(Ok(data)));
            }
        }
    }
}
