//! Waiting, with an end.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use busbar_core::{BoxFuture, Timer};
use futures_util::future::{Either, select};

/// The time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// What the work gives, unless the time is up before; without a time there is no end.
pub(crate) async fn before<T>(
    timer: &dyn Timer,
    until: Option<Instant>,
    work: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    let Some(until) = until else {
        return Ok(work.await);
    };
    match select(pin!(work), timer.sleep_until(until)).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(_) => Err(Elapsed),
    }
}

/// Notices silence. One alarm serves many events: it is only set anew when it rings too early.
pub(crate) struct Silence {
    timer: Arc<dyn Timer>,
    most: Option<Duration>,
    last: Instant,
    alarm: Option<BoxFuture<'static, ()>>,
}

impl Silence {
    pub(crate) fn new(timer: Arc<dyn Timer>, most: Option<Duration>) -> Self {
        Self {
            last: timer.now(),
            timer,
            most,
            alarm: None,
        }
    }

    /// Something was heard.
    pub(crate) fn broken(&mut self) {
        if self.most.is_some() {
            self.last = self.timer.now();
        }
    }

    /// Resolves when it has lasted too long.
    pub(crate) fn poll_too_long(&mut self, context: &mut Context<'_>) -> Poll<Duration> {
        let Some(most) = self.most else {
            return Poll::Pending;
        };
        loop {
            let until = self.last + most;
            let alarm = self.alarm.get_or_insert_with(|| self.timer.sleep_until(until));
            ready!(Pin::new(alarm).poll(context));
            self.alarm = None;
            if self.timer.now() >= until {
                return Poll::Ready(most);
            }
        }
    }
}
