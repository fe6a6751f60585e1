//! Stopping without cutting anybody off: what is new is refused, what runs is finished.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use busbar_core::{Error, ErrorKind, Result};
use tokio::sync::watch;

/// When a refused client may come back: the next instance is up by then.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Tells the server to take nothing new, and others when nothing runs any more. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Drain(Arc<Inner>);

/// Every connection waits for `stage`, so it changes at most twice in a life: counting an answer is a
/// matter of one atomic number and wakes nobody.
#[derive(Debug, Default)]
struct Inner {
    answers: Answers,
    stage: watch::Sender<Stage>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Open,
    Draining,
    Idle,
}

/// How many answers run, and in the lowest bit whether new ones are refused: looking and counting are one
/// step, so that nothing slips in after the last one was seen to end.
#[derive(Debug, Default)]
struct Answers(AtomicUsize);

const REFUSING: usize = 1;
const ONE: usize = 2;

impl Answers {
    /// Counts one more, unless new ones are refused.
    fn enter(&self) -> bool {
        let more = |answers| (answers & REFUSING == 0).then_some(answers + ONE);
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more)
            .is_ok()
    }

    /// Counts one less; whether it was the last there will be.
    fn leave(&self) -> bool {
        self.0.fetch_sub(ONE, Ordering::AcqRel) == ONE + REFUSING
    }

    /// Refuses new ones from now on; whether none runs.
    fn refuse(&self) -> bool {
        self.0.fetch_or(REFUSING, Ordering::AcqRel) < ONE
    }

    fn is_refusing(&self) -> bool {
        self.0.load(Ordering::Acquire) & REFUSING != 0
    }

    fn running(&self) -> usize {
        self.0.load(Ordering::Acquire) / ONE
    }
}

impl Drain {
    /// From now on nothing new is taken.
    pub fn start(&self) {
        let is_idle = self.0.answers.refuse();
        self.0.reach(Stage::Draining);
        if is_idle {
            self.0.reach(Stage::Idle);
        }
    }

    /// Whether nothing new is taken.
    pub fn is_draining(&self) -> bool {
        self.0.answers.is_refusing()
    }

    /// How many answers run.
    pub fn running(&self) -> usize {
        self.0.answers.running()
    }

    /// Takes a new answer; it runs for as long as the result is held.
    ///
    /// # Errors
    /// `Overloaded` with code `draining` once nothing new is taken.
    pub fn admit(&self) -> Result<Running> {
        match self.0.answers.enter() {
            true => Ok(Running(self.0.clone())),
            false => Err(refused()),
        }
    }

    /// Whether a new answer would be taken now.
    ///
    /// # Errors
    /// As [`Drain::admit`].
    pub fn check(&self) -> Result<()> {
        match self.is_draining() {
            false => Ok(()),
            true => Err(refused()),
        }
    }

    /// Waits until nothing new is taken.
    pub async fn started(&self) {
        self.0.reached(Stage::Draining).await;
    }

    /// Waits until nothing new is taken and nothing runs.
    pub async fn idle(&self) {
        self.0.reached(Stage::Idle).await;
    }
}

impl Inner {
    /// Two may reach their stages at once: it never goes back.
    fn reach(&self, stage: Stage) {
        self.stage.send_if_modified(|now| {
            let further = *now < stage;
            *now = stage.max(*now);
            further
        });
    }

    async fn reached(&self, stage: Stage) {
        // We hold the sender, so it cannot have gone away.
        let mut stages = self.stage.subscribe();
        let _reached = stages.wait_for(|now| *now >= stage).await;
    }
}

/// An answer that runs for as long as this is held.
#[derive(Debug)]
#[must_use = "the answer counts as running for as long as this is held"]
pub struct Running(Arc<Inner>);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.answers.leave() {
            self.0.reach(Stage::Idle);
        }
    }
}

fn refused() -> Error {
    let kind = ErrorKind::Overloaded {
        retry_after: RETRY_AFTER,
    };
    Error::new(kind, "this server is shutting down and takes nothing new").with_code("draining")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_runs_is_waited_for_and_what_is_new_is_refused() {
        let drain = Drain::default();
        let running = drain.admit().unwrap();
        let waiting = tokio::spawn({
            let drain = drain.clone();
            async move {
                drain.started().await;
                drain.idle().await;
            }
        });
        drain.start();
        assert_eq!(drain.admit().unwrap_err().code(), Some("draining"));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(running);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn a_server_without_answers_is_idle_as_soon_as_it_drains_and_not_before() {
        let drain = Drain::default();
        drop(drain.admit().unwrap());
        assert!(drain.idle().now_or_never().is_none());
        drain.start();
        drain.idle().await;
        drain.start();
        assert_eq!((drain.running(), drain.is_draining()), (0, true));
    }

    #[tokio::test]
    async fn answers_that_come_and_go_wake_nobody_who_waits() {
        let drain = Drain::default();
        let mut stage = drain.0.stage.subscribe();
        for _ in 0..3 {
            drop(drain.admit().unwrap());
        }
        assert!(!stage.has_changed().unwrap());
        drain.start();
        assert_eq!(*stage.borrow_and_update(), Stage::Idle);
    }

    #[test]
    fn whatever_ends_last_the_end_is_told() {
        for _ in 0..200 {
            let drain = Drain::default();
            let running: Vec<_> = (0..4).map(|_| drain.admit().unwrap()).collect();
            std::thread::scope(|threads| {
                threads.spawn(|| drain.start());
                for one in running {
                    threads.spawn(|| drop(one));
                }
            });
            assert_eq!(*drain.0.stage.borrow(), Stage::Idle);
        }
    }
}
