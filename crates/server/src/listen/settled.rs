//! A future that is asked again at once for what it woke itself for.
//!
//! The two ends of a body, and of a connection to a host, live in one task: each tells the other by waking
//! the task that is running. A runtime takes such a task for one that gives way to others: it puts it at the
//! end of the queue and wakes a second thread for it, once or twice a request. Here such a wake costs another
//! look, and nobody else learns of it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// How often it is asked in a row. What is still not at rest gives way to others.
const MOST: usize = 8;

const AWAY: u8 = 0;
const ASKING: u8 = 1;
const WOKEN: u8 = 2;

/// The future that comes to rest before it gives way.
pub(super) struct Settled<F> {
    inner: F,
    wakes: Option<(Arc<Wakes>, Waker)>,
}

impl<F> Settled<F> {
    pub(super) fn new(inner: F) -> Self {
        Self { inner, wakes: None }
    }
}

/// Wakes on their way to a task.
struct Wakes {
    task: Waker,
    state: AtomicU8,
}

impl Wakes {
    fn ask(&self) {
        self.state.store(ASKING, Ordering::Release);
    }

    /// Whether nobody was woken since it was asked; from then on wakes go to the task.
    fn is_at_rest(&self) -> bool {
        self.state
            .compare_exchange(ASKING, AWAY, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn stop(&self) {
        self.state.store(AWAY, Ordering::Release);
        self.task.wake_by_ref();
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let seen = self
            .state
            .compare_exchange(ASKING, WOKEN, Ordering::AcqRel, Ordering::Acquire);
        if seen == Err(AWAY) {
            self.task.wake_by_ref();
        }
    }
}

impl<F: Future + Unpin> Future for Settled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let wakes = this.wakes.take();
        let (wakes, waker) = wakes
            .filter(|(wakes, _)| wakes.task.will_wake(context.waker()))
            .unwrap_or_else(|| {
                let task = context.waker().clone();
                let state = AtomicU8::new(AWAY);
                let wakes = Arc::new(Wakes { task, state });
                (wakes.clone(), wakes.into())
            });
        let mut inner = Context::from_waker(&waker);
        let mut answer = Poll::Pending;
        let mut at_rest = false;
        for _ in 0..MOST {
            wakes.ask();
            answer = Pin::new(&mut this.inner).poll(&mut inner);
            at_rest = answer.is_ready() || wakes.is_at_rest();
            if at_rest {
                break;
            }
        }
        if !at_rest {
            wakes.stop();
        }
        this.wakes = Some((wakes, waker));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        pin::pin,
        sync::{Arc, Mutex, atomic::AtomicUsize},
        thread,
    };

    use super::*;

    /// A task's waker that counts.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn counted() -> (Arc<Counted>, Waker) {
        let counted = Arc::new(Counted::default());
        (counted.clone(), counted.into())
    }

    #[test]
    fn what_wakes_itself_is_asked_again_and_its_task_is_not_woken() {
        let (task, waker) = counted();
        let mut asked = 0;
        let mut settled = pin!(Settled::new(poll_fn(|context| {
            asked += 1;
            if asked < 4 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(asked)
        })));
        let answer = settled.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(answer, Poll::Ready(4));
        assert_eq!(task.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn what_never_comes_to_rest_gives_way() {
        let (task, waker) = counted();
        let mut settled = pin!(Settled::new(poll_fn(|context| {
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        })));
        for polls in 1..4 {
            assert!(
                settled
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
            assert_eq!(task.0.load(Ordering::SeqCst), polls);
        }
    }

    #[test]
    fn a_wake_from_outside_reaches_the_task_that_asked_last() {
        let kept: Mutex<Option<Waker>> = Mutex::default();
        let mut settled = pin!(Settled::new(poll_fn(|context| {
            *kept.lock().unwrap() = Some(context.waker().clone());
            Poll::<()>::Pending
        })));
        for _ in 0..2 {
            let (task, waker) = counted();
            assert!(
                settled
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
            kept.lock().unwrap().take().unwrap().wake();
            assert_eq!(task.0.load(Ordering::SeqCst), 1);
        }
    }

    /// Another thread raises a number and wakes; whoever waits for it must see each number sooner or later.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_wake_is_lost_between_two_threads() {
        const LAST: usize = 20_000;
        let number = Arc::new(AtomicUsize::new(0));
        let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
        let raising = thread::spawn({
            let (number, kept) = (number.clone(), kept.clone());
            move || {
                while number.load(Ordering::SeqCst) < LAST {
                    if let Some(waker) = kept.lock().unwrap().take() {
                        number.fetch_add(1, Ordering::SeqCst);
                        waker.wake();
                    }
                }
            }
        });
        let waiting = poll_fn(move |context| {
            *kept.lock().unwrap() = Some(context.waker().clone());
            match number.load(Ordering::SeqCst) {
                LAST.. => Poll::Ready(()),
                _ => Poll::Pending,
            }
        });
        tokio::spawn(Settled::new(Box::pin(waiting))).await.unwrap();
        raising.join().unwrap();
    }
}
