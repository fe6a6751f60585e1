//! The circuit breaker of a target: open while too much of what was asked of late failed or was slow,
//! then half open for a few probes, then closed, or open for longer.

use std::{
    sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire},
    time::Duration,
};

use busbar_core::BreakerState;

use super::window::{Call, Counts, Window};
use crate::moment::left;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerRules {
    /// What counts as of late.
    pub window: Duration,
    /// With fewer calls in it nothing is decided.
    pub calls: u32,
    /// It opens when so many of a hundred calls failed.
    pub failed: u8,
    /// It opens when so many of a hundred calls were slow.
    pub slow: u8,
    /// A call is slow whose first event takes so long; `None`: none is.
    pub slow_after: Option<Duration>,
    /// How long it stays open the first time; twice as long each time after.
    pub open: Duration,
    /// How long it stays open at most.
    pub open_most: Duration,
    /// Probes that must succeed, one after the other, before it closes.
    pub probes: u8,
}

impl Default for BreakerRules {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(30),
            calls: 10,
            failed: 50,
            slow: 80,
            slow_after: None,
            open: Duration::from_secs(5),
            open_most: Duration::from_secs(120),
            probes: 2,
        }
    }
}

/// A breaker.
#[derive(Debug)]
pub(crate) struct Breaker {
    rules: BreakerRules,
    window: Window,
    state: AtomicU64,
}

/// What a call was let through as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// As any other.
    Plain,
    /// To see whether the target is well again.
    Probe {
        /// Which opening it belongs to: a verdict on an earlier one counts no more.
        opening: u16,
    },
}

/// All of it in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    kind: Kind,
    /// Openings since it was last closed.
    strikes: u8,
    /// Which opening this is.
    opening: u16,
    /// Whether a probe is under way.
    probing: bool,
    /// Probes that succeeded.
    passed: u8,
    /// Open: until when, in milliseconds.
    until: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Closed,
    Open,
    HalfOpen,
}

impl Breaker {
    pub(crate) fn new(rules: BreakerRules) -> Self {
        Self {
            window: Window::new(rules.window),
            rules,
            state: AtomicU64::new(0),
        }
    }

    /// Whether a call would be let through; otherwise how long until one will be, where that is known.
    pub(crate) fn look(&self, now_ms: u64) -> Result<(), Option<Duration>> {
        let state = State::of(self.state.load(Acquire));
        match state.kind {
            Kind::Closed => Ok(()),
            Kind::Open => left(state.until, now_ms).map_or(Ok(()), |left| Err(Some(left))),
            Kind::HalfOpen if state.probing => Err(None),
            Kind::HalfOpen => Ok(()),
        }
    }

    /// Lets a call through, or does not.
    pub(crate) fn enter(&self, now_ms: u64) -> Option<Pass> {
        let mut pass = None;
        let enter = |bits: u64| {
            let state = State::of(bits);
            pass = None;
            let probing = match state.kind {
                Kind::Closed => {
                    pass = Some(Pass::Plain);
                    return None;
                }
                Kind::Open if left(state.until, now_ms).is_some() => return None,
                Kind::HalfOpen if state.probing => return None,
                Kind::Open => State {
                    kind: Kind::HalfOpen,
                    passed: 0,
                    probing: true,
                    ..state
                },
                Kind::HalfOpen => State {
                    probing: true,
                    ..state
                },
            };
            pass = Some(Pass::Probe {
                opening: state.opening,
            });
            Some(probing.bits())
        };
        // That nothing need change is no failure.
        let _unchanged = self.state.fetch_update(AcqRel, Acquire, enter);
        pass
    }

    /// A call that was let through has ended.
    pub(crate) fn settle(&self, now_ms: u64, pass: Pass, call: Call) {
        self.window.count(now_ms, call);
        let bad = call.failed || call.slow;
        match pass {
            Pass::Plain if bad => self.open_if_too_much(now_ms),
            Pass::Plain => {}
            Pass::Probe { opening } => self.judge(now_ms, opening, bad),
        }
    }

