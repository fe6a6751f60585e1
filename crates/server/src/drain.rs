//! Stopping without cutting anybody off: what is new is refused, what runs is finished.

use std::{sync::Arc, time::Duration};

use busbar_core::{Error, ErrorKind, Result};
use tokio::sync::watch;

/// When a refused client may come back: the next instance is up by then.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Tells the server to take nothing new, and others when nothing runs any more. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Drain(Arc<watch::Sender<Status>>);

#[derive(Clone, Copy, Debug, Default)]
struct Status {
    draining: bool,
    running: usize,
}

impl Drain {
    /// From now on nothing new is taken.
    pub fn start(&self) {
        self.0.send_modify(|status| status.draining = true);
    }

    /// Whether nothing new is taken.
    pub fn is_draining(&self) -> bool {
        self.0.borrow().draining
    }

    /// How many answers run.
    pub fn running(&self) -> usize {
        self.0.borrow().running
    }

    /// Takes a new answer; it runs for as long as the result is held.
    ///
    /// # Errors
    /// `Overloaded` with code `draining` once nothing new is taken.
    pub fn admit(&self) -> Result<Running> {
        // Looking and counting are one step, so that nothing slips in after `idle` was seen.
        let admitted = self.0.send_if_modified(|status| {
            status.running += usize::from(!status.draining);
            !status.draining
        });
        if admitted {
            return Ok(Running(self.0.clone()));
        }
        let kind = ErrorKind::Overloaded {
            retry_after: RETRY_AFTER,
        };
        Err(Error::new(kind, "this server is shutting down and takes nothing new").with_code("draining"))
    }

    /// Waits until nothing new is taken.
    pub async fn started(&self) {
        self.until(|status| status.draining).await;
    }

    /// Waits until nothing runs.
    pub async fn idle(&self) {
        self.until(|status| status.running == 0).await;
    }

    async fn until(&self, is: impl FnMut(&Status) -> bool) {
        // We hold the sender, so it cannot have gone away.
        let mut status = self.0.subscribe();
        let _reached = status.wait_for(is).await;
    }
}

/// An answer that runs for as long as this is held.
#[derive(Debug)]
#[must_use = "the answer counts as running for as long as this is held"]
pub struct Running(Arc<watch::Sender<Status>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0
            .send_modify(|status| status.running = status.running.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
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
}
