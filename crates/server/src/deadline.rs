//! When an answer is worthless: work past it stops.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use busbar_core::{Context as Caller, Error, ErrorKind, Result};
use tokio::time::Sleep;

use crate::Server;

/// The time at which a request's answer is worthless.
#[derive(Debug)]
pub(crate) enum Deadline {
    /// There is none.
    Never,
    /// Nothing had to be waited for yet, so that nobody has to be told when the time is up.
    In(Duration),
    /// It is waited for.
    At(Pin<Box<Sleep>>),
}

impl Deadline {
    /// The deadline of a request; none where it has none.
    pub(crate) fn of(server: &Server, caller: &Caller) -> Self {
        let left = |at: std::time::Instant| at.saturating_duration_since(server.now());
        caller.deadline.map_or(Self::Never, |at| Self::In(left(at)))
    }

    /// What the work gives, unless the time is up before. Work that is ready wins over time that is up.
    ///
    /// # Errors
    /// `DeadlineExceeded` where the time was up first; the work is dropped then.
    pub(crate) async fn before<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending => self.poll_passed(context).map(|()| Err(too_late())),
        })
        .await
    }

    fn poll_passed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Self::In(left) = self {
            *self = Self::At(Box::pin(tokio::time::sleep(*left)));
        }
        match self {
            Self::At(sleep) => sleep.as_mut().poll(context),
            _ => Poll::Pending,
        }
    }
}

fn too_late() -> Error {
    Error::new(
        ErrorKind::DeadlineExceeded,
        "the request's time was up before its answer was whole",
    )
}
