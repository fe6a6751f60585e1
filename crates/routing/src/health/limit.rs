//! How many requests a target may have at once: more while all goes well, fewer when it says that it has
//! too many (additive increase, multiplicative decrease).

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed},
    time::Duration,
};

use busbar_core::Priority;

/// Between which bounds the limit moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitRules {
    /// Where it begins.
    pub first: u32,
    /// Never lower.
    pub least: u32,
    /// Never higher.
    pub most: u32,
}

/// The limit and what is under way. Without rules there is no limit, and things are only counted.
#[derive(Debug)]
pub(crate) struct Limit {
    rules: Option<LimitRules>,
    in_flight: AtomicU32,
    /// In hundredths.
    limit: AtomicU32,
    cut_at: AtomicU64,
}

const ONE: u32 = 100;
/// What is left of the limit when a target has too much, and how often it is cut at most: one wave of
/// refusals is one reason.
const KEPT: u64 = 70;
const BETWEEN_CUTS: Duration = Duration::from_secs(1);
/// Work that may wait leaves this part of the room to those who cannot.
const BACKGROUND: u64 = 70;

impl Limit {
    pub(crate) fn new(rules: Option<LimitRules>) -> Self {
        let first = rules.map_or(0, |rules| rules.first.clamp(rules.least, rules.most));
        Self {
            rules,
            in_flight: AtomicU32::new(0),
            limit: AtomicU32::new(first.saturating_mul(ONE)),
            cut_at: AtomicU64::new(0),
        }
    }

    /// Whether there is room.
    pub(crate) fn has_room(&self, priority: Priority) -> bool {
        self.room(priority).is_none_or(|room| self.in_flight() < room)
    }

    /// Takes a place, if there is one.
    pub(crate) fn enter(&self, priority: Priority) -> bool {
        let room = self.room(priority).unwrap_or(u32::MAX);
        let taken = self
            .in_flight
            .fetch_update(AcqRel, Acquire, |n| (n < room).then(|| n + 1));
        taken.is_ok()
    }

    pub(crate) fn leave(&self) {
        self.in_flight.fetch_sub(1, AcqRel);
    }

    /// One that had a place was answered.
    pub(crate) fn went_well(&self) {
        let Some(rules) = self.rules else { return };
        let limit = self.limit.load(Relaxed);
        // Room that nobody uses says nothing about whether there could be more.
        if self.in_flight().saturating_mul(2 * ONE) < limit {
            return;
        }
        let more = limit.saturating_add((ONE * ONE / limit.max(1)).max(1));
        self.limit
            .store(more.min(rules.most.saturating_mul(ONE)), Relaxed);
    }

    /// The target has too much.
    pub(crate) fn too_many(&self, now_ms: u64) {
        let Some(rules) = self.rules else { return };
        let last = self.cut_at.load(Relaxed);
        if last > 0 && now_ms.saturating_sub(last) < BETWEEN_CUTS.as_millis() as u64 {
            return;
        }
        self.cut_at.store(now_ms.max(1), Relaxed);
        let less = u64::from(self.limit.load(Relaxed)) * KEPT / 100;
        self.limit
            .store((less as u32).max(rules.least.max(1).saturating_mul(ONE)), Relaxed);
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Relaxed)
    }

    /// As many as there may be now.
    pub(crate) fn limit(&self) -> Option<u32> {
        self.rules.map(|_| (self.limit.load(Relaxed) / ONE).max(1))
    }

    fn room(&self, priority: Priority) -> Option<u32> {
        let limit = self.limit()?;
        Some(match priority {
            Priority::Interactive => limit,
            Priority::Background => ((u64::from(limit) * BACKGROUND / 100) as u32).max(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: LimitRules = LimitRules {
        first: 10,
        least: 2,
        most: 12,
    };

    fn fill(limit: &Limit, priority: Priority) -> u32 {
        (0..100).take_while(|_| limit.enter(priority)).count() as u32
    }

    #[test]
    fn work_that_may_wait_leaves_room_for_people() {
        let limit = Limit::new(Some(RULES));
        assert_eq!(fill(&limit, Priority::Background), 7);
        assert!(!limit.has_room(Priority::Background) && limit.has_room(Priority::Interactive));
        assert_eq!(fill(&limit, Priority::Interactive), 3);
    }

    #[test]
    fn it_grows_while_it_is_used_and_shrinks_once_for_one_wave() {
        let limit = Limit::new(Some(RULES));
        limit.went_well();
        assert_eq!(limit.limit(), Some(10), "unused room does not grow");
        fill(&limit, Priority::Interactive);
        (0..30).for_each(|_| limit.went_well());
        assert_eq!(limit.limit(), Some(12));
        limit.too_many(5_000);
        limit.too_many(5_500);
        assert_eq!(limit.limit(), Some(8));
        (6..20).for_each(|second| limit.too_many(second * 1_000));
        assert_eq!(limit.limit(), Some(2));
    }

    #[test]
    fn without_rules_things_are_only_counted() {
        let limit = Limit::new(None);
        assert_eq!(fill(&limit, Priority::Background), 100);
        assert_eq!((limit.in_flight(), limit.limit()), (100, None));
    }
}
