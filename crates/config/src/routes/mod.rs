//! `[[routes]]`: names that clients ask for, and the models that answer. What leaves here is right in
//! itself; whether the models are there is known to whoever makes them.

mod raw;
mod when;

use std::{collections::BTreeMap, time::Duration};

use busbar_core::Step;
use busbar_routing::{
    Choose, Flag, Floor, OnCut, Residency, RouteSpec, TargetSpec, TierSpec, Timeouts, When,
};
pub(crate) use raw::RawRoutes;
use raw::{RawFlag, RawRoute, RawTarget, RawTier};

use crate::{nearest::nearest, problem::Problems, routing::Routing, span::Span};

impl RawRoutes {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn check(&self, routing: &Routing, problems: &mut Problems) -> Vec<RouteSpec> {
        let mut routes: Vec<RouteSpec> = Vec::new();
        for (place, raw) in self.0.iter().enumerate() {
            let at = format!("routes[{place}]");
            if routes.iter().any(|other| other.name.as_str() == raw.name) {
                problems.field(
                    format!("{at}.name"),
                    format!("`{}` is the name of another route too", raw.name),
                );
            }
            routes.push(raw.check(&at, routing, problems));
        }
        routes
    }
}

impl RawRoute {
    fn check(&self, at: &str, routing: &Routing, problems: &mut Problems) -> RouteSpec {
        if self.name.trim().is_empty() || self.name.contains(char::is_whitespace) || self.name == "default" {
            problems.field(
                format!("{at}.name"),
                "must be a name without spaces, and not `default`; write name = \"assistant\"",
            );
        }
        if self.tiers.is_empty() {
            let example = "is missing; write [[routes.tiers]] with targets = [\"a-model\"] below it";
            problems.field(format!("{at}.tiers"), example);
        }
        let flags = self.flags(at, problems);
        let tiers = self.tiers.iter().enumerate();
        let tiers = tiers.map(|(place, tier)| tier.check(&format!("{at}.tiers[{place}]"), &flags, problems));
        let tiers = tiers.collect();
        let own = Timeouts {
            connect: connect(&format!("{at}.connect_timeout"), self.connect_timeout, problems),
            first_event: span(self.first_event_timeout),
            between_events: span(self.between_events_timeout),
            whole: span(self.whole_timeout),
            total: span(self.total_timeout),
        };
        RouteSpec {
            title: self.title.clone(),
            residency: Residency(self.residency.clone()),
            key: match &self.key {
                Some(key) => when::header(&format!("{at}.key"), key, problems),
                None => "x-busbar-key".to_owned(),
            },
            flags,
            timeouts: Timeouts {
                first_event: own.first_event.or(routing
                    .timeouts
                    .first_event
                    .filter(|_| self.first_event_timeout.is_none())),
                between_events: own.between_events.or(routing
                    .timeouts
                    .between_events
                    .filter(|_| self.between_events_timeout.is_none())),
                ..own
            },
            floor: self.floor.as_ref().map(|floor| Floor {
                pieces: problems.within(&format!("{at}.floor.pieces"), floor.pieces, 2..=1_000),
                within: floor.within.0,
            }),
            rounds: problems.within(
                &format!("{at}.retries"),
                self.retries.unwrap_or(routing.rounds),
                0..=5,
            ),
            hedge_after: span(self.hedge_after),
            on_cut: self.on_cut(at, problems),
            cache_for: span(self.cache_for),
            stale: self.stale,
            instead: self.instead.clone(),
            guardrails: self.guardrails.clone().unwrap_or_default(),
            ..RouteSpec::new(self.name.as_str(), tiers)
        }
    }

    fn flags(&self, at: &str, problems: &mut Problems) -> BTreeMap<String, Flag> {
        let mut flags = BTreeMap::new();
        for (name, flag) in &self.flags {
            let RawFlag { percent, keys } = flag;
            let field = format!("{at}.flags.{name}.percent");
            let percent = problems.within(&field, *percent, 0..=100).min(100) as u8;
            flags.insert(
                name.clone(),
                Flag {
                    percent,
                    keys: keys.clone(),
                },
            );
        }
        flags
    }

    fn on_cut(&self, at: &str, problems: &mut Problems) -> OnCut {
        match self.on_cut.as_deref() {
            None | Some("go-on") => OnCut::GoOn,
            Some("fail") => OnCut::Fail,
            Some(other) => {
                problems.field(
                    format!("{at}.on_cut"),
                    format!("must be \"go-on\" or \"fail\", not `{other}`"),
                );
                OnCut::GoOn
            }
        }
    }
}

