//! What is noted of a connection that a gateway holds, and the rules by which it changes. Pure: times are
//! passed in, milliseconds since 1970.
//!
//! Messages overtake each other on their way to us. Each has the time at which the gateway took it, and a
//! client's `cancel` stops what has its name and was asked for before it, whichever comes to us first.

use std::{collections::BTreeMap, time::Duration};

use busbar_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::in_flight::RETRY_AFTER;

/// For so long a `cancel` waits for what it was meant for.
const WAITS: u64 = 60_000;
/// Of those that wait, so many are kept.
const WAITING: usize = 32;

/// What is noted of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Present {
    /// When it is over at the latest.
    pub(super) until: u64,
    /// What was asked for on it, by the client's own names.
    #[serde(default)]
    requests: BTreeMap<String, Asked>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    /// When the gateway took the message.
    at: u64,
    /// From then on it counts no more: whoever was at it is gone.
    until: u64,
    /// Whoever is at it; `None`: it is to be stopped.
    run: Option<String>,
}

/// A request that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// The client's own name for it.
    pub(super) id: String,
    /// When the gateway took it.
    pub(super) at: u64,
    /// Whoever is at it.
    pub(super) run: String,
    /// How long it takes at most.
    pub(super) lasts: Duration,
}

impl Present {
    /// A connection that was just made.
    pub(super) fn until(until: u64) -> Self {
        Self {
            until,
            ..Self::default()
        }
    }

    /// Begins a request. `false`: it was stopped already.
    ///
    /// # Errors
    /// `Invalid` where its name is taken; `Overloaded` where there are too many.
    pub(super) fn begin(&mut self, new: &Beginning, most: usize, now: u64) -> Result<bool> {
        self.forget(now);
        match self.requests.get(&new.id) {
            Some(asked) if asked.run.is_some() => {
                let message = "`id` names a request that is still in flight";
                return Err(Error::invalid("id", message).with_code("duplicate_id"));
            }
            Some(stopped) if stopped.at >= new.at => {
                self.requests.remove(&new.id);
                return Ok(false);
            }
            _ => {}
        }
        if self.requests.values().filter(|asked| asked.run.is_some()).count() >= most {
            let message = format!("{most} requests are in flight on this connection already");
            let kind = ErrorKind::Overloaded {
                retry_after: RETRY_AFTER,
            };
            return Err(Error::new(kind, message).with_code("too_many_in_flight"));
        }
        let asked = Asked {
            at: new.at,
            until: now.saturating_add(u64::try_from(new.lasts.as_millis()).unwrap_or(u64::MAX)),
            run: Some(new.run.clone()),
        };
        self.requests.insert(new.id.clone(), asked);
        Ok(true)
    }

    /// Whether it is still wanted.
    pub(super) fn wants(&self, begun: &Beginning) -> bool {
        let asked = self.requests.get(&begun.id);
        asked.is_some_and(|asked| asked.run.as_ref() == Some(&begun.run))
    }

    /// Stops what has this name, or will have it though it was asked for earlier. Says whether that changes
    /// anything.
    pub(super) fn cancel(&mut self, id: &str, at: u64, now: u64) -> bool {
        self.forget(now);
        if self.requests.get(id).is_some_and(|asked| asked.at > at) {
            return false;
        }
        let stopped = Asked {
            at,
            until: now.saturating_add(WAITS),
            run: None,
        };
        self.requests.insert(id.to_owned(), stopped);
        let waiting = self.requests.iter().filter(|(_, asked)| asked.run.is_none());
        if waiting.clone().count() > WAITING
            && let Some((oldest, _)) = waiting.min_by_key(|(_, asked)| asked.at)
        {
            let oldest = oldest.clone();
            self.requests.remove(&oldest);
        }
        true
    }

    /// Ends a request, and with it the `cancel` that was meant for it. Says whether that changes anything.
    pub(super) fn end(&mut self, begun: &Beginning) -> bool {
        let over = |asked: &mut Asked| match &asked.run {
            Some(run) => *run == begun.run,
            None => asked.at >= begun.at,
        };
        if !self.requests.get_mut(&begun.id).is_some_and(over) {
            return false;
        }
        self.requests.remove(&begun.id).is_some()
    }

    fn forget(&mut self, now: u64) {
        self.requests.retain(|_, asked| asked.until > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn asked(id: &str, at: u64) -> Beginning {
        Beginning {
            id: id.into(),
            at,
            run: format!("run of {id} at {at}"),
            lasts: Duration::from_secs(60),
        }
    }

    fn begun(present: &mut Present, id: &str, at: u64) -> Beginning {
        let new = asked(id, at);
        assert!(present.begin(&new, 4, NOW).unwrap());
        new
    }

    fn code(present: &mut Present, id: &str) -> Option<String> {
        let error = present.begin(&asked(id, 9), 2, NOW).unwrap_err();
        error.code().map(str::to_owned)
    }

    #[test]
    fn what_runs_is_wanted_until_it_is_stopped() {
        let mut present = Present::default();
        let (a, b) = (begun(&mut present, "a", 1), begun(&mut present, "b", 1));
        assert!(present.wants(&a) && present.wants(&b));
        assert!(present.cancel("a", 2, NOW));
        assert!(!present.wants(&a) && present.wants(&b));
        assert!(present.end(&a) && present.end(&b));
        assert_eq!(present, Present::default(), "nothing is left");
    }

    #[test]
    fn a_cancel_that_comes_first_stops_what_was_asked_for_before_it_and_nothing_else() {
        let mut present = Present::default();
        assert!(present.cancel("a", 5, NOW));
        assert!(
            !present.begin(&asked("a", 4), 4, NOW).unwrap(),
            "asked for before"
        );
        assert_eq!(present, Present::default());
        assert!(present.cancel("a", 5, NOW));
        let later = begun(&mut present, "a", 6);
        assert!(!present.cancel("a", 5, NOW), "it was meant for another one");
        assert!(present.wants(&later));
    }

    #[test]
    fn a_name_is_taken_while_it_runs_and_places_are_counted() {
        let mut present = Present::default();
        let a = begun(&mut present, "a", 1);
        assert_eq!(code(&mut present, "a").as_deref(), Some("duplicate_id"));
        begun(&mut present, "b", 1);
        assert_eq!(code(&mut present, "c").as_deref(), Some("too_many_in_flight"));
        assert!(present.end(&a));
        assert!(present.begin(&asked("c", 9), 2, NOW).unwrap());
    }

    #[test]
    fn one_of_the_same_name_does_not_keep_the_earlier_one_running() {
        let mut present = Present::default();
        let first = begun(&mut present, "a", 1);
        present.cancel("a", 2, NOW);
        let second = begun(&mut present, "a", 3);
        assert!(!present.wants(&first) && present.wants(&second));
        assert!(!present.end(&first), "the name is the second one's");
        assert!(present.wants(&second));
    }

    #[test]
    fn what_nobody_ended_is_forgotten_in_time() {
        let mut present = Present::default();
        begun(&mut present, "a", 1);
        assert!(present.begin(&asked("a", 2), 1, NOW + 60_000).unwrap());
    }

    #[test]
    fn cancels_without_an_aim_do_not_pile_up() {
        let mut present = Present::default();
        for at in 0..100 {
            present.cancel(&format!("{at}"), at, NOW);
        }
        assert_eq!(present.requests.len(), WAITING);
        assert!(present.requests.contains_key("99"), "the latest stay");
        begun(&mut present, "a", 200);
    }
}
