//! The thread that makes pictures, one request after the other, and the queue before it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use busbar_core::{Clock, Context, Error, ErrorKind, GeneratedImage, ImageDone, ImageEvent, Pixels, Result};
use tokio::sync::mpsc;

use crate::{
    pipeline::{Outcome, Pipeline, Watcher},
    plan::Plan,
};

/// Events on their way to who asked.
pub(crate) type Events = mpsc::UnboundedSender<Result<ImageEvent>>;

/// A request that waits.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) context: Context,
    pub(crate) plan: Plan,
    pub(crate) events: Events,
}

/// Why a job was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// As many wait as may.
    Full,
    /// The engine stops.
    Closed,
}

/// Jobs that wait, and how many are worked on.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
    working: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    /// For at most `capacity` waiting jobs.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            capacity,
            working: AtomicUsize::new(0),
        }
    }

    /// Puts a job at the end of its priority.
    pub(crate) fn push(&self, job: Job) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.closed {
            return Err(Refusal::Closed);
        }
        // Those whose clients have gone make room. One may be about to begin: it needs none.
        state.waiting.retain(|waiting| !waiting.events.is_closed());
        let idle = usize::from(self.working.load(Ordering::Relaxed) == 0);
        if state.waiting.len() >= self.capacity + idle {
            return Err(Refusal::Full);
        }
        let place = state
            .waiting
            .partition_point(|other| other.context.priority >= job.context.priority);
        state.waiting.insert(place, job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes no more jobs, and wakes who waits.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// How many wait or are worked on, those aside whose clients have gone.
    pub(crate) fn live(&self) -> usize {
        let state = self.state();
        let waiting = state.waiting.iter().filter(|job| !job.events.is_closed());
        waiting.count() + self.working.load(Ordering::Relaxed)
    }

    /// The next job; `None` once closed.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.closed {
                state.waiting.clear();
                return None;
            }
            if let Some(job) = state.waiting.pop_front() {
                self.working.store(1, Ordering::Relaxed);
                return Some(job);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Works until the queue is closed.
pub(crate) fn work(pipeline: &Pipeline, queue: &Queue, clock: &Arc<dyn Clock>) {
    while let Some(job) = queue.next() {
        let done = ImageDone {
            pictures: job.plan.count,
            notices: job.plan.notices.clone(),
            cost: None,
        };
        let mut watcher = Told {
            job: &job,
            queue,
            clock,
        };
        let last = match pipeline.run(&job.plan, &mut watcher) {
            Ok(Outcome::Finished) => Ok(ImageEvent::Done(done)),
            Ok(Outcome::Abandoned) => Err(watcher.why()),
            Err(error) => Err(Error::internal(format!("the model failed: {error}"))),
        };
        queue.working.store(0, Ordering::Relaxed);
        // Nobody may be there to hear it.
        drop(job.events.send(last));
    }
}

/// Tells one client.
struct Told<'a> {
    job: &'a Job,
    queue: &'a Queue,
    clock: &'a Arc<dyn Clock>,
}

impl Told<'_> {
    fn is_late(&self) -> bool {
        self.job.context.expired(self.clock.now())
    }

    fn why(&self) -> Error {
        if self.queue.is_closed() {
            Error::new(ErrorKind::Unavailable, "the model is being stopped")
        } else if self.is_late() {
            Error::new(
                ErrorKind::DeadlineExceeded,
                "the picture was not finished in time",
            )
        } else {
            Error::new(ErrorKind::Cancelled, "nobody wanted the picture any more")
        }
    }

    fn tell(&self, event: ImageEvent) {
        drop(self.job.events.send(Ok(event)));
    }
}

impl Watcher for Told<'_> {
    fn goes_on(&mut self) -> bool {
        !self.job.events.is_closed() && !self.queue.is_closed() && !self.is_late()
    }

    fn step(&mut self, done: u32, total: u32) {
        self.tell(ImageEvent::Step { done, total });
    }

    fn preview(&mut self, index: u32, pixels: Pixels) {
        self.tell(ImageEvent::Preview { index, pixels });
    }

    fn picture(&mut self, picture: GeneratedImage) {
        self.tell(ImageEvent::Picture(picture));
    }
}
