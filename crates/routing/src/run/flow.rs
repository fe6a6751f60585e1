//! An answer that has begun, as it comes: held to its pace, its end told to the target's health and to the
//! trail.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use busbar_core::{Error, Money, Result, Trail};
use futures_util::{Stream, StreamExt as _};

use super::{
    attempt::{Begun, Held, cut, stalled, word},
    waits::Silence,
};
use crate::{
    ask::{Ask, Items},
    budget::Alarm,
    health::Verdict,
    route::Route,
    target::Target,
};

/// An answer as it comes. Dropping it cancels the work.
pub(crate) struct Flow<A: Ask> {
    held: VecDeque<A::Item>,
    items: Items<A::Item>,
    place: Held,
    silence: Silence,
    pub(crate) target: Arc<Target>,
    trail: Trail,
    alarm: Arc<Alarm>,
    ended: bool,
}

impl<A: Ask> Flow<A> {
    pub(crate) fn new(route: &Route, begun: Begun<A::Item>, trail: Trail) -> Self {
        let pace = route.timeouts_of(&begun.choice).between_events;
        Self {
            silence: Silence::new(Arc::clone(&route.ports.timer), pace),
            held: begun.held,
            items: begun.items,
            place: begun.place,
            target: begun.choice.target,
            trail,
            alarm: Arc::clone(&route.alarm),
            ended: false,
        }
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<A::Item>>> {
        let verdict = Verdict::of(error.kind());
        let outcome = match error.code() {
            Some("stalled") => "stalled",
            Some("cut_off") => "cut",
            _ if verdict == Verdict::Failed => "cut",
            _ => word(&error),
        };
        self.alarm
            .note(self.place.timer().now(), verdict != Verdict::Fine);
        self.trail.note(|course| {
            // It was taken for served when it began.
            let mine = course.attempts.iter_mut().rev();
            let mut mine = mine.filter(|attempt| attempt.target == self.target.name);
            if let Some(attempt) = mine.next() {
                attempt.outcome = outcome;
            }
        });
        self.end(verdict);
        Poll::Ready(Some(Err(error)))
    }

    /// What the target held is free from now on.
    fn end(&mut self, verdict: Verdict) {
        self.ended = true;
        self.items = Box::pin(futures_util::stream::empty());
        self.place.settle(verdict);
    }

    fn pass(&mut self, item: A::Item) -> Poll<Option<Result<A::Item>>> {
        self.silence.broken();
        if let Some(done) = A::done(&item) {
            let price = self.target.price();
            let free = self.target.place.is_here();
            self.trail.note(|course| {
                match price {
                    Some(price) => course.spent = course.spent + price.of(&done.usage),
                    None => course.unpriced |= !free,
                }
                // What runs here has no price of its own; what was spent before it has.
                let priced = price.is_some() || course.spent > Money::ZERO;
                course.total = Some(course.spent).filter(|_| priced && !course.unpriced);
            });
            self.end(Verdict::Fine);
        }
        Poll::Ready(Some(Ok(item)))
    }
}

impl<A: Ask> Unpin for Flow<A> {}

impl<A: Ask> Stream for Flow<A> {
    type Item = Result<A::Item>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        if let Some(item) = this.held.pop_front() {
            return this.pass(item);
        }
        match this.items.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(item))) => this.pass(item),
            Poll::Ready(Some(Err(error))) => this.fail(error),
            Poll::Ready(None) => {
                let error = cut(&this.target);
                this.fail(error)
            }
            Poll::Pending => match this.silence.poll_too_long(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(most) => {
                    let error = stalled(&this.target, most);
                    this.fail(error)
                }
            },
        }
    }
}