    /// A probe has ended without saying anything about the target.
    pub(crate) fn forget(&self, pass: Pass) {
        let Pass::Probe { opening } = pass else { return };
        self.change(|state| {
            let mine = state.kind == Kind::HalfOpen && state.opening == opening;
            mine.then_some(State {
                probing: false,
                ..state
            })
        });
    }

    pub(crate) fn state(&self, now_ms: u64) -> (BreakerState, Option<Duration>) {
        let state = State::of(self.state.load(Acquire));
        match (state.kind, left(state.until, now_ms)) {
            (Kind::Closed, _) => (BreakerState::Closed, None),
            (Kind::Open, Some(left)) => (BreakerState::Open, Some(left)),
            (Kind::Open, None) | (Kind::HalfOpen, _) => (BreakerState::HalfOpen, None),
        }
    }

    pub(crate) fn counts(&self, now_ms: u64) -> Counts {
        self.window.read(now_ms)
    }

    fn open_if_too_much(&self, now_ms: u64) {
        let counts = self.window.read(now_ms);
        let over = |part: f32, percent: u8| percent > 0 && part * 100.0 >= f32::from(percent);
        let too_much = over(counts.failed_part(), self.rules.failed)
            || self.rules.slow_after.is_some() && over(counts.slow_part(), self.rules.slow);
        if counts.calls < self.rules.calls || !too_much {
            return;
        }
        self.change(|state| (state.kind == Kind::Closed).then(|| self.opened(state, now_ms)));
    }

    fn judge(&self, now_ms: u64, opening: u16, bad: bool) {
        let mut closed = false;
        self.change(|state| {
            closed = false;
            if state.kind != Kind::HalfOpen || state.opening != opening {
                return None;
            }
            if bad {
                return Some(self.opened(state, now_ms));
            }
            let passed = state.passed.saturating_add(1);
            closed = passed >= self.rules.probes;
            Some(match closed {
                true => State {
                    kind: Kind::Closed,
                    strikes: 0,
                    probing: false,
                    passed: 0,
                    ..state
                },
                false => State {
                    probing: false,
                    passed,
                    ..state
                },
            })
        });
        if closed {
            // What led to its opening is over.
            self.window.clear();
        }
    }

    fn opened(&self, state: State, now_ms: u64) -> State {
        let doubled = 1_u32 << state.strikes.min(16);
        let open = self.rules.open.saturating_mul(doubled).min(self.rules.open_most);
        State {
            kind: Kind::Open,
            strikes: (state.strikes + 1).min(STRIKES),
            opening: state.opening.wrapping_add(1) & OPENINGS,
            probing: false,
            passed: 0,
            until: now_ms + open.as_millis() as u64,
        }
    }

    fn change(&self, to: impl FnMut(State) -> Option<State>) {
        let mut to = to;
        // That nothing need change is no failure.
        let _unchanged = self
            .state
            .fetch_update(AcqRel, Acquire, |bits| Some(to(State::of(bits))?.bits()));
    }
}

const STRIKES: u8 = 31;
const OPENINGS: u16 = 0xfff;

impl State {
    fn of(bits: u64) -> Self {
        Self {
            kind: match bits >> 62 {
                0 => Kind::Closed,
                1 => Kind::Open,
                _ => Kind::HalfOpen,
            },
            strikes: (bits >> 57) as u8 & STRIKES,
            opening: (bits >> 45) as u16 & OPENINGS,
            probing: bits >> 44 & 1 == 1,
            passed: (bits >> 40) as u8 & 0xf,
            until: bits & 0xff_ffff_ffff,
        }
    }

