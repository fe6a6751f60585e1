//! What a route says about itself: how its targets are, and where a request would go. By the same plan by
//! which requests go.

use std::sync::Arc;

use busbar_core::{
    BreakerState, ChatRequest, Excluded, Explanation, RouteStatus, Routed, TargetStatus, TierStatus, Tried,
};

use crate::{
    facts::{Facts, Needs},
    moment::Moment,
    plan::{Choice, plan},
    route::{Group, Route, RouteModel, Tier},
    spec::{Choose, OnCut},
    target::Target,
};

impl Routed for RouteModel {
    fn status(&self) -> RouteStatus {
        let route = &*self.0;
        let spec = &route.spec;
        RouteStatus {
            name: spec.name.clone(),
            tiers: route.tiers.iter().map(|tier| route.tier_status(tier)).collect(),
            residency: spec.residency.0.clone(),
            flags: spec
                .flags
                .iter()
                .map(|(name, flag)| (name.clone(), flag.percent))
                .collect(),
            last_resorts: spec.last_resorts(),
            resumes: spec.on_cut == OnCut::GoOn,
            caches_for: spec.cache_for,
            alarmed: route.is_alarmed(),
        }
    }

    fn explain(&self, request: &ChatRequest, failing: &[String]) -> Explanation {
        let route = &*self.0;
        let needs = Needs::of(request);
        // Always the same chance: who asks twice is told the same.
        let facts = Facts::of(&route.spec, &request.context, needs, 0);
        let at = Moment::of(&*route.ports.timer);
        let plan = plan(&route.spec, &route.tiers, &facts, &at, failing);
        Explanation {
            route: route.spec.name.clone(),
            prompt: needs.prompt,
            key: facts.key.map(str::to_owned),
            order: plan
                .order
                .iter()
                .map(|choice| route.tried(choice, &facts))
                .collect(),
            excluded: plan
                .excluded
                .iter()
                .map(|without| Excluded {
                    target: Arc::clone(&without.target.name),
                    tier: without.tier,
                    reason: without.reason.word(),
                    because: without.reason.sentence(),
                })
                .collect(),
            last_resorts: route.spec.last_resorts(),
        }
    }
}

impl Route {
    fn tried(&self, choice: &Choice, facts: &Facts<'_>) -> Tried {
        Tried {
            target: Arc::clone(&choice.target.name),
            tier: choice.tier,
            step: choice.step,
            because: self.why(choice, facts),
        }
    }

    fn why(&self, choice: &Choice, facts: &Facts<'_>) -> String {
        let Some(tier) = self.tiers.get(choice.tier) else {
            return String::new();
        };
        if tier.groups.len() < 2 {
            return match self.tiers.len() {
                1 => "it is the only model".to_owned(),
                _ => format!("it is the only model of tier {}", choice.tier + 1),
            };
        }
        match (tier.choose, facts.key) {
            (Choose::Listed, _) => format!("its place in tier {}", choice.tier + 1),
            (Choose::Weights, _) => "chance, by weight; the next request may go elsewhere".to_owned(),
            (Choose::Sticky, Some(key)) => format!("the key `{key}` goes there"),
            (Choose::Sticky, None) => {
                format!("chance: the request has no key (header `{}`)", self.spec.key)
            }
            (Choose::Fastest, _) => {
                let load = choice.target.health.load(self.ports.timer.now());
                format!("its speed, for what it has to do: {:.0} ms", load * 1000.0)
            }
            (Choose::Cheapest, _) => "its price for a request like this".to_owned(),
        }
    }

    fn tier_status(&self, tier: &Tier) -> TierStatus {
        let groups = tier.groups.iter();
        TierStatus {
            choose: tier.choose.as_str(),
            step: tier.step,
            targets: groups
                .flat_map(|group| {
                    group
                        .targets
                        .iter()
                        .map(|target| self.target_status(tier, group, target))
                })
                .collect(),
        }
    }

    fn target_status(&self, tier: &Tier, group: &Group, target: &Target) -> TargetStatus {
        let now = self.ports.timer.now();
        let health = &target.health;
        let (breaker, opens_in) = health.breaker(now);
        let counts = health.counts(now);
        TargetStatus {
            name: Arc::clone(&target.name),
            model: target.id.clone(),
            provider: target.place.provider.clone(),
            region: target.place.region.clone(),
            present: target.model.is_some(),
            weight: group.spec.weight,
            flag: group.spec.flag.clone().or_else(|| tier.flag.clone()),
            breaker,
            opens_in: opens_in.filter(|_| breaker == BreakerState::Open),
            rests_for: health.rests_for(now),
            calls: counts.calls,
            failed: counts.failed_part(),
            slow: counts.slow_part(),
            first_event: health.first_event(now),
            in_flight: health.in_flight(),
            limit: health.limit(),
        }
    }
}
