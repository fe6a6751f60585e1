//! Answers that were given, for the same request of the same tenant: within a bound of memory, the least
//! recently wanted going first. A failure is never among them, nor an answer of a lesser model.

pub(crate) mod flight;
pub(crate) mod key;
mod written;

use std::{
    collections::{BTreeMap, HashMap},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use busbar_core::{AnswerStore, Event, EventStream, FinishReason, Result, Served, Step, Timer, Trail};
use futures_util::{Stream, StreamExt as _};

use flight::Flight;
use key::Key;

/// Answers that were given, and those that are being given.
#[derive(Debug)]
pub(crate) struct Cache {
    most: usize,
    inner: Mutex<Inner>,
    flights: Mutex<Flights>,
    /// Where they are kept beyond this process, if they are.
    beyond: OnceLock<Arc<dyn AnswerStore>>,
}

#[derive(Debug, Default)]
struct Flights {
    by_key: HashMap<Key, Weak<Flight>>,
    /// With so many, those that have landed are swept.
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<Key, Entry>,
    /// By when they were last wanted.
    order: BTreeMap<u64, Key>,
    tick: u64,
    size: usize,
}

#[derive(Debug)]
struct Entry {
    kept: Kept,
    size: usize,
    tick: u64,
}

/// An answer that was given.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) events: Arc<[Event]>,
    pub(crate) served: Option<Served>,
    at: Instant,
}

impl Kept {
    /// Whether it is no older than this.
    pub(crate) fn is_fresh(&self, now: Instant, fresh: Duration) -> bool {
        now.saturating_duration_since(self.at) < fresh
    }
}

/// What an entry takes beside its events.
const OVERHEAD: usize = 256;

impl Cache {
    /// Keeps so many bytes at most.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            inner: Mutex::default(),
            flights: Mutex::default(),
            beyond: OnceLock::new(),
        }
    }

    /// Keeps answers there too, from now on. Once it is said, it stays.
    pub(crate) fn keep_beyond(&self, store: Arc<dyn AnswerStore>) {
        // Whoever says it twice means the same place.
        let _same = self.beyond.set(store);
    }

    /// Where answers are kept beyond this process.
    pub(crate) fn beyond(&self) -> Option<&Arc<dyn AnswerStore>> {
        self.beyond.get()
    }

    /// The answer to a request, however old, wherever it is kept.
    pub(crate) async fn find(&self, key: &Key, timer: &dyn Timer) -> Option<Kept> {
        if let Some(kept) = self.get(key) {
            return Some(kept);
        }
        let bytes = self.beyond.get()?.get(key.bytes())?.await?;
        let read = written::read(&bytes)?;
        // A clock that was set back makes no answer older than new.
        let age = timer.wall().duration_since(read.at).unwrap_or_default();
        let kept = Kept {
            events: read.events.into(),
            served: read.served,
            at: timer.now().checked_sub(age)?,
        };
        self.put(*key, kept.clone());
        Some(kept)
    }

    /// The answer to a request, however old.
    pub(crate) fn get(&self, key: &Key) -> Option<Kept> {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let entry = inner.kept.get_mut(key)?;
        inner.tick += 1;
        inner.order.remove(&entry.tick);
        inner.order.insert(inner.tick, *key);
        entry.tick = inner.tick;
        Some(entry.kept.clone())
    }

    /// The same request under way; or this one, which others may join from now on.
    pub(crate) fn join(&self, key: Key, begin: impl FnOnce() -> Flight) -> (Arc<Flight>, bool) {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights
            .by_key
            .get(&key)
            .and_then(Weak::upgrade)
            .filter(|flight| flight.is_open())
        {
            return (flight, true);
        }
        if flights.by_key.len() >= flights.sweep_at {
            flights.by_key.retain(|_, flight| flight.strong_count() > 0);
            flights.sweep_at = 2 * flights.by_key.len() + 64;
        }
        let flight = Arc::new(begin());
        flights.by_key.insert(key, Arc::downgrade(&flight));
        (flight, false)
    }

    fn put(&self, key: Key, kept: Kept) {
        let size = OVERHEAD + kept.events.iter().map(size_of_event).sum::<usize>();
        if size > self.most {
            return;
        }
        let mut inner = self.inner();
        let inner = &mut *inner;
        inner.remove(&key);
        inner.tick += 1;
        let tick = inner.tick;
        inner.size += size;
        inner.order.insert(tick, key);
        inner.kept.insert(key, Entry { kept, size, tick });
        while inner.size > self.most {
            let Some((_, oldest)) = inner.order.pop_first() else {
                break;
            };
            inner.remove(&oldest);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.kept.remove(key) {
            self.order.remove(&entry.tick);
            self.size -= entry.size;
        }
    }
}

