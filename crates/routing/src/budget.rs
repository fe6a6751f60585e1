//! How much may be tried again: a part of what is asked, and no more. Without such a bound a failure at
//! one place makes as many requests again, and breaks the next.

use std::{
    sync::atomic::{AtomicI64, Ordering::AcqRel, Ordering::Acquire},
    time::{Duration, Instant},
};

use crate::{
    health::{Call, Window},
    moment::Epoch,
};

/// A bucket of tries: each request puts a part of one in, each second try takes one out.
#[derive(Debug)]
pub(crate) struct Budget {
    /// In thousandths.
    deposit: i64,
    most: i64,
    left: AtomicI64,
}

const ONE: i64 = 1_000;

impl Budget {
    /// So many of a hundred requests may be tried again, and `reserve` at the start.
    pub(crate) fn new(percent: u32, reserve: u32) -> Self {
        let reserve = i64::from(reserve) * ONE;
        Self {
            deposit: i64::from(percent) * ONE / 100,
            most: reserve.max(ONE),
            left: AtomicI64::new(reserve),
        }
    }

    /// A request came.
    pub(crate) fn earn(&self) {
        let add = |left: i64| Some((left + self.deposit).min(self.most));
        // The closure always gives a value, so this cannot fail.
        let _before = self.left.fetch_update(AcqRel, Acquire, add);
    }

    /// Takes a try, if there is one.
    pub(crate) fn take(&self) -> bool {
        let take = |left: i64| (left >= ONE).then_some(left - ONE);
        self.left.fetch_update(AcqRel, Acquire, take).is_ok()
    }
}

/// Whether so much fails everywhere that trying again only adds to it.
#[derive(Debug)]
pub(crate) struct Alarm {
    epoch: Epoch,
    window: Window,
    /// Of a hundred attempts; 0: never.
    failed: u8,
}

/// With fewer attempts in the window nothing is decided.
const FEW: u32 = 20;

impl Alarm {
    pub(crate) fn new(start: Instant, failed: u8) -> Self {
        Self {
            epoch: Epoch(start),
            window: Window::new(Duration::from_secs(10)),
            failed,
        }
    }

    /// An attempt ended.
    pub(crate) fn note(&self, now: Instant, failed: bool) {
        self.window
            .count(self.epoch.ms(now), Call { failed, slow: false });
    }

    pub(crate) fn is_on(&self, now: Instant) -> bool {
        if self.failed == 0 {
            return false;
        }
        let counts = self.window.read(self.epoch.ms(now));
        counts.calls >= FEW && counts.failed_part() * 100.0 >= f32::from(self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_may_be_tried_again_and_what_is_saved_is_bounded() {
        let budget = Budget::new(20, 2);
        assert!(budget.take() && budget.take() && !budget.take());
        (0..5).for_each(|_| budget.earn());
        assert!(budget.take() && !budget.take());
        (0..1_000).for_each(|_| budget.earn());
        assert!(budget.take() && budget.take() && !budget.take());
    }

    #[test]
    fn the_alarm_is_on_while_half_of_everything_fails() {
        let start = Instant::now();
        let alarm = Alarm::new(start, 50);
        (0..19).for_each(|_| alarm.note(start, true));
        assert!(!alarm.is_on(start), "few attempts decide nothing");
        alarm.note(start, false);
        assert!(alarm.is_on(start));
        assert!(!alarm.is_on(start + Duration::from_secs(10)));
        assert!(!Alarm::new(start, 0).is_on(start));
    }
}
