//! Routes over scripted models, with a clock that stands still.

use std::{sync::Arc, time::Duration};

use busbar_core::{
    Attempt, ChatModel, ChatRequest, Context, Course, Error, ErrorKind, Event, Labels, Message, Model,
    Prompt, RequestId, Result, RouteStatus, Step as Degraded, TargetStatus,
};
use busbar_routing::{Place, Placed, Ports, RouteSpec, Routing, Rules, Seeded, TargetSpec, TierSpec};
use busbar_testkit::{Scripted, TestClock};
use futures_util::{FutureExt as _, StreamExt as _};

/// Routing with its clock.
pub(crate) struct Rig {
    pub(crate) clock: TestClock,
    pub(crate) routing: Routing,
    placed: Vec<Placed>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(Rules::default())
    }

    pub(crate) fn with(rules: Rules) -> Self {
        let clock = TestClock::new();
        let ports = Ports {
            timer: Arc::new(clock.clone()),
            dice: Arc::new(Seeded::new(7)),
        };
        Self {
            clock,
            routing: Routing::new(ports, rules),
            placed: Vec::new(),
        }
    }

    /// Puts a model at `provider` or `provider/region`.
    pub(crate) fn put(self, place: &str, id: &str, model: &Scripted) -> Self {
        self.put_with(place, id, model, |_| {})
    }

    pub(crate) fn put_with(
        mut self,
        place: &str,
        id: &str,
        model: &Scripted,
        change: impl FnOnce(&mut Model),
    ) -> Self {
        let (provider, region) = place.split_once('/').map_or((place, None), |(a, b)| (a, Some(b)));
        let mut model = model.model(id);
        change(&mut model);
        let place = Place {
            provider: provider.to_owned(),
            region: region.map(str::to_owned),
        };
        self.placed.push(Placed { place, model });
        self
    }

    /// A route over everything, as the models that there are.
    pub(crate) fn route(&self, spec: &RouteSpec) -> Model {
        self.models(spec)
            .into_iter()
            .find(|model| model.card.id == spec.name)
            .unwrap()
    }

    /// All models that there are.
    pub(crate) fn models(&self, spec: &RouteSpec) -> Vec<Model> {
        self.routing.models(&self.placed, std::slice::from_ref(spec))
    }
}

/// A route of tiers, each a list of models.
pub(crate) fn spec(tiers: &[&[&str]]) -> RouteSpec {
    let tier = |models: &&[&str]| TierSpec {
        targets: models.iter().map(|model| TargetSpec::new(*model)).collect(),
        ..TierSpec::default()
    };
    RouteSpec::new("r", tiers.iter().map(tier).collect())
}

pub(crate) fn ask(text: &str) -> ChatRequest {
    let prompt = Prompt::Messages(vec![Message::user(text)]);
    ChatRequest::new(Context::new(RequestId::new("t")), "r".into(), prompt)
}

/// The same with headers.
pub(crate) fn labelled(text: &str, labels: &[(&str, &str)]) -> ChatRequest {
    let mut request = ask(text);
    let owned = labels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    request.context.labels = owned.collect::<Labels>();
    request
}

pub(crate) fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "no")
}

pub(crate) fn down() -> Scripted {
    Scripted::failing(error(ErrorKind::Unavailable))
}

pub(crate) const LIMITED: ErrorKind = ErrorKind::RateLimited {
    retry_after: Duration::from_secs(2),
};

/// What a client got.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) text: String,
    pub(crate) events: Vec<Event>,
    pub(crate) end: Result<()>,
    pub(crate) course: Course,
}

impl Got {
    pub(crate) fn outcomes(&self) -> Vec<(&str, &str)> {
        let each = |attempt: &'_ Attempt| {
            (
                attempt.target.rsplit('/').next().unwrap().to_owned(),
                attempt.outcome,
            )
        };
        let all: Vec<_> = self.course.attempts.iter().map(each).collect();
        all.into_iter()
            .map(|(target, outcome)| (&*Box::leak(target.into_boxed_str()), outcome))
            .collect()
    }

    pub(crate) fn served(&self) -> &str {
        self.course.served.as_ref().map_or("", |served| &served.target)
    }

    pub(crate) fn step(&self) -> Option<Degraded> {
        self.course.degraded
    }

    pub(crate) fn error(&self) -> &Error {
        self.end.as_ref().unwrap_err()
    }
}

/// Asks, and lets time pass whenever everybody waits for it.
pub(crate) async fn get(rig: &Rig, model: &Model, request: ChatRequest) -> Got {
    let trail = request.context.trail.clone();
    let chat = model.chat.clone().unwrap();
    let mut reading = Box::pin(async move { read(&*chat, request).await });
    let (events, end) = loop {
        if let Some(done) = (&mut reading).now_or_never() {
            break done;
        }
        tokio::task::yield_now().await;
        let now = busbar_core::Clock::now(&rig.clock);
        if let Some(due) = rig.clock.next_due() {
            rig.clock.advance(due.saturating_duration_since(now));
        }
    };
    let text = events
        .iter()
        .filter_map(|event| match event {
            Event::Delta(delta) => Some(delta.text.as_str()),
            _ => None,
        })
        .collect();
    Got {
        text,
        events,
        end,
        course: trail.look(Clone::clone),
    }
}

async fn read(chat: &dyn ChatModel, request: ChatRequest) -> (Vec<Event>, Result<()>) {
    let mut seen = Vec::new();
    let mut events = match chat.chat(request).await {
        Ok(events) => events,
        Err(error) => return (seen, Err(error)),
    };
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => seen.push(event),
            Err(error) => {
                assert!(events.next().await.is_none(), "nothing follows a failure");
                return (seen, Err(error));
            }
        }
    }
    let dones = seen
        .iter()
        .filter(|event| matches!(event, Event::Done(_)))
        .count();
    assert_eq!(dones, 1, "a whole answer has one end");
    assert!(matches!(seen.last(), Some(Event::Done(_))));
    (seen, Ok(()))
}

/// How a target of a route is.
pub(crate) fn target(model: &Model, name: &str) -> TargetStatus {
    let RouteStatus { tiers, .. } = model.route.as_ref().unwrap().status();
    let mut targets = tiers.into_iter().flat_map(|tier| tier.targets);
    targets.find(|target| target.name.ends_with(name)).unwrap()
}
