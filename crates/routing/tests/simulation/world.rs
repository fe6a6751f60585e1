//! A world of one thread, whose clock jumps from one thing that happens to the next.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::{Context as TaskContext, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use busbar_core::{
    BoxFuture, BreakerState, Capabilities, ChatModel, ChatRequest, Clock as _, Context, Course, ErrorKind,
    Event, Message, Model, ModelCard, Priority, Prompt, RequestId,
};
use busbar_routing::{
    BreakerRules, Choose, Dice, Floor, LimitRules, Place, Placed, Ports, RouteSpec, Routing, Rules, Seeded,
    TargetSpec, TierSpec,
};
use busbar_testkit::TestClock;
use futures_util::StreamExt as _;

use crate::targets::{ANSWER, PIECES, Target, Weather};

/// No target may ever have more.
pub(crate) const MOST_AT_ONCE: u32 = 12;
/// What may be tried again: so often, and in so many of a hundred requests.
pub(crate) const RESERVE: u64 = 10;
pub(crate) const PERCENT: u64 = 20;

/// How a request ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) text: String,
    pub(crate) end: Option<ErrorKind>,
    pub(crate) course: Course,
    pub(crate) left: bool,
}

/// Says that a task wants to be polled.
pub(crate) struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

pub(crate) struct Task {
    pub(crate) work: BoxFuture<'static, Ended>,
    pub(crate) flag: Arc<Flag>,
}

pub(crate) struct World {
    pub(crate) clock: TestClock,
    pub(crate) dice: Arc<Seeded>,
    pub(crate) targets: Vec<Arc<Target>>,
    pub(crate) route: Model,
    pub(crate) tasks: Vec<Task>,
    pub(crate) ended: Vec<Ended>,
    pub(crate) breakers: BTreeMap<String, BreakerState>,
    pub(crate) opened: u64,
    pub(crate) closed: u64,
    pub(crate) steps: Arc<AtomicU64>,
}

pub(crate) const NAMES: [(&str, Option<&str>, &str); 5] = [
    ("bedrock", Some("us-east-1"), "haiku"),
    ("bedrock", Some("eu-west-1"), "haiku"),
    ("bedrock", Some("us-east-1"), "nova"),
    ("far", None, "sonnet"),
    ("local", None, "small"),
];

pub(crate) fn rules() -> Rules {
    Rules {
        breaker: BreakerRules {
            window: Duration::from_secs(10),
            calls: 8,
            open: Duration::from_secs(1),
            open_most: Duration::from_secs(8),
            slow_after: Some(Duration::from_secs(2)),
            ..BreakerRules::default()
        },
        limit: Some(LimitRules {
            first: 8,
            least: 2,
            most: MOST_AT_ONCE,
        }),
        retry_percent: PERCENT as u32,
        retry_reserve: RESERVE as u32,
        ..Rules::default()
    }
}

