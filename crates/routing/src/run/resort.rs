//! What is said when no target answers: an answer that was given before, or a text that stands in the
//! configuration. Labelled as what it is.

use busbar_core::{CacheUse, Done, Error, Event, EventStream, FinishReason, Served, Step, Usage};
use futures_util::stream;

use super::Run;
use crate::{ask::Chat, cache::Kept, cache::key::Key};

/// The last resort for a request that failed; `None`: there is none, or the request itself is wrong.
pub(crate) async fn last(run: &Run<Chat>, key: Option<&Key>, error: &Error) -> Option<EventStream> {
    let about_us = error.is_retryable() || error.code() == Some("no_target_ready");
    if !about_us {
        return None;
    }
    let (route, trail) = (&run.route, &run.ask.request.context.trail);
    if route.spec.stale
        && let Some(key) = key
        && let Some(kept) = route.cache.find(key, &*route.ports.timer).await
    {
        trail.note(|course| {
            course.cache = Some(CacheUse::Stale);
            course.degraded = Some(Step::Cached);
            course.served = kept.served.clone();
            course.total = Some(course.spent).filter(|_| !course.unpriced);
        });
        return Some(replay(&kept));
    }
    let text = route.spec.instead.clone()?;
    trail.note(|course| {
        course.degraded = Some(Step::Static);
        course.served = Some(Served {
            target: "static".into(),
            model: route.spec.name.clone(),
            price: None,
        });
        course.total = Some(course.spent).filter(|_| !course.unpriced);
    });
    let done = Done::new(FinishReason::Stop, Usage::default());
    Some(Box::pin(stream::iter([
        Ok(Event::text(text)),
        Ok(Event::Done(done)),
    ])))
}

/// An answer once more.
pub(crate) fn replay(kept: &Kept) -> EventStream {
    let events = kept.events.clone();
    let mut next = 0;
    Box::pin(stream::poll_fn(move |_| {
        let event = events.get(next).cloned();
        next += 1;
        std::task::Poll::Ready(event.map(Ok))
    }))
}