fn size_of_event(event: &Event) -> usize {
    let said = match event {
        Event::Delta(delta) => delta.text.len() + delta.logprobs.len() * 256,
        Event::ToolCallStart { name, .. } => name.len() + 64,
        Event::ToolCallDelta { arguments, .. } => arguments.len(),
        Event::Thought(_) => 256,
        Event::Progress(_) | Event::Usage(_) | Event::Resumed(_) | Event::Done(_) => 0,
    };
    size_of::<Event>() + said
}

/// An answer as it comes, kept once it is whole.
pub(crate) struct Keeping {
    pub(crate) events: EventStream,
    pub(crate) cache: Arc<Cache>,
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) trail: Trail,
    pub(crate) key: Key,
    pub(crate) so_far: Vec<Event>,
}

impl Keeping {
    fn keep(&mut self) {
        let events = std::mem::take(&mut self.so_far);
        let resumed = events.iter().any(|event| matches!(event, Event::Resumed(_)));
        let filtered =
            matches!(events.last(), Some(Event::Done(done)) if done.finish == FinishReason::Filtered);
        let (served, step) = self.trail.look(|course| (course.served.clone(), course.degraded));
        let lesser = !matches!(step, None | Some(Step::Region));
        if resumed || filtered || lesser {
            return;
        }
        let kept = Kept {
            events: events.into(),
            served,
            at: self.timer.now(),
        };
        if let Some(beyond) = self.cache.beyond.get() {
            let (kept, at) = (kept.clone(), self.timer.wall());
            let write = move || written::write(&kept.events, kept.served.as_ref(), at);
            beyond.put(*self.key.bytes(), Box::new(write));
        }
        self.cache.put(self.key, kept);
    }
}

impl Stream for Keeping {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.events.poll_next_unpin(context));
        if let Some(Ok(event)) = &item {
            self.so_far.push(event.clone());
            if matches!(event, Event::Done(_)) {
                self.keep();
            }
        }
        Poll::Ready(item)
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{ChatRequest, Prompt, RequestId};

    use super::*;

    fn key(text: &str) -> Key {
        let context = busbar_core::Context::new(RequestId::new("r"));
        key::of(
            "route",
            "",
            &ChatRequest::new(context, "m".into(), Prompt::Text(text.into())),
        )
    }

    fn kept(size: usize) -> Kept {
        Kept {
            events: [Event::text("x".repeat(size))].into(),
            served: None,
            at: Instant::now(),
        }
    }

    #[test]
    fn what_was_not_wanted_for_longest_goes_first_and_memory_is_bounded() {
        let cache = Cache::new(10_000);
        for name in ["a", "b", "c"] {
            cache.put(key(name), kept(2_000));
        }
        assert!(cache.get(&key("a")).is_some());
        (0..2).for_each(|n| cache.put(key(&n.to_string()), kept(2_000)));
        assert!(cache.get(&key("a")).is_some() && cache.get(&key("b")).is_none());
        cache.put(key("huge"), kept(20_000));
        assert!(cache.get(&key("huge")).is_none() && cache.get(&key("a")).is_some());
        let inner = cache.inner();
        assert!(inner.size <= 10_000);
        assert_eq!(inner.order.len(), inner.kept.len());
    }

    #[test]
    fn an_answer_grows_old() {
        let kept = kept(1);
        let fresh = Duration::from_secs(1);
        assert!(kept.is_fresh(kept.at, fresh) && !kept.is_fresh(kept.at + fresh, fresh));
    }
}
