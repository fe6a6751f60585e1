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

use super::attempt::{Begun, Lost};
use crate::target::Target;

/// An attempt under way.
pub(super) type Racer<T> = (Arc<Target>, Instant, BoxFuture<'static, Result<Begun<T>, Lost>>);

/// Attempts beside each other.
pub(super) struct Race<T> {
    racers: Vec<Racer<T>>,
    late: Option<BoxFuture<'static, ()>>,
}

/// What happens next.
pub(super) enum Next<T> {
    /// One has ended.
    Ended(Arc<Target>, Instant, Result<Begun<T>, Lost>),
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
    pub(super) fn losers(self) -> impl Iterator<Item = (Arc<Target>, Instant)> {
        self.racers.into_iter().map(|(target, began, _)| (target, began))
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next<T>> {
        for place in 0..self.racers.len() {
            let Some((_, _, attempt)) = self.racers.get_mut(place) else {
                break;
            };
            if let Poll::Ready(result) = Pin::new(attempt).poll(context) {
                let (target, began, _) = self.racers.remove(place);
                return Poll::Ready(Next::Ended(target, began, result));
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
