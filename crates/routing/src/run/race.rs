//! Two attempts beside each other: the second is made when the first is late, and whoever answers first
//! is heard. The other one is dropped, which cancels it.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use busbar_core::{BoxFuture, Result};

use super::attempt::{Begun, Lost, Told};
use crate::target::Target;

/// An attempt under way.
pub(super) struct Racer<T> {
    pub(super) entered: Entered,
    pub(super) attempt: BoxFuture<'static, Result<Begun<T>, Lost>>,
}

/// Who was asked, since when, and what it has told of its use.
pub(super) struct Entered {
    pub(super) target: Arc<Target>,
    pub(super) began: Instant,
    pub(super) told: Told,
}

/// Attempts beside each other.
pub(super) struct Race<T> {
    racers: Vec<Racer<T>>,
    late: Option<BoxFuture<'static, ()>>,
}

/// What happens next.
pub(super) enum Next<T> {
    /// One has ended.
    Ended(Entered, Result<Begun<T>, Lost>),
    /// The first is late.
    Late,
}

impl<T> Race<T> {
    pub(super) fn new(first: Racer<T>, late: BoxFuture<'static, ()>) -> Self {
        Self {
            racers: vec![first],
            late: Some(late),
        }
    }

    pub(super) fn join(&mut self, racer: Racer<T>) {
        self.racers.push(racer);
    }

    pub(super) fn is_over(&self) -> bool {
        self.racers.is_empty()
    }

    pub(super) async fn next(&mut self) -> Next<T> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Those that are not heard.
    pub(super) fn losers(self) -> impl Iterator<Item = Entered> {
        self.racers.into_iter().map(|racer| racer.entered)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next<T>> {
        for place in 0..self.racers.len() {
            let Some(racer) = self.racers.get_mut(place) else {
                break;
            };
            if let Poll::Ready(result) = Pin::new(&mut racer.attempt).poll(context) {
                let racer = self.racers.remove(place);
                return Poll::Ready(Next::Ended(racer.entered, result));
            }
        }
        if let Some(late) = &mut self.late
            && Pin::new(late).poll(context).is_ready()
        {
            self.late = None;
            return Poll::Ready(Next::Late);
        }
        Poll::Pending
    }
}
