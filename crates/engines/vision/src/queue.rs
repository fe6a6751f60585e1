//! Requests that wait for a worker: bounded, people before background work.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use busbar_core::{Classification, ClassifyRequest, Result};
use tokio::sync::oneshot;

/// A request with the way back to who asked.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request: ClassifyRequest,
    pub(crate) arrived: Instant,
    pub(crate) reply: oneshot::Sender<Result<Classification>>,
    pub(crate) held: Held,
}

impl Job {
    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

/// Counts itself while it lives.
#[derive(Debug)]
pub(crate) struct Held(Arc<AtomicUsize>);

impl Held {
    pub(crate) fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why a job was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// As many wait as may.
    Full,
    /// The engine stops.
    Closed,
}

/// First in, first out, those with a higher priority before the others.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Job>,
    idle: usize,
    closed: bool,
}

impl Queue {
    /// For at most `capacity` jobs besides those that a worker takes at once.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            capacity,
        }
    }

    pub(crate) fn push(&self, job: Job) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.closed {
            return Err(Refusal::Closed);
        }
        let room = self.capacity + state.idle;
        if state.waiting.len() >= room {
            // Those whose clients have gone make room first.
            state.waiting.retain(|waiting| !waiting.is_abandoned());
        }
        if state.waiting.len() >= room {
            return Err(Refusal::Full);
        }
        let priority = job.request.context.priority;
        let place = state
            .waiting
            .partition_point(|other| other.request.context.priority >= priority);
        state.waiting.insert(place, job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job; none once the queue is closed.
    pub(crate) fn wait(&self) -> Option<Job> {
        let mut state = self.state();
        state.idle += 1;
        let nothing = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let mut state = self
            .changed
            .wait_while(state, nothing)
            .unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        if state.closed {
            return None;
        }
        state.waiting.pop_front()
    }

    /// Takes no more jobs, drops those that wait, and wakes who waits for one.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.waiting.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{Context, Priority, RequestId};

    use super::*;

    type Receiver = oneshot::Receiver<Result<Classification>>;

    fn job(name: &str, priority: Priority) -> (Job, Receiver) {
        let (reply, receiver) = oneshot::channel();
        let context = Context {
            priority,
            ..Context::new(RequestId::new(name))
        };
        let job = Job {
            request: ClassifyRequest::new(context, "m".into(), Vec::new()),
            arrived: Instant::now(),
            reply,
            held: Held::new(&Arc::default()),
        };
        (job, receiver)
    }

    #[test]
    fn people_go_before_background_work_and_otherwise_in_order() {
        let queue = Queue::new(8);
        let mut receivers = Vec::new();
        for (name, priority) in [
            ("a", Priority::Background),
            ("b", Priority::Interactive),
            ("c", Priority::Background),
            ("d", Priority::Interactive),
        ] {
            let (job, receiver) = job(name, priority);
            queue.push(job).unwrap();
            receivers.push(receiver);
        }
        let names = [(); 4].map(|()| queue.wait().unwrap().request.context.request.to_string());
        assert_eq!(names, ["b", "d", "a", "c"]);
    }

    #[test]
    fn a_full_queue_refuses_unless_somebody_has_gone() {
        let queue = Queue::new(1);
        let (first, gone) = job("a", Priority::Interactive);
        let (second, _second) = job("b", Priority::Interactive);
        let (third, _third) = job("c", Priority::Interactive);
        queue.push(first).unwrap();
        assert_eq!(queue.push(second), Err(Refusal::Full));
        drop(gone);
        queue.push(third).unwrap();
        assert_eq!(queue.wait().unwrap().request.context.request.as_str(), "c");
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_drops_what_it_held() {
        let queue = Queue::new(4);
        let (first, mut receiver) = job("a", Priority::Interactive);
        queue.push(first).unwrap();
        queue.close();
        assert!(queue.wait().is_none());
        assert!(receiver.try_recv().is_err());
        let (late, _late) = job("b", Priority::Interactive);
        assert_eq!(queue.push(late), Err(Refusal::Closed));
    }
}
