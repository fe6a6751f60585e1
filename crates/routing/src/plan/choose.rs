//! The order of the targets within a tier.

use std::{cmp::Ordering, sync::Arc, time::Instant};

use busbar_core::Usage;

use crate::{facts::Facts, hash, route::Tier, spec::Choose, target::Target};

type Grouped = Vec<(usize, Vec<Arc<Target>>)>;

/// Puts groups into their order, and the places of each into theirs.
pub(super) fn order(tier: &Tier, mut groups: Grouped, facts: &Facts<'_>, now: Instant) -> Grouped {
    if tier.nearest {
        for (_, targets) in &mut groups {
            targets.sort_by(|a, b| ascending(a.health.load(now), b.health.load(now)));
        }
    }
    if groups.len() < 2 {
        return groups;
    }
    match tier.choose {
        Choose::Listed => {}
        Choose::Weights => by(&mut groups, |group, _| {
            weighted(
                hash::mix(facts.chance ^ hash::GOLDEN.wrapping_mul(group as u64 + 1)),
                weight(tier, group),
            )
        }),
        Choose::Sticky => by(&mut groups, |group, targets| {
            let name = targets.first().map_or("", |target| target.id.as_str());
            let bits = match facts.key {
                Some(key) => hash::of(&[key, name]),
                None => hash::mix(facts.chance ^ hash::of(&[name])),
            };
            weighted(bits, weight(tier, group))
        }),
        Choose::Cheapest => by(&mut groups, |_, targets| cost(targets, facts)),
        Choose::Fastest => fastest(&mut groups, facts, now),
    }
    groups
}

fn by(groups: &mut Grouped, score: impl Fn(usize, &[Arc<Target>]) -> f64) {
    groups.sort_by_cached_key(|(group, targets)| Score(score(*group, targets)));
}

fn weight(tier: &Tier, group: usize) -> f64 {
    tier.groups
        .get(group)
        .map_or(1.0, |group| f64::from(group.spec.weight.max(1)))
}

/// A draw without replacement by weights: the smallest of -ln(u)/w comes first (Efraimidis and Spirakis
/// 2006). With a hash in place of chance it is rendezvous hashing by weights: when a target goes, only
/// its own keys move.
fn weighted(bits: u64, weight: f64) -> f64 {
    -hash::part(bits).ln() / weight
}

/// What the request would cost, in picodollars. What has no price comes last; what runs here costs nothing.
fn cost(targets: &[Arc<Target>], facts: &Facts<'_>) -> f64 {
    let Some(target) = targets.first() else {
        return f64::MAX;
    };
    if target.place.is_here() {
        return 0.0;
    }
    let usage = Usage {
        input: facts.needs.prompt,
        output: facts.needs.max_output.unwrap_or(busbar_core::Tokens(256)),
        ..Usage::default()
    };
    target
        .price()
        .map_or(f64::MAX, |price| price.of(&usage).as_picodollars() as f64)
}

/// By speed, and the quicker of two at random first: if all took the quickest, it would not be for long
/// (Mitzenmacher 2001).
fn fastest(groups: &mut Grouped, facts: &Facts<'_>, now: Instant) {
    let load = |targets: &[Arc<Target>]| {
        let loads = targets.iter().map(|target| target.health.load(now));
        loads.fold(f64::MAX, f64::min)
    };
    by(groups, |_, targets| load(targets));
    let count = groups.len();
    if count > 2 {
        let one = (facts.chance % count as u64) as usize;
        let other = (one + 1 + (facts.chance >> 32) as usize % (count - 1)) % count;
        // They are sorted: the one that stands first of the two is the quicker.
        groups[..=one.min(other)].rotate_right(1);
    }
}

/// A score that sorts.
#[derive(PartialEq)]
struct Score(f64);

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        ascending(self.0, other.0)
    }
}

fn ascending(a: f64, b: f64) -> Ordering {
    a.total_cmp(&b)
}
