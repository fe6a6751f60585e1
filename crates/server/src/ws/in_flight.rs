//! What runs on a connection, by the client's own names.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use busbar_core::{Clock, Error, ErrorKind, Result};
use tokio::sync::{Notify, oneshot};

/// When a client that has too much in flight may try again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The longest name that a client may give; it goes out with every chunk.
const LONGEST_ID: usize = 128;

/// What runs on a connection. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct InFlight(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    running: Mutex<Running>,
    clock: Arc<dyn Clock>,
    most: usize,
    emptied: Notify,
}

#[derive(Debug)]
struct Running {
    /// What to send to in order to stop it; none where that was done.
    by_id: HashMap<String, Option<oneshot::Sender<()>>>,
    quiet_since: Instant,
}

impl InFlight {
    pub(super) fn new(most: usize, clock: Arc<dyn Clock>) -> Self {
        let running = Mutex::new(Running {
            by_id: HashMap::new(),
            quiet_since: clock.now(),
        });
        Self(Arc::new(Inner {
            running,
            clock,
            most,
            emptied: Notify::new(),
        }))
    }

    /// Takes a place under a name.
    ///
    /// # Errors
    /// `Invalid` where the name is of no use or taken; `Overloaded` where there are too many.
    pub(super) fn take(&self, id: &str) -> Result<Place> {
        check(id)?;
        let mut running = self.running();
        if running.by_id.contains_key(id) {
            return Err(
                Error::invalid("id", "`id` names a request that is still in flight")
                    .with_code("duplicate_id"),
            );
        }
        if running.by_id.len() >= self.0.most {
            let message = format!(
                "{} requests are in flight on this connection already",
                self.0.most
            );
            let kind = ErrorKind::Overloaded {
                retry_after: RETRY_AFTER,
            };
            return Err(Error::new(kind, message).with_code("too_many_in_flight"));
        }
        let (stop, stopped) = oneshot::channel();
        running.by_id.insert(id.to_owned(), Some(stop));
        Ok(Place {
            in_flight: self.clone(),
            id: id.to_owned(),
            stopped,
            left: false,
        })
    }

    /// Asks what has that name to stop. One that is not there has just ended.
    pub(super) fn stop(&self, id: &str) {
        let stop = self.running().by_id.get_mut(id).and_then(Option::take);
        // Where nobody listens any more it is ending by itself.
        let _heard = stop.map(|stop| stop.send(()));
    }

    /// How many run.
    pub(super) fn len(&self) -> usize {
        self.running().by_id.len()
    }

    /// Since when nothing has been in flight; `None` where something is.
    pub(super) fn quiet_since(&self) -> Option<Instant> {
        let running = self.running();
        running.by_id.is_empty().then_some(running.quiet_since)
    }

    /// Waits until nothing is in flight.
    pub(super) async fn empty(&self) {
        loop {
            let emptied = self.0.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if self.len() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, id: &str) {
        let now = self.0.clock.now();
        let mut running = self.running();
        running.by_id.remove(id);
        running.quiet_since = now;
        if running.by_id.is_empty() {
            self.0.emptied.notify_waiters();
        }
    }
}

/// Whether it can be a name.
///
/// # Errors
/// `Invalid` where it cannot.
pub(super) fn check(id: &str) -> Result<()> {
    if id.is_empty() || id.len() > LONGEST_ID {
        let message = format!("`id` must be 1 to {LONGEST_ID} bytes long");
        return Err(Error::invalid("id", message));
    }
    Ok(())
}

/// A place in flight, given up when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    in_flight: InFlight,
    id: String,
    stopped: oneshot::Receiver<()>,
    left: bool,
}

impl Place {
    /// The client's own name.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Waits until the client asks for it to be stopped; not to be asked again after that.
    pub(super) async fn stopped(&mut self) {
        if (&mut self.stopped).await.is_err() {
            // Whoever could have asked is gone, and with it the connection.
            std::future::pending::<()>().await;
        }
    }

    /// Gives the place up.
    pub(super) fn leave(&mut self) {
        if !std::mem::replace(&mut self.left, true) {
            self.in_flight.leave(&self.id);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use busbar_testkit::TestClock;

    use super::*;

    fn in_flight(most: usize) -> (InFlight, Arc<TestClock>) {
        let clock = Arc::new(TestClock::new());
        (InFlight::new(most, clock.clone()), clock)
    }

    #[test]
    fn a_name_is_taken_once_until_its_place_is_left() {
        let (in_flight, _) = in_flight(8);
        let place = in_flight.take("a").unwrap();
        let error = in_flight.take("a").unwrap_err();
        assert_eq!((error.param(), error.code()), (Some("id"), Some("duplicate_id")));
        drop(place);
        assert!(in_flight.take("a").is_ok());
    }

    #[test]
    fn there_are_only_so_many_places() {
        let (in_flight, _) = in_flight(2);
        let _both = (in_flight.take("a").unwrap(), in_flight.take("b").unwrap());
        let error = in_flight.take("c").unwrap_err();
        assert_eq!(error.code(), Some("too_many_in_flight"));
    }

    #[test]
    fn names_of_no_use_are_refused() {
        let (in_flight, _) = in_flight(2);
        for id in ["", &"x".repeat(129)] {
            assert_eq!(in_flight.take(id).unwrap_err().param(), Some("id"));
        }
    }

    #[test]
    fn it_is_quiet_since_the_last_one_left() {
        let (in_flight, clock) = in_flight(2);
        let place = in_flight.take("a").unwrap();
        assert_eq!(in_flight.quiet_since(), None);
        clock.advance(Duration::from_secs(3));
        drop(place);
        assert_eq!(in_flight.quiet_since(), Some(clock.now()));
    }

    #[tokio::test]
    async fn stopping_is_told_to_whoever_has_the_place() {
        let (in_flight, _) = in_flight(2);
        let mut place = in_flight.take("a").unwrap();
        in_flight.stop("b");
        assert!(
            futures_util::future::poll_immediate(Box::pin(place.stopped()))
                .await
                .is_none()
        );
        in_flight.stop("a");
        in_flight.stop("a");
        place.stopped().await;
    }
}
