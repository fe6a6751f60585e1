//! Time for connections. Whoever waits for the head of a request waits nearly always in vain, so an alarm
//! that nobody needs any more is kept for whoever waits next and only put off: to set one anew for every
//! request costs more.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};
use tokio::time;

type Set = Pin<Box<time::Sleep>>;

/// More than so many are not kept.
const MOST: usize = 256;

/// Alarms that nobody waits for. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Alarms(Arc<Mutex<Vec<Set>>>);

impl Alarms {
    fn take(&self) -> Option<Set> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, set: Set) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST {
            kept.push(set);
        }
    }
}

impl Timer for Alarms {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Wait {
            due: deadline.into(),
            set: self.take(),
            alarms: self.clone(),
        })
    }

    fn now(&self) -> Instant {
        time::Instant::now().into_std()
    }
}

/// Somebody who waits.
struct Wait {
    due: time::Instant,
    /// Goes off when it is due, or before: then it is put off.
    set: Option<Set>,
    alarms: Alarms,
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let due = self.due;
        let set = self.set.get_or_insert_with(|| Box::pin(time::sleep_until(due)));
        if set.deadline() > due {
            set.as_mut().reset(due);
        }
        while set.as_mut().poll(context).is_ready() {
            if time::Instant::now() >= due {
                return Poll::Ready(());
            }
            set.as_mut().reset(due);
        }
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(set) = self.set.take() {
            self.alarms.keep(set);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn every_wait_has_its_own_time_though_the_alarm_is_the_same() {
        let alarms = Alarms::default();
        let began = time::Instant::now();
        // Each is given up a second later, as when a request comes.
        for _ in 0..5 {
            let mut wait = alarms.sleep(3 * SECOND);
            assert!(wait.as_mut().now_or_never().is_none());
            time::sleep(SECOND).await;
        }
        alarms.sleep(3 * SECOND).await;
        assert_eq!(began.elapsed().as_secs(), 8);
        // And one that is due before the alarm would have gone off.
        assert!(alarms.sleep(9 * SECOND).now_or_never().is_none());
        alarms.sleep(SECOND).await;
        assert_eq!(began.elapsed().as_secs(), 9);
    }
}