pub(crate) fn spec(seed: u64) -> RouteSpec {
    let choose = Choose::ALL[seed as usize % Choose::ALL.len()];
    let tier = |models: &[&str]| TierSpec {
        targets: models.iter().map(|model| TargetSpec::new(*model)).collect(),
        choose,
        ..TierSpec::default()
    };
    let mut spec = RouteSpec::new(
        "r",
        vec![tier(&["haiku", "nova"]), tier(&["sonnet"]), tier(&["small"])],
    );
    spec.timeouts.first_event = Some(Duration::from_secs(2));
    spec.timeouts.between_events = Some(Duration::from_secs(1));
    spec.rounds = 2;
    spec.hedge_after = seed.is_multiple_of(2).then_some(Duration::from_millis(150));
    spec.floor = seed.is_multiple_of(3).then_some(Floor {
        pieces: 3,
        within: Duration::from_millis(250),
    });
    spec.instead = seed.is_multiple_of(4).then(|| ANSWER.to_owned());
    spec
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let clock = TestClock::new();
        let dice = Arc::new(Seeded::new(seed));
        let steps = Arc::<AtomicU64>::default();
        let routing = Routing::new(
            Ports {
                timer: Arc::new(clock.clone()),
                dice: Arc::new(Seeded::new(!seed)),
            },
            rules(),
        );
        let (mut targets, mut placed) = (Vec::new(), Vec::new());
        for (provider, region, id) in NAMES {
            let target = Arc::new(Target {
                clock: clock.clone(),
                dice: Arc::clone(&dice),
                weather: Mutex::new(Weather::Fine),
                live: Arc::default(),
                most_live: AtomicU64::new(0),
                calls: AtomicU64::new(0),
                steps: Arc::clone(&steps),
            });
            let capabilities = Capabilities {
                chat: true,
                prefill: id == "haiku",
                ..Capabilities::default()
            };
            let card = ModelCard {
                id: id.into(),
                title: id.into(),
                host: provider.into(),
                licence: "MIT".into(),
                capabilities,
                price: None,
            };
            let model = Model {
                chat: Some(target.clone()),
                ..Model::new(card)
            };
            let place = Place {
                provider: provider.into(),
                region: region.map(str::to_owned),
            };
            placed.push(Placed { place, model });
            targets.push(target);
        }
        let route = routing.models(&placed, &[spec(seed)]).pop().unwrap();
        Self {
            clock,
            dice,
            targets,
            route,
            tasks: Vec::new(),
            ended: Vec::new(),
            breakers: BTreeMap::new(),
            opened: 0,
            closed: 0,
            steps,
        }
    }

    pub(crate) fn change_the_weather(&self) {
        let target = &self.targets[self.dice.throw() as usize % self.targets.len()];
        let weather = match self.dice.throw() % 4 {
            0 => Weather::Down,
            1 => Weather::Rough(self.dice.throw() % 100),
            _ => Weather::Fine,
        };
        *target.weather.lock().unwrap() = weather;
    }

    pub(crate) fn ask(&mut self) {
        let prompt = Prompt::Messages(vec![Message::user("tell")]);
        let mut context = Context::new(RequestId::new("r"));
        let patient = self.dice.throw() % 20;
        if patient == 1 {
            context = context.due(self.clock.now() + Duration::from_millis(self.dice.throw() % 5_000));
        }
        if patient == 2 {
            context.priority = Priority::Background;
        }
        let leaves_after = (patient == 3).then(|| self.dice.throw() % PIECES as u64);
        let trail = context.trail.clone();
        let request = ChatRequest::new(context, "r".into(), prompt);
        let chat = self.route.chat.clone().unwrap();
        let work = Box::pin(async move {
            let (text, end, left) = follow(&*chat, request, leaves_after).await;
            let course = trail.look(Clone::clone);
            Ended {
                text,
                end,
                course,
                left,
            }
        });
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        self.tasks.push(Task { work, flag });
    }

    /// Polls whoever wants to be, until nobody does.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut polled = false;
            let mut place = 0;
            while place < self.tasks.len() {
                let task = &mut self.tasks[place];
                if !task.flag.0.swap(false, SeqCst) {
                    place += 1;
                    continue;
                }
                polled = true;
                self.steps.fetch_add(1, SeqCst);
                let waker = Waker::from(Arc::clone(&task.flag));
                match task.work.as_mut().poll(&mut TaskContext::from_waker(&waker)) {
                    Poll::Pending => place += 1,
                    Poll::Ready(ended) => {
                        self.ended.push(ended);
                        drop(self.tasks.swap_remove(place));
                    }
                }
            }
            if !polled {
                return;
            }
        }
    }

    pub(crate) fn watch(&mut self) {
        for target in self
            .route
            .route
            .as_ref()
            .unwrap()
            .status()
            .tiers
            .into_iter()
            .flat_map(|tier| tier.targets)
        {
            let before = self.breakers.insert(target.name.to_string(), target.breaker);
            let before = before.unwrap_or(BreakerState::Closed);
            self.opened += u64::from(before != BreakerState::Open && target.breaker == BreakerState::Open);
            self.closed +=
                u64::from(before != BreakerState::Closed && target.breaker == BreakerState::Closed);
            assert!(target.limit.unwrap() <= MOST_AT_ONCE);
        }
    }

    pub(crate) fn jump(&self, until: Instant) {
        let due = self.clock.next_due().map_or(until, |due| due.min(until));
        self.clock
            .advance(due.saturating_duration_since(self.clock.now()));
    }

    pub(crate) fn run(&mut self, requests: usize) {
        let mut next = self.clock.now();
        for number in 0..requests {
            while self.clock.now() < next {
                self.jump(next);
                self.settle();
            }
            if number % 40 == 0 {
                self.change_the_weather();
                self.watch();
            }
            self.ask();
            self.settle();
            // Quiet times and rushes.
            let gap = if (number / 100) % 3 == 0 { 6 } else { 90 };
            next += Duration::from_millis(self.dice.throw() % gap);
        }
        let last = self.clock.now() + Duration::from_secs(120);
        while !self.tasks.is_empty() && self.clock.now() < last {
            self.jump(last);
            self.settle();
        }
    }
}

pub(crate) async fn follow(
    chat: &dyn ChatModel,
    request: ChatRequest,
    leaves_after: Option<u64>,
) -> (String, Option<ErrorKind>, bool) {
    let mut text = String::new();
    let mut events = match chat.chat(request).await {
        Ok(events) => events,
        Err(error) => return (text, Some(error.kind()), false),
    };
    let mut seen = 0;
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Delta(delta)) => text.push_str(&delta.text),
            Ok(Event::Done(_)) => return (text, None, false),
            Ok(_) => {}
            Err(error) => return (text, Some(error.kind()), false),
        }
        seen += 1;
        if leaves_after.is_some_and(|after| seen > after) {
            return (text, None, true);
        }
    }
    panic!("a stream ended without its end");
}