    fn bits(self) -> u64 {
        let kind = match self.kind {
            Kind::Closed => 0,
            Kind::Open => 1,
            Kind::HalfOpen => 2,
        };
        kind << 62
            | u64::from(self.strikes & STRIKES) << 57
            | u64::from(self.opening & OPENINGS) << 45
            | u64::from(self.probing) << 44
            | u64::from(self.passed.min(0xf)) << 40
            | self.until & 0xff_ffff_ffff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Call = Call {
        failed: false,
        slow: false,
    };
    const FAILED: Call = Call {
        failed: true,
        slow: false,
    };
    const SLOW: Call = Call {
        failed: false,
        slow: true,
    };

    fn breaker() -> Breaker {
        Breaker::new(BreakerRules {
            calls: 4,
            slow_after: Some(Duration::from_secs(1)),
            open: Duration::from_secs(1),
            open_most: Duration::from_secs(3),
            ..BreakerRules::default()
        })
    }

    fn settle(breaker: &Breaker, now: u64, calls: &[Call]) {
        for call in calls {
            let pass = breaker.enter(now).unwrap();
            breaker.settle(now, pass, *call);
        }
    }

    #[test]
    fn it_opens_when_half_has_failed_and_not_before_enough_was_asked() {
        let breaker = breaker();
        settle(&breaker, 0, &[FAILED, FAILED, FAILED]);
        assert!(breaker.look(0).is_ok(), "three calls decide nothing");
        settle(&breaker, 0, &[FAILED]);
        assert_eq!(breaker.look(0), Err(Some(Duration::from_secs(1))));
        assert_eq!(breaker.enter(999), None);
    }

    #[test]
    fn slow_calls_open_it_too() {
        let breaker = breaker();
        settle(&breaker, 0, &[SLOW, SLOW, SLOW, SLOW]);
        assert_eq!(breaker.state(0).0, BreakerState::Open);
    }

    #[test]
    fn one_probe_at_a_time_and_two_that_succeed_close_it() {
        let breaker = breaker();
        settle(&breaker, 0, &[FAILED; 4]);
        let probe = breaker.enter(1_000).unwrap();
        assert!(matches!(probe, Pass::Probe { .. }));
        assert_eq!((breaker.enter(1_000), breaker.look(1_000)), (None, Err(None)));
        breaker.settle(1_000, probe, FINE);
        assert_eq!(breaker.state(1_000).0, BreakerState::HalfOpen);
        settle(&breaker, 1_001, &[FINE]);
        assert_eq!(breaker.state(1_001).0, BreakerState::Closed);
        assert_eq!(breaker.counts(1_001).calls, 0, "what was before is over");
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_twice_as_long_up_to_a_limit() {
        let breaker = breaker();
        settle(&breaker, 0, &[FAILED; 4]);
        let mut now = 1_000;
        for open in [2, 3, 3] {
            settle(&breaker, now, &[FAILED]);
            assert_eq!(breaker.look(now), Err(Some(Duration::from_secs(open))));
            now += open * 1_000;
        }
    }

    #[test]
    fn a_probe_that_says_nothing_makes_room_for_the_next() {
        let breaker = breaker();
        settle(&breaker, 0, &[FAILED; 4]);
        let probe = breaker.enter(1_000).unwrap();
        breaker.forget(probe);
        assert!(breaker.enter(1_000).is_some());
    }

    #[test]
    fn who_was_let_through_before_it_opened_is_no_probe() {
        let breaker = breaker();
        let early = breaker.enter(0).unwrap();
        settle(&breaker, 0, &[FAILED; 4]);
        breaker.settle(1_000, early, FINE);
        assert_eq!(breaker.state(999).0, BreakerState::Open);
        let stale = Pass::Probe { opening: 0 };
        breaker.settle(1_000, stale, FINE);
        assert!(matches!(breaker.enter(1_000), Some(Pass::Probe { opening: 1 })));
    }

    #[test]
    fn all_of_a_state_fits_into_its_number() {
        for kind in [Kind::Closed, Kind::Open, Kind::HalfOpen] {
            let state = State {
                kind,
                strikes: STRIKES,
                opening: OPENINGS,
                probing: true,
                passed: 0xf,
                until: 0xff_ffff_ffff,
            };
            assert_eq!(State::of(state.bits()), state);
        }
    }
}
