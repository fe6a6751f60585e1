//! A request under way that several wait for: one call, heard by all. Whoever is polled drives it for the
//! others too, so it needs no task of its own, and it is cancelled when the last of them goes.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker, ready},
};

use busbar_core::{BoxFuture, Event, EventStream, Result, Trail};
use futures_util::{Stream, StreamExt as _};

/// A request under way.
pub(crate) struct Flight {
    state: Mutex<State>,
    waiting: Arc<Waiting>,
    /// What happened to it, for those that joined.
    pub(crate) trail: Trail,
}

struct State {
    source: Source,
    said: Vec<Result<Event>>,
}

enum Source {
    Calling(BoxFuture<'static, Result<EventStream>>),
    Saying(EventStream),
    Over,
}

/// Everybody who waits.
#[derive(Default)]
struct Waiting(Mutex<Vec<Waker>>);

impl Flight {
    pub(crate) fn new(call: BoxFuture<'static, Result<EventStream>>, trail: Trail) -> Self {
        Self {
            state: Mutex::new(State {
                source: Source::Calling(call),
                said: Vec::new(),
            }),
            waiting: Arc::default(),
            trail,
        }
    }

    /// Whether one that joins now hears all of it, and no failure.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.state().source, Source::Over)
    }

    /// From the beginning on.
    pub(crate) fn follow(self: Arc<Self>) -> Follower {
        Follower {
            flight: self,
            next: 0,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").finish_non_exhaustive()
    }
}

impl Waiting {
    fn add(&self, waker: &Waker) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.iter().any(|known| known.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    fn wake_all(&self) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }
}

/// One who hears a flight.
pub(crate) struct Follower {
    flight: Arc<Flight>,
    next: usize,
}

impl Stream for Follower {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let flight = Arc::clone(&self.flight);
        let mut state = flight.state();
        loop {
            if let Some(item) = state.said.get(self.next) {
                self.next += 1;
                return Poll::Ready(Some(item.clone()));
            }
            flight.waiting.add(context.waker());
            let waker = Waker::from(Arc::clone(&flight.waiting));
            let item = ready!(state.source.poll(&mut Context::from_waker(&waker)));
            match item {
                Some(item) => state.said.push(item),
                None => return Poll::Ready(None),
            }
            // The others need not poll the source for what is there.
            flight.waiting.wake_all();
        }
    }
}

impl Drop for Follower {
    /// Whoever drove it may be the one that goes.
    fn drop(&mut self) {
        self.flight.waiting.wake_all();
    }
}

impl Source {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event>>> {
        loop {
            match self {
                Self::Over => return Poll::Ready(None),
                Self::Calling(call) => match ready!(call.as_mut().poll(context)) {
                    Ok(events) => *self = Self::Saying(events),
                    Err(error) => {
                        *self = Self::Over;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                Self::Saying(events) => {
                    let item = ready!(events.poll_next_unpin(context));
                    if !matches!(&item, Some(Ok(event)) if !matches!(event, Event::Done(_))) {
                        *self = Self::Over;
                    }
                    return Poll::Ready(item);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{Error, ErrorKind};
    use busbar_testkit::{Gate, Scripted, Step};

    use super::*;

    fn flight(model: &Scripted) -> Arc<Flight> {
        use busbar_core::{ChatModel as _, ChatRequest, Prompt, RequestId};
        let model = model.clone();
        let context = busbar_core::Context::new(RequestId::new("r"));
        let request = ChatRequest::new(context, "m".into(), Prompt::Text("hi".into()));
        let call = Box::pin(async move { model.chat(request).await });
        Arc::new(Flight::new(call, Trail::default()))
    }

    async fn texts(follower: Follower) -> Vec<String> {
        let texts = follower.filter_map(|item| async move {
            match item {
                Ok(Event::Delta(delta)) => Some(delta.text),
                _ => None,
            }
        });
        texts.collect().await
    }

    #[tokio::test]
    async fn everybody_hears_all_of_one_call_also_when_its_driver_goes() {
        let gate = Gate::closed();
        let model = Scripted::new(vec![Step::text("a"), Step::Wait(gate.clone()), Step::text("b")]);
        let flight = flight(&model);
        let mut driver = Arc::clone(&flight).follow();
        assert!(matches!(driver.next().await, Some(Ok(Event::Delta(_)))));
        let other = tokio::spawn(texts(Arc::clone(&flight).follow()));
        tokio::task::yield_now().await;
        drop(driver);
        gate.open(1);
        assert_eq!(other.await.unwrap(), ["a", "b"]);
        assert_eq!((model.started(), flight.is_open()), (1, false));
    }

    #[tokio::test]
    async fn it_is_cancelled_when_the_last_one_goes() {
        let model = Scripted::new(vec![Step::text("a"), Step::Stall]);
        let mut one = flight(&model).follow();
        one.next().await;
        assert_eq!(model.live(), 1);
        drop(one);
        assert_eq!(model.live(), 0);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_and_nobody_joins_it() {
        let model = Scripted::failing(Error::new(ErrorKind::Unavailable, "gone"));
        let flight = flight(&model);
        let (mut one, mut other) = (Arc::clone(&flight).follow(), Arc::clone(&flight).follow());
        assert!(one.next().await.unwrap().is_err() && other.next().await.unwrap().is_err());
        assert!(one.next().await.is_none() && !flight.is_open());
    }
}
