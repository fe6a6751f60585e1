//! What a route is, as it is written down: values without state.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use busbar_core::{Labels, ModelId, Step};

use crate::{facts::Facts, hash, moment::Moment, pattern};

/// A route.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteSpec {
    /// The name that clients ask for.
    pub name: ModelId,
    /// The name that people read.
    pub title: Option<String>,
    /// Targets by rank, the first choice first.
    pub tiers: Vec<TierSpec>,
    /// Where its data may go.
    pub residency: Residency,
    /// The header, in lower case, whose value sticky choices and roll-outs go by.
    pub key: String,
    /// Flags by name.
    pub flags: BTreeMap<String, Flag>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// How quick a stream must be before it is taken.
    pub floor: Option<Floor>,
    /// How often all targets are gone through again when none has answered.
    pub rounds: u32,
    /// A second target is asked beside the first when that has said nothing for so long.
    pub hedge_after: Option<Duration>,
    /// What becomes of a stream whose model is lost.
    pub on_cut: OnCut,
    /// How long answers are kept for the same request.
    pub cache_for: Option<Duration>,
    /// Whether an answer that was kept is given, however old, when no target answers.
    pub stale: bool,
    /// What is said when nothing else is left.
    pub instead: Option<String>,
    /// Which rules stand between a request and its answer: answers given under others are not given again.
    pub guardrails: String,
}

impl RouteSpec {
    /// A route over tiers, everything else as it is without a word.
    pub fn new(name: impl Into<ModelId>, tiers: Vec<TierSpec>) -> Self {
        Self {
            name: name.into(),
            title: None,
            tiers,
            residency: Residency::default(),
            key: "x-busbar-key".to_owned(),
            flags: BTreeMap::new(),
            timeouts: Timeouts::default(),
            floor: None,
            rounds: 1,
            hedge_after: None,
            on_cut: OnCut::GoOn,
            cache_for: None,
            stale: false,
            instead: None,
            guardrails: String::new(),
        }
    }

    /// The headers that it looks at.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        let whens = self.tiers.iter().flat_map(|tier| {
            let targets = tier.targets.iter().map(|target| &target.when);
            std::iter::once(&tier.when).chain(targets)
        });
        let named = whens.flat_map(|when| when.headers.iter().map(|(name, _)| name.as_str()));
        named.chain([self.key.as_str(), ON_CUT, RESIDENCY, CACHE])
    }

    /// What it does when no target answers, in order.
    pub(crate) fn last_resorts(&self) -> Vec<Step> {
        let stale = self.stale.then_some(Step::Cached);
        let instead = self.instead.is_some().then_some(Step::Static);
        stale.into_iter().chain(instead).collect()
    }
}

/// By this header a client says what becomes of a stream whose model is lost: `go-on` or `fail`.
pub(crate) const ON_CUT: &str = "x-busbar-on-cut";
/// By this header a client narrows the regions that its data may go to.
pub(crate) const RESIDENCY: &str = "x-busbar-residency";
/// By this header a client says that it wants no answer that was given before: `no-cache` or `no-store`.
pub(crate) const CACHE: &str = "x-busbar-cache";

/// Targets of the same rank.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TierSpec {
    /// The targets.
    pub targets: Vec<TargetSpec>,
    /// How one of them is chosen.
    pub choose: Choose,
    /// What an answer of theirs is labelled with where they are not the first choice.
    pub step: Option<Step>,
    /// The flag that must be on for it.
    pub flag: Option<String>,
    /// When it is there at all.
    pub when: When,
}

/// A model, at every place where it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetSpec {
    /// The model's name.
    pub model: String,
    /// Its part, where weights choose. 0: nothing new goes to it.
    pub weight: u32,
    /// The flag that must be on for it.
    pub flag: Option<String>,
    /// When it is there at all.
    pub when: When,
    /// Its own times, where they differ from the route's.
    pub timeouts: Timeouts,
}

impl TargetSpec {
    /// A model and no more.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            weight: 1,
            ..Self::default()
        }
    }
}

/// How a target is chosen among those of its tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choose {
    /// In the order in which they stand.
    #[default]
    Listed,
    /// By chance, each as often as its weight says.
    Weights,
    /// The quicker of two at random first, for what it has to do; then by speed.
    Fastest,
    /// The one that would cost least.
    Cheapest,
    /// The same one for the same key, each for as many keys as its weight says.
    Sticky,
}

