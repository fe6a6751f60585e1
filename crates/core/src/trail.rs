//! What happens to a request on its way: written by whoever routes it, read by whoever answers.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{ModelId, Money, Price};

/// What happens to one request. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<Mutex<Course>>);

impl Trail {
    /// Notes something.
    pub fn note(&self, change: impl FnOnce(&mut Course)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Looks at what was noted.
    pub fn look<T>(&self, at: impl FnOnce(&Course) -> T) -> T {
        at(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The course that a request took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The route that it came by; `None`: it went to its model directly, and the rest says nothing.
    pub route: Option<Arc<str>>,
    /// The targets that were asked, in order.
    pub attempts: Vec<Attempt>,
    /// How far below the first choice the answer is.
    pub degraded: Option<Step>,
    /// What the cache had to do with it.
    pub cache: Option<CacheUse>,
    /// Who answers; several one after the other where a stream was resumed, and then the last.
    pub served: Option<Served>,
    /// How often another model went on with the answer.
    pub resumed: u32,
    /// What was spent so far: on answers, and on attempts that are none or only a part of one. Estimated
    /// where a host did not get to say.
    pub spent: Money,
    /// Whether some of it is an estimate.
    pub estimated: bool,
    /// Whether some of them have no price.
    pub unpriced: bool,
    /// What everything together cost, once the answer is whole; `None`: it has no price.
    pub total: Option<Money>,
    /// Targets that a relay has asked in vain before it gave the request back to be read.
    pub given_up: Vec<Arc<str>>,
}

/// A target that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its name: `provider/region/model`.
    pub target: Arc<str>,
    /// What came of it, in a word of a bounded set: `served`, `rate_limited`, `cut`, …
    pub outcome: &'static str,
    /// How long it took, up to its first event or its failure.
    pub took: Duration,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The target's name.
    pub target: Arc<str>,
    /// The model.
    pub model: ModelId,
    /// What its tokens cost.
    pub price: Option<Price>,
}

/// A step down from the first choice, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The same model in another region.
    Region,
    /// Another model.
    Alternative,
    /// A lesser one, that costs less.
    Cheaper,
    /// A model of this machine.
    Local,
    /// An answer that was given before.
    Cached,
    /// A text that stands in the configuration.
    Static,
}

impl Step {
    /// All of them, the nearest first.
    pub const ALL: [Self; 6] = [
        Self::Region,
        Self::Alternative,
        Self::Cheaper,
        Self::Local,
        Self::Cached,
        Self::Static,
    ];

    /// The word for it in headers, events, metrics and the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Alternative => "alternative",
            Self::Cheaper => "cheaper",
            Self::Local => "local",
            Self::Cached => "cached",
            Self::Static => "static",
        }
    }
}

/// What a cache had to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheUse {
    /// It was there.
    Hit,
    /// It was not, and may be from now on.
    Miss,
    /// The same request was under way, and both got its answer.
    Shared,
    /// It was there, too old, and better than nothing.
    Stale,
}

impl CacheUse {
    /// The word for it in headers and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Shared => "shared",
            Self::Stale => "stale",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_clone_notes_the_other_sees() {
        let trail = Trail::default();
        trail.note(|course| course.degraded = Some(Step::Local));
        assert_eq!(trail.look(|course| course.degraded), Some(Step::Local));
    }
}
