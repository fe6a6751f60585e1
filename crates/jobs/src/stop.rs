//! The signal that work is to stop, and why.

use tokio::sync::watch;

/// Why work is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// The job's time is over.
    Expired,
    /// The process ends; another worker goes on with the job.
    Draining,
    /// Another worker may have the job by now: nothing done from here on counts.
    LeaseLost,
}

/// Sets a [`StopSignal`]. The first reason stays.
#[derive(Clone, Debug)]
pub struct Stopper(watch::Sender<Option<Stop>>);

/// Tells work whether it is to stop. Cheap to ask and to clone; can be asked without a runtime.
#[derive(Clone, Debug)]
pub struct StopSignal(watch::Receiver<Option<Stop>>);

impl Stopper {
    /// A signal that is not set, and what sets it.
    pub fn new() -> (Self, StopSignal) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), StopSignal(receiver))
    }

    /// Sets the signal, if it is not set yet.
    pub fn stop(&self, why: Stop) {
        self.0.send_if_modified(|set| {
            let first = set.is_none();
            *set = set.or(Some(why));
            first
        });
    }
}

impl StopSignal {
    /// A signal that is never set.
    pub fn never() -> Self {
        Stopper::new().1
    }

    /// Why to stop, or `None`: go on.
    pub fn stopped(&self) -> Option<Stop> {
        *self.0.borrow()
    }

    /// Resolves when the signal is set; never, if nothing is left that could set it.
    pub async fn wait(&self) -> Stop {
        let mut receiver = self.0.clone();
        let set = receiver.wait_for(Option::is_some).await.ok().and_then(|set| *set);
        match set {
            Some(why) => why,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn the_first_reason_stays() {
        let (stopper, signal) = Stopper::new();
        assert_eq!(signal.stopped(), None);
        assert_eq!(signal.wait().now_or_never(), None);
        stopper.stop(Stop::Draining);
        stopper.stop(Stop::Cancelled);
        assert_eq!(signal.stopped(), Some(Stop::Draining));
        assert_eq!(signal.wait().now_or_never(), Some(Stop::Draining));
    }

    #[test]
    fn a_signal_that_nothing_can_set_is_never_set() {
        assert_eq!(StopSignal::never().wait().now_or_never(), None);
    }
}
