//! All routes of a process: from what is written down and the models that there are to models that clients
//! may ask for. What a target's health has learnt stays when this is done anew.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use busbar_core::{AnswerStore, Capabilities, Model, ModelCard, ModelId, Task, Timer};

use crate::{
    budget::{Alarm, Budget},
    cache::Cache,
    dice::Dice,
    health::{BreakerRules, Health, LimitRules},
    route::{Group, Route, RouteModel, Tier},
    spec::{RouteSpec, TargetSpec, TierSpec},
    target::{Place, Target},
};

/// What routing needs of the outside.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Time.
    pub timer: Arc<dyn Timer>,
    /// Chance.
    pub dice: Arc<dyn Dice>,
}

/// What holds for all routes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// When a target's breaker opens.
    pub breaker: BreakerRules,
    /// How much a target may have at once; `None`: any.
    pub limit: Option<LimitRules>,
    /// Of so many of a hundred requests something may be tried again.
    pub retry_percent: u32,
    /// And so often beside.
    pub retry_reserve: u32,
    /// How long to wait before everything is tried again: any time up to this, twice as much each time.
    pub backoff: Duration,
    /// No longer than this.
    pub backoff_most: Duration,
    /// When so many of a hundred attempts fail everywhere, nothing is tried twice; 0: never.
    pub alarm: u8,
    /// Bytes of answers that are kept.
    pub cache_bytes: usize,
    /// Whether the quickest place of a model comes first, rather than the one that stands first.
    pub nearest: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            breaker: BreakerRules::default(),
            limit: None,
            retry_percent: 20,
            retry_reserve: 10,
            backoff: Duration::from_millis(200),
            backoff_most: Duration::from_secs(5),
            alarm: 80,
            cache_bytes: 64 << 20,
            nearest: false,
        }
    }
}

/// A model and where it is. Several of one name are one model at several places.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Where.
    pub place: Place,
    /// The model.
    pub model: Model,
}

/// All routes of a process.
#[derive(Debug)]
pub struct Routing {
    ports: Ports,
    rules: Rules,
    alarm: Arc<Alarm>,
    cache: Arc<Cache>,
    healths: Mutex<HashMap<String, Arc<Health>>>,
    budgets: Mutex<HashMap<String, Arc<Budget>>>,
}

impl Routing {
    /// Routing that knows nothing of any target yet.
    pub fn new(ports: Ports, rules: Rules) -> Self {
        Self {
            alarm: Arc::new(Alarm::new(ports.timer.now(), rules.alarm)),
            cache: Arc::new(Cache::new(rules.cache_bytes)),
            healths: Mutex::default(),
            budgets: Mutex::default(),
            ports,
            rules,
        }
    }

    /// Keeps answers there too: what a process forgets is still there for the next one.
    pub fn keep_answers_in(&self, store: Arc<dyn AnswerStore>) {
        self.cache.keep_beyond(store);
    }

    /// Where answers are kept beyond this process.
    pub fn answers(&self) -> Option<Arc<dyn AnswerStore>> {
        self.cache.beyond().cloned()
    }

    /// What holds for all routes.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The models that clients may ask for: those that there are, each once, and the routes over them. A
    /// model at several places is a route over these by itself.
    pub fn models(&self, placed: &[Placed], specs: &[RouteSpec]) -> Vec<Model> {
        let mut seen = BTreeSet::new();
        let mut models = Vec::with_capacity(placed.len() + specs.len());
        for one in placed {
            let id = &one.model.card.id;
            if !seen.insert(id.clone()) {
                continue;
            }
            let places = placed.iter().filter(|other| other.model.card.id == *id).count();
            models.push(match places {
                1 => one.model.clone(),
                _ => self.route(&RouteSpec::new(id.as_str(), vec![over(id)]), placed),
            });
        }
        models.extend(specs.iter().map(|spec| self.route(spec, placed)));
        models
    }

    fn route(&self, spec: &RouteSpec, placed: &[Placed]) -> Model {
        let tiers = spec.tiers.iter().map(|tier| self.tier(tier, placed)).collect();
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let (percent, reserve) = (self.rules.retry_percent, self.rules.retry_reserve);
        let budget = budgets
            .entry(spec.name.as_str().to_owned())
            .or_insert_with(|| Arc::new(Budget::new(percent, reserve)));
        let route = Route {
            name: spec.name.as_str().into(),
            tiers,
            ports: self.ports.clone(),
            rules: self.rules.clone(),
            budget: Arc::clone(budget),
            alarm: Arc::clone(&self.alarm),
            cache: Arc::clone(&self.cache),
            spec: spec.clone(),
        };
        model(route)
    }

