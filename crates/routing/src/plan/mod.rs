//! The plan: which targets a request is to be tried at, in which order, and why at no other. A pure
//! function of the route, of what is known of the request, and of how the targets are at that moment.

mod choose;
mod reason;

use std::sync::Arc;

use busbar_core::Step;

pub(crate) use reason::Reason;

use crate::{
    facts::Facts,
    moment::Moment,
    pattern,
    route::{Group, Tier},
    spec::{Residency, RouteSpec, When},
    target::Target,
};

/// Which targets a request is to be tried at.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Those to be tried, in order.
    pub(crate) order: Vec<Choice>,
    /// The others.
    pub(crate) excluded: Vec<Without>,
}

/// A target to be tried.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) target: Arc<Target>,
    pub(crate) tier: usize,
    pub(crate) group: usize,
    /// How far it is below the first choice.
    pub(crate) step: Option<Step>,
}

/// A target that is not.
#[derive(Debug)]
pub(crate) struct Without {
    pub(crate) target: Arc<Target>,
    pub(crate) tier: usize,
    pub(crate) reason: Reason,
}

/// What the plan depends on.
#[derive(Clone, Copy)]
struct View<'a> {
    spec: &'a RouteSpec,
    facts: &'a Facts<'a>,
    at: &'a Moment,
    failing: &'a [String],
}

/// A target's place in the order.
struct Seat<'a> {
    tier: &'a Tier,
    rank: usize,
    group: usize,
    /// Whether it is the first of its model's places.
    nearest: bool,
}

/// Makes the plan. `failing` are targets to be taken for broken.
pub(crate) fn plan(
    spec: &RouteSpec,
    tiers: &[Tier],
    facts: &Facts<'_>,
    at: &Moment,
    failing: &[String],
) -> Plan {
    let view = View {
        spec,
        facts,
        at,
        failing,
    };
    let mut plan = Plan {
        order: Vec::with_capacity(tiers.len()),
        excluded: Vec::new(),
    };
    // The first that fits, well or not: what is below it is labelled.
    let mut leader: Option<(usize, usize)> = None;
    for (rank, tier) in tiers.iter().enumerate() {
        if let Some(reason) = view.closed(tier.flag.as_deref(), &tier.when) {
            plan.exclude_all(rank, tier, &reason);
            continue;
        }
        let fitting = view.fitting(rank, tier, &mut plan);
        for (group, targets) in choose::order(tier, fitting, facts, at.now) {
            let leader = *leader.get_or_insert((rank, group));
            for (place, target) in targets.into_iter().enumerate() {
                let seat = Seat {
                    tier,
                    rank,
                    group,
                    nearest: place == 0,
                };
                match view.unwell(&target) {
                    None => plan.order.push(Choice {
                        step: seat.step(leader, &target),
                        target,
                        tier: rank,
                        group,
                    }),
                    Some(reason) => plan.exclude(rank, &target, reason),
                }
            }
        }
    }
    plan
}

impl View<'_> {
    /// The targets of a tier that could answer, by group; the others are excluded.
    fn fitting(&self, rank: usize, tier: &Tier, plan: &mut Plan) -> Vec<(usize, Vec<Arc<Target>>)> {
        let mut fitting = Vec::with_capacity(tier.groups.len());
        for (number, group) in tier.groups.iter().enumerate() {
            let closed = match group.spec.weight {
                0 => Some(Reason::Drained),
                _ => self.closed(group.spec.flag.as_deref(), &group.spec.when),
            };
            let mut targets = Vec::with_capacity(group.targets.len());
            for target in &group.targets {
                let reason = closed.clone().or_else(|| unfit(self.spec, target, self.facts));
                match reason {
                    None => targets.push(Arc::clone(target)),
                    Some(reason) => plan.exclude(rank, target, reason),
                }
            }
            if !targets.is_empty() {
                fitting.push((number, targets));
            }
        }
        fitting
    }

    fn closed(&self, flag: Option<&str>, when: &When) -> Option<Reason> {
        if let Some(name) = flag
            && !self
                .spec
                .flags
                .get(name)
                .is_some_and(|flag| flag.is_on(name, self.facts))
        {
            return Some(Reason::Flag(name.to_owned()));
        }
        let missing = when.missing(self.facts.labels, self.facts.key, self.at);
        missing.map(Reason::Condition)
    }

    fn unwell(&self, target: &Target) -> Option<Reason> {
        if self.failing.iter().any(|by| target.is_meant(by)) {
            return Some(Reason::SaidToFail);
        }
        let looked = target.health.look(self.at.now, self.facts.priority);
        looked.err().map(Reason::Unwell)
    }
}

impl Seat<'_> {
    /// What an answer from there is labelled with, where the first choice is the leader's.
    fn step(&self, leader: (usize, usize), target: &Target) -> Option<Step> {
        if (self.rank, self.group) == leader {
            return (!self.nearest).then_some(Step::Region);
        }
        let here = || target.place.is_here().then_some(Step::Local);
        self.tier.step.or_else(here).or(Some(Step::Alternative))
    }
}

/// What a target lacks for this request.
fn unfit(spec: &RouteSpec, target: &Target, facts: &Facts<'_>) -> Option<Reason> {
    let Some(can) = target.can() else {
        return Some(Reason::Absent);
    };
    if let Some(allowed) = elsewhere(&spec.residency, facts.residency, target) {
        return Some(Reason::Residency(allowed));
    }
    let needs = facts.needs;
    let lacks = |what| Some(Reason::Lacks(what));
    if needs.chat && !can.chat {
        return lacks("conversations");
    }
    if needs.images && !can.images {
        return lacks("pictures");
    }
    if needs.documents && !can.documents {
        return lacks("documents");
    }
    if needs.other_media {
        return lacks("sound and video");
    }
    if needs.tools && !can.tools {
        return lacks("tools");
    }
    if needs.form && !can.structured_output {
        return lacks("answers of a given form");
    }
    let (window, most) = (can.context_window, can.max_output);
    if window.0 > 0 && needs.prompt > window {
        return Some(Reason::Window {
            needs: needs.prompt,
            has: window,
        });
    }
    match needs.max_output {
        Some(wanted) if most.0 > 0 && wanted > most => Some(Reason::Output {
            wants: wanted,
            has: most,
        }),
        _ => None,
    }
}

/// Where the data may go, if not there.
fn elsewhere(residency: &Residency, asked: Option<&str>, target: &Target) -> Option<String> {
    // What runs in this process goes nowhere.
    if target.place.is_here() {
        return None;
    }
    let region = target.place.region.as_deref();
    let within = |allowed: &[String]| region.is_some_and(|region| pattern::any(allowed, region));
    if !residency.0.is_empty() && !within(&residency.0) {
        return Some(residency.0.join(", "));
    }
    let asked = asked?;
    let allowed: Vec<String> = asked.split(',').map(|one| one.trim().to_owned()).collect();
    (!within(&allowed)).then(|| asked.to_owned())
}

impl Plan {
    fn exclude(&mut self, tier: usize, target: &Arc<Target>, reason: Reason) {
        self.excluded.push(Without {
            target: Arc::clone(target),
            tier,
            reason,
        });
    }

    fn exclude_all(&mut self, rank: usize, tier: &Tier, reason: &Reason) {
        let groups: &[Group] = &tier.groups;
        for target in groups.iter().flat_map(|group| &group.targets) {
            self.exclude(rank, target, reason.clone());
        }
    }
}