impl RawTier {
    fn check(&self, at: &str, flags: &BTreeMap<String, Flag>, problems: &mut Problems) -> TierSpec {
        if self.targets.is_empty() {
            problems.field(format!("{at}.targets"), "is empty; write targets = [\"a-model\"]");
        }
        let targets: Vec<TargetSpec> = self
            .targets
            .iter()
            .enumerate()
            .map(|(place, target)| target.check(&format!("{at}.targets[{place}]"), flags, problems))
            .collect();
        if !targets.is_empty() && targets.iter().all(|target| target.weight == 0) {
            problems.field(
                format!("{at}.targets"),
                "have no weight; one of them must be above 0",
            );
        }
        TierSpec {
            targets,
            choose: self.choose(at, problems),
            step: self.step(at, problems),
            flag: known(&format!("{at}.flag"), self.flag.as_deref(), flags, problems),
            when: self
                .when
                .as_ref()
                .map_or_else(When::default, |when| when.check(&format!("{at}.when"), problems)),
        }
    }

    fn choose(&self, at: &str, problems: &mut Problems) -> Choose {
        let Some(word) = self.choose.as_deref() else {
            return Choose::default();
        };
        let names = Choose::ALL.map(Choose::as_str);
        let found = Choose::ALL.into_iter().find(|choose| choose.as_str() == word);
        found.unwrap_or_else(|| {
            problems.field(format!("{at}.choose"), suggest(word, &names));
            Choose::default()
        })
    }

    fn step(&self, at: &str, problems: &mut Problems) -> Option<Step> {
        let word = self.step.as_deref()?;
        // The last two are what is left when no tier answers.
        let steps = &Step::ALL[..4];
        let names: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
        let found = steps.iter().copied().find(|step| step.as_str() == word);
        if found.is_none() {
            problems.field(format!("{at}.step"), suggest(word, &names));
        }
        found
    }
}

impl RawTarget {
    fn check(&self, at: &str, flags: &BTreeMap<String, Flag>, problems: &mut Problems) -> TargetSpec {
        if self.model.trim().is_empty() {
            problems.field(format!("{at}.model"), "is empty; write the name of a model");
        }
        TargetSpec {
            model: self.model.clone(),
            weight: problems.within(&format!("{at}.weight"), self.weight.unwrap_or(1), 0..=1_000_000),
            flag: known(&format!("{at}.flag"), self.flag.as_deref(), flags, problems),
            when: self
                .when
                .as_ref()
                .map_or_else(When::default, |when| when.check(&format!("{at}.when"), problems)),
            timeouts: Timeouts {
                connect: connect(&format!("{at}.connect_timeout"), self.connect_timeout, problems),
                first_event: span(self.first_event_timeout),
                between_events: span(self.between_events_timeout),
                whole: span(self.whole_timeout),
                total: None,
            },
        }
    }
}

/// No connection is waited for longer than this, whatever is configured.
const MOST_CONNECT: Duration = Duration::from_secs(10);

fn connect(field: &str, set: Option<Span>, problems: &mut Problems) -> Option<Duration> {
    let connect = span(set)?;
    if connect > MOST_CONNECT {
        let most = MOST_CONNECT.as_secs();
        problems.field(
            field,
            format!("is longer than {most} s, the most there is; write \"2s\""),
        );
    }
    Some(connect)
}

fn known(
    field: &str,
    name: Option<&str>,
    flags: &BTreeMap<String, Flag>,
    problems: &mut Problems,
) -> Option<String> {
    let name = name?;
    if !flags.contains_key(name) {
        let names: Vec<&str> = flags.keys().map(String::as_str).collect();
        problems.field(field, suggest(name, &names));
    }
    Some(name.to_owned())
}

/// What is wrong with a word that is none of these.
pub(crate) fn suggest(word: &str, known: &[&str]) -> String {
    match (nearest(word, known.iter().copied()), known.is_empty()) {
        (Some(meant), _) => format!("`{word}` is not known; did you mean `{meant}`?"),
        (None, true) => format!("`{word}` is not known; there are none"),
        (None, false) => format!("`{word}` is not known; there are: {}", known.join(", ")),
    }
}

fn span(span: Option<Span>) -> Option<std::time::Duration> {
    span.map(|span| span.0).filter(|time| !time.is_zero())
}