    fn tier(&self, tier: &TierSpec, placed: &[Placed]) -> Tier {
        Tier {
            groups: tier
                .targets
                .iter()
                .map(|target| self.group(target, placed))
                .collect(),
            choose: tier.choose,
            step: tier.step,
            flag: tier.flag.clone(),
            when: tier.when.clone(),
            nearest: self.rules.nearest,
        }
    }

    fn group(&self, spec: &TargetSpec, placed: &[Placed]) -> Group {
        let there = placed
            .iter()
            .filter(|placed| placed.model.card.id.as_str() == spec.model);
        let mut targets: Vec<_> = there
            .map(|placed| self.target(&placed.place, &spec.model, Some(placed.model.clone())))
            .collect();
        if targets.is_empty() {
            // Only models of this process come later than others.
            targets.push(self.target(&Place::here(), &spec.model, None));
        }
        Group {
            spec: spec.clone(),
            targets,
        }
    }

    fn target(&self, place: &Place, model: &str, there: Option<Model>) -> Arc<Target> {
        let name = Target::name_of(place, model);
        let mut healths = self.healths.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            Arc::new(Health::new(
                self.ports.timer.now(),
                self.rules.breaker,
                self.rules.limit,
            ))
        };
        let health = Arc::clone(healths.entry(name.clone()).or_insert_with(fresh));
        Arc::new(Target {
            name: name.into(),
            id: model.into(),
            place: place.clone(),
            model: there,
            health,
        })
    }
}

/// A model at all its places.
fn over(id: &ModelId) -> TierSpec {
    TierSpec {
        targets: vec![TargetSpec::new(id.as_str())],
        ..TierSpec::default()
    }
}

fn model(route: Route) -> Model {
    let card = card(&route);
    let present = || route.targets().filter_map(|target| target.model.as_ref());
    let (chats, relays) = (
        present().any(|model| model.chat.is_some()),
        present().any(|model| model.relay.is_some()),
    );
    let (embeds, counts) = (
        present().any(|model| model.embed.is_some()),
        present().any(|model| model.tokens.is_some()),
    );
    // Routes choose among models of text; of others the first is taken.
    let classify = present().find_map(|model| model.classify.clone());
    let image = present().find_map(|model| model.image.clone());
    // What is not there yet is taken for what most models are.
    let chats = chats || present().next().is_none();
    let route = Arc::new(RouteModel(Arc::new(route)));
    Model {
        chat: chats.then(|| Arc::clone(&route) as _),
        relay: relays.then(|| Arc::clone(&route) as _),
        embed: embeds.then(|| Arc::clone(&route) as _),
        tokens: counts.then(|| Arc::clone(&route) as _),
        classify,
        image,
        route: Some(route),
        ..Model::new(card)
    }
}

/// A route can what any of its targets can: the plan takes those that can do what is asked.
fn card(route: &Route) -> ModelCard {
    let mut can = Capabilities::default();
    for one in route.targets().filter_map(|target| target.can()) {
        let new = one.tasks.iter().filter(|task| !can.tasks.contains(task));
        let new: Vec<Task> = new.copied().collect();
        can.tasks.extend(new);
        can.context_window = can.context_window.max(one.context_window);
        can.max_output = can.max_output.max(one.max_output);
        can.chat |= one.chat;
        can.tools |= one.tools;
        can.images |= one.images;
        can.documents |= one.documents;
        can.reasoning |= one.reasoning;
        can.structured_output |= one.structured_output;
        can.prefill |= one.prefill;
        can.embedding_dimensions = can.embedding_dimensions.or(one.embedding_dimensions);
    }
    if route.targets().all(|target| target.can().is_none()) {
        can = Capabilities {
            tasks: vec![Task::Chat],
            chat: true,
            ..can
        };
    }
    let alone = route.spec.tiers.len() == 1 && route.tiers.iter().all(|tier| tier.groups.len() == 1);
    let first = route.targets().find_map(|target| target.model.as_ref());
    let price = first.filter(|_| alone).and_then(|model| model.card.price.clone());
    let name = route.spec.name.clone();
    ModelCard {
        title: route
            .spec
            .title
            .clone()
            .unwrap_or_else(|| name.as_str().to_owned()),
        host: "route".to_owned(),
        licence: first.filter(|_| alone).map_or_else(
            || "as its targets'".to_owned(),
            |model| model.card.licence.clone(),
        ),
        capabilities: can,
        price,
        id: name,
    }
}
