//! The bounded queue in front of the slots.

use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use super::Job;

/// Why a job was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// As many wait as may.
    Full,
    /// The engine stops.
    Closed,
}

/// Jobs that wait for a slot: first in, first out, those with a higher priority before the others.
#[derive(Debug)]
pub struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
    /// Whether somebody has come, or it was closed, since this was last taken back.
    news: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    /// For at most `capacity` waiting jobs.
    pub fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            capacity,
            news: AtomicBool::new(false),
        }
    }

    /// Puts a job at the end of its priority.
    ///
    /// # Errors
    /// The reason where it is not taken; the job is gone then.
    pub fn push(&self, job: Job) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.closed {
            return Err(Refusal::Closed);
        }
        if state.waiting.len() >= self.capacity {
            // Those whose clients have gone make room first.
            state.waiting.retain(|waiting| !waiting.is_abandoned());
        }
        if state.waiting.len() >= self.capacity {
            return Err(Refusal::Full);
        }
        let place = state
            .waiting
            .partition_point(|other| other.context.priority >= job.context.priority);
        state.waiting.insert(place, job);
        drop(state);
        self.news.store(true, Ordering::Release);
        self.changed.notify_one();
        Ok(())
    }

    /// Whether somebody has come, or it was closed. Costs nothing: it is asked within passes.
    pub(super) fn has_news(&self) -> bool {
        self.news.load(Ordering::Acquire)
    }

    /// The same, and takes it back.
    pub(super) fn take_news(&self) -> bool {
        self.news.swap(false, Ordering::AcqRel)
    }

    /// Whether such a job waits.
    pub(super) fn holds(&self, which: impl Fn(&Job) -> bool) -> bool {
        self.state().waiting.iter().any(which)
    }

    /// The next job that may begin, if one waits.
    pub fn pop(&self, may_begin: impl Fn(&Job) -> bool) -> Option<Job> {
        let mut state = self.state();
        let place = state.waiting.iter().position(may_begin)?;
        state.waiting.remove(place)
    }

    /// Waits until a job waits or the queue is closed; answers whether it is open.
    pub fn wait(&self) -> bool {
        let state = self.state();
        let idle = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let state = self
            .changed
            .wait_while(state, idle)
            .unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }

    /// Whether it takes no more jobs.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Takes no more jobs, and wakes who waits.
    pub fn close(&self) {
        self.state().closed = true;
        self.news.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    /// Takes out every job that is abandoned or overdue at `now`, and whatever is left once closed.
    pub fn sweep(&self, now: Instant) -> Vec<Job> {
        let mut state = self.state();
        let closed = state.closed;
        let (out, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut state.waiting)
            .into_iter()
            .partition(|job| closed || job.is_abandoned() || job.context.expired(now));
        state.waiting = kept;
        out.into()
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{Context, Priority, RequestId};
    use tokio::sync::oneshot;

    use super::*;
    use crate::scheduler::Work;

    type Receiver = oneshot::Receiver<busbar_core::Result<Vec<f32>>>;

    fn job(name: &str, priority: Priority) -> (Job, Receiver) {
        let (sender, receiver) = oneshot::channel();
        let context = Context {
            priority,
            ..Context::new(RequestId::new(name))
        };
        (
            Job {
                context,
                prompt: vec![1],
                work: Work::Embed(sender),
            },
            receiver,
        )
    }

    fn names(queue: &Queue) -> Vec<String> {
        std::iter::from_fn(|| queue.pop(|_| true))
            .map(|job| job.context.request.to_string())
            .collect()
    }

    #[test]
    fn people_go_before_background_work_and_otherwise_in_order() {
        let queue = Queue::new(8);
        let mut readers = Vec::new();
        for (name, priority) in [
            ("a", Priority::Background),
            ("b", Priority::Interactive),
            ("c", Priority::Background),
            ("d", Priority::Interactive),
        ] {
            let (job, reader) = job(name, priority);
            queue.push(job).unwrap();
            readers.push(reader);
        }
        assert_eq!(names(&queue), ["b", "d", "a", "c"]);
    }

    #[test]
    fn a_full_queue_refuses_unless_somebody_has_gone() {
        let queue = Queue::new(1);
        let (first, first_reader) = job("a", Priority::Interactive);
        let (second, _second_reader) = job("b", Priority::Interactive);
        let (third, _third_reader) = job("c", Priority::Interactive);
        queue.push(first).unwrap();
        assert_eq!(queue.push(second).unwrap_err(), Refusal::Full);
        drop(first_reader);
        queue.push(third).unwrap();
        assert_eq!(names(&queue), ["c"]);
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_gives_back_what_it_held() {
        let queue = Queue::new(4);
        let (first, _reader) = job("a", Priority::Interactive);
        queue.push(first).unwrap();
        queue.close();
        assert!(!queue.wait());
        assert_eq!(queue.sweep(Instant::now()).len(), 1);
        let (late, _reader) = job("b", Priority::Interactive);
        assert_eq!(queue.push(late).unwrap_err(), Refusal::Closed);
    }

    #[test]
    fn the_overdue_are_swept_out_and_the_others_stay() {
        let queue = Queue::new(4);
        let now = Instant::now();
        let (mut late, _late) = job("late", Priority::Interactive);
        late.context.deadline = Some(now);
        let (fresh, _fresh) = job("fresh", Priority::Interactive);
        queue.push(late).unwrap();
        queue.push(fresh).unwrap();
        assert_eq!(queue.sweep(now).len(), 1);
        assert_eq!(names(&queue), ["fresh"]);
    }
}