impl Choose {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Listed,
        Self::Weights,
        Self::Fastest,
        Self::Cheapest,
        Self::Sticky,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Weights => "weights",
            Self::Fastest => "fastest",
            Self::Cheapest => "cheapest",
            Self::Sticky => "sticky",
        }
    }
}

/// A switch that is on for some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flag {
    /// For how many of a hundred keys it is on. Who is in with few is in with more.
    pub percent: u8,
    /// Keys for which it is on whatever the percentage; a star stands for anything.
    pub keys: Vec<String>,
}

impl Flag {
    pub(crate) fn is_on(&self, name: &str, facts: &Facts<'_>) -> bool {
        let key = facts.key.unwrap_or_default();
        if !key.is_empty() && pattern::any(&self.keys, key) {
            return true;
        }
        // Without a key each request is by itself.
        let bits = match facts.key {
            Some(key) => hash::of(&[name, key]),
            None => hash::mix(facts.chance ^ hash::of(&[name])),
        };
        hash::within(bits, self.percent)
    }
}

/// When something is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct When {
    /// Headers, names in lower case, and what they must say; a star stands for anything.
    pub headers: Vec<(String, String)>,
    /// Keys for which it is there; empty: all.
    pub keys: Vec<String>,
    /// The hours of the day.
    pub hours: Option<Hours>,
    /// Not before.
    pub from: Option<SystemTime>,
    /// Not after.
    pub until: Option<SystemTime>,
}

/// Hours of the day, universal time; they may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// From this minute of the day on.
    pub from: u16,
    /// Before this one.
    pub to: u16,
}

impl When {
    /// What is not as it must be, in a sentence.
    pub(crate) fn missing(&self, labels: &Labels, key: Option<&str>, at: &Moment) -> Option<String> {
        for (name, wanted) in &self.headers {
            let is = labels.get(name).is_some_and(|value| pattern::fits(wanted, value));
            if !is {
                return Some(format!("the header `{name}` does not say `{wanted}`"));
            }
        }
        if !self.keys.is_empty() && !key.is_some_and(|key| pattern::any(&self.keys, key)) {
            return Some("it is for other keys".to_owned());
        }
        if self.hours.is_some_and(|hours| !hours.has(at.minute_of_day())) {
            return Some("it is for other hours of the day".to_owned());
        }
        if self.from.is_some_and(|from| at.wall < from) {
            return Some("its time has not come".to_owned());
        }
        if self.until.is_some_and(|until| at.wall >= until) {
            return Some("its time is over".to_owned());
        }
        None
    }
}

impl Hours {
    fn has(self, minute: u16) -> bool {
        match self.from <= self.to {
            true => (self.from..self.to).contains(&minute),
            false => minute >= self.from || minute < self.to,
        }
    }
}

/// Where data may go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Residency(pub Vec<String>);

/// How long to wait for what; what is not set is left to whoever hosts the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to whoever hosts it.
    pub connect: Option<Duration>,
    /// For a stream's first event.
    pub first_event: Option<Duration>,
    /// For the next event of one that has begun.
    pub between_events: Option<Duration>,
    /// For an answer that comes in one piece.
    pub whole: Option<Duration>,
    /// For everything, all attempts together.
    pub total: Option<Duration>,
}

impl Timeouts {
    /// These, and where they say nothing, those.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            connect: self.connect.or(others.connect),
            first_event: self.first_event.or(others.first_event),
            between_events: self.between_events.or(others.between_events),
            whole: self.whole.or(others.whole),
            total: self.total.or(others.total),
        }
    }
}

/// How quick a stream must be before it is taken. Its beginning is held back until it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// So many pieces
    pub pieces: u32,
    /// within this time from the first one on.
    pub within: Duration,
}

/// What becomes of a stream whose model is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCut {
    /// Another model goes on with it.
    #[default]
    GoOn,
    /// It ends with an error.
    Fail,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_may_go_over_midnight() {
        let night = Hours {
            from: 22 * 60,
            to: 6 * 60,
        };
        let day = Hours {
            from: 9 * 60,
            to: 17 * 60,
        };
        for (hour, at_night, at_day) in [
            (23, true, false),
            (5, true, false),
            (6, false, false),
            (9, false, true),
        ] {
            assert_eq!(
                (night.has(hour * 60), day.has(hour * 60)),
                (at_night, at_day),
                "{hour}"
            );
        }
    }
}
