//! When a connection is asked for a sign of life, and when it is given up. Pure: times are passed in.

use std::time::Instant;

use super::WsLimits;

/// The signs of life of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pulse {
    limits: WsLimits,
    /// When anything came from the peer.
    heard: Instant,
    /// When it last asked for something.
    asked: Instant,
    /// When it was last asked for a sign of life.
    pinged: Instant,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing, until then.
    Until(Instant),
    /// Ask for a sign of life.
    Ping,
    /// Nothing came for two heartbeats: nobody is there.
    Gone,
    /// Somebody is there, and wants nothing.
    Idle,
}

impl Pulse {
    pub(super) fn new(limits: WsLimits, now: Instant) -> Self {
        Self {
            limits,
            heard: now,
            asked: now,
            pinged: now,
        }
    }

    /// Something came, a sign of life perhaps.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// A frame came that asks for something.
    pub(super) fn asked(&mut self, now: Instant) {
        self.asked = now;
    }

    /// What is to be done. `quiet_since`: since when nothing has been in flight; `None`: something is.
    pub(super) fn beat(&mut self, now: Instant, quiet_since: Option<Instant>) -> Beat {
        let gone = self.heard + self.limits.heartbeat * 2;
        if gone <= now {
            return Beat::Gone;
        }
        let idle = quiet_since.map(|since| since.max(self.asked) + self.limits.idle_timeout);
        if idle.is_some_and(|idle| idle <= now) {
            return Beat::Idle;
        }
        let ping = self.pinged + self.limits.heartbeat;
        if ping <= now {
            self.pinged = now;
            return Beat::Ping;
        }
        Beat::Until(idle.map_or(ping, |idle| idle.min(ping)).min(gone))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMITS: fn() -> WsLimits = || WsLimits {
        heartbeat: Duration::from_secs(20),
        idle_timeout: Duration::from_secs(600),
        ..WsLimits::default()
    };

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_peer_is_asked_each_heartbeat() {
        let start = Instant::now();
        let mut pulse = Pulse::new(LIMITS(), start);
        assert_eq!(pulse.beat(start, Some(start)), Beat::Until(after(start, 20)));
        for second in [20, 40, 60] {
            pulse.heard(after(start, second - 1));
            let now = after(start, second);
            assert_eq!(pulse.beat(now, Some(start)), Beat::Ping);
            assert_eq!(
                pulse.beat(now, Some(start)),
                Beat::Until(after(start, second + 20))
            );
        }
    }

    #[test]
    fn a_peer_that_answers_nothing_for_two_heartbeats_is_gone() {
        let start = Instant::now();
        let mut pulse = Pulse::new(LIMITS(), start);
        assert_eq!(pulse.beat(after(start, 20), None), Beat::Ping);
        assert_eq!(pulse.beat(after(start, 39), None), Beat::Until(after(start, 40)));
        assert_eq!(pulse.beat(after(start, 40), None), Beat::Gone);
    }

    #[test]
    fn signs_of_life_alone_do_not_keep_an_idle_connection() {
        let start = Instant::now();
        let mut pulse = Pulse::new(LIMITS(), start);
        pulse.heard(after(start, 599));
        assert_ne!(pulse.beat(after(start, 599), Some(start)), Beat::Idle);
        assert_eq!(pulse.beat(after(start, 600), Some(start)), Beat::Idle);
    }

    #[test]
    fn what_is_in_flight_and_what_was_asked_keep_it() {
        let start = Instant::now();
        let mut pulse = Pulse::new(LIMITS(), start);
        pulse.heard(after(start, 1200));
        assert_ne!(pulse.beat(after(start, 1200), None), Beat::Idle);
        assert_ne!(
            pulse.beat(after(start, 1200), Some(after(start, 601))),
            Beat::Idle
        );
        pulse.asked(after(start, 601));
        assert_ne!(pulse.beat(after(start, 1200), Some(start)), Beat::Idle);
        pulse.heard(after(start, 1201));
        assert_eq!(pulse.beat(after(start, 1201), Some(start)), Beat::Idle);
    }
}
