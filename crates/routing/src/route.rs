//! A route: a model made of models. What it is asked goes by its plan; what it answers is one answer.

use std::{fmt, sync::Arc};

use busbar_core::{
    BoxFuture, CacheUse, ChatModel, ChatRequest, EmbedRequest, Embedder, Embeddings, Error, ErrorKind,
    EventStream, Format, Relay, RelayRequest, RelayStream, Result, TokenCounter, Tokens,
};
use futures_util::{StreamExt as _, stream};
use memchr::memmem;

use crate::{
    ask::Chat,
    budget::{Alarm, Budget},
    cache::{
        Cache, Keeping, Kept,
        flight::Flight,
        key::{self, Key},
    },
    facts::{Needs, tokens_of},
    plan::Choice,
    routing::{Ports, Rules},
    run::{Run, flow::Flow, lasting::Lasting, resort},
    spec::{CACHE, Choose, RouteSpec, TargetSpec, Timeouts, When},
    target::Target,
};

/// A route with its targets.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) name: Arc<str>,
    pub(crate) spec: RouteSpec,
    pub(crate) tiers: Vec<Tier>,
    pub(crate) ports: Ports,
    pub(crate) rules: Rules,
    pub(crate) budget: Arc<Budget>,
    pub(crate) alarm: Arc<Alarm>,
    pub(crate) cache: Arc<Cache>,
}

/// Targets of the same rank.
#[derive(Debug)]
pub(crate) struct Tier {
    pub(crate) groups: Vec<Group>,
    pub(crate) choose: Choose,
    pub(crate) step: Option<busbar_core::Step>,
    pub(crate) flag: Option<String>,
    pub(crate) when: When,
    /// Whether the quickest place of a model comes first, rather than the one that stands first.
    pub(crate) nearest: bool,
}

/// A model at all its places.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) spec: TargetSpec,
    pub(crate) targets: Vec<Arc<Target>>,
}

impl Route {
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Arc<Target>> {
        let groups = self.tiers.iter().flat_map(|tier| &tier.groups);
        groups.flat_map(|group| &group.targets)
    }

    pub(crate) fn timeouts_of(&self, choice: &Choice) -> Timeouts {
        let tier = self.tiers.get(choice.tier);
        let group = tier.and_then(|tier| tier.groups.get(choice.group));
        let own = group.map_or_else(Timeouts::default, |group| group.spec.timeouts);
        own.or(self.spec.timeouts)
    }

    /// Whether so much fails everywhere that trying again only adds to it.
    pub(crate) fn is_alarmed(&self) -> bool {
        self.alarm.is_on(self.ports.timer.now())
    }

    async fn answer(self: Arc<Self>, ask: Chat, key: Option<Key>) -> Result<EventStream> {
        let needs = Needs::of(&ask.request);
        let mut run = Run::new(self, ask, needs);
        match run.begin().await {
            Ok(begun) if Lasting::is_wanted(&run.route, &run.ask) => Ok(Box::pin(Lasting::new(run, begun))),
            Ok(begun) => {
                let trail = run.ask.request.context.trail.clone();
                Ok(Box::pin(Flow::<Chat>::new(&run.route, begun, trail)))
            }
            Err(error) => resort::last(&run, key.as_ref(), &error).await.ok_or(error),
        }
    }

    /// The answer from memory, or from the same request that is under way, or one that is kept from now on.
    async fn cached(self: Arc<Self>, request: ChatRequest) -> Result<EventStream> {
        let Some(fresh) = self.spec.cache_for else {
            let key = self
                .spec
                .stale
                .then(|| key::of(&self.name, &self.spec.guardrails, &request));
            return self.keeping(request, key).await;
        };
        let said = request.context.labels.get(CACHE);
        let (no_store, no_cache) = (said == Some("no-store"), said == Some("no-cache"));
        if no_store {
            return self.answer(Chat { request, seam: None }, None).await;
        }
        let key = key::of(&self.name, &self.spec.guardrails, &request);
        let kept = match no_cache {
            true => None,
            false => self.cache.find(&key, &*self.ports.timer).await,
        };
        let kept = kept.filter(|kept| kept.is_fresh(self.ports.timer.now(), fresh));
        let trail = request.context.trail.clone();
        if let Some(kept) = kept {
            self.tell(&trail, CacheUse::Hit, &kept);
            return Ok(resort::replay(&kept));
        }
        let again = request.clone();
        let begin = || {
            let route = Arc::clone(&self);
            let trail = request.context.trail.clone();
            Flight::new(
                Box::pin(async move { route.keeping(request, Some(key)).await }),
                trail,
            )
        };
        let (flight, joined) = self.cache.join(key, begin);
        let mut follower = Arc::clone(&flight).follow();
        let first = match follower.next().await {
            Some(first) => first,
            None => Err(Error::internal("an answer that was shared had no beginning")),
        };
        let first = match first {
            // Whose time was up was another; ours may not be.
            Err(error) if joined && error.kind() == ErrorKind::DeadlineExceeded => {
                return self.keeping(again, Some(key)).await;
            }
            first => first?,
        };
        if joined {
            let name = Arc::clone(&self.name);
            let (served, degraded) = flight
                .trail
                .look(|course| (course.served.clone(), course.degraded));
            trail.note(|course| {
                course.route = Some(name);
                course.cache = Some(CacheUse::Shared);
                course.served = served;
                course.degraded = degraded;
                course.total = Some(course.spent);
            });
        } else {
            trail.note(|course| course.cache = course.cache.or(Some(CacheUse::Miss)));
        }
        Ok(Box::pin(stream::iter([Ok(first)]).chain(follower)))
    }

    async fn keeping(self: Arc<Self>, request: ChatRequest, key: Option<Key>) -> Result<EventStream> {
        let trail = request.context.trail.clone();
        let (cache, timer) = (Arc::clone(&self.cache), Arc::clone(&self.ports.timer));
        let events = self.answer(Chat { request, seam: None }, key).await?;
        let Some(key) = key else { return Ok(events) };
        if trail.look(|course| course.cache == Some(CacheUse::Stale)) {
            return Ok(events);
        }
        Ok(Box::pin(Keeping {
            events,
            cache,
            timer,
            trail,
            key,
            so_far: Vec::new(),
        }))
    }

    fn tell(&self, trail: &busbar_core::Trail, cache: CacheUse, kept: &Kept) {
        let name = Arc::clone(&self.name);
        trail.note(|course| {
            course.route = Some(name);
            course.cache = Some(cache);
            course.served = kept.served.clone();
            course.total = Some(course.spent);
        });
    }

    /// What a body that nobody has read needs; `None` where that decides between targets and cannot be seen
    /// from outside.
    fn needs_of(&self, request: &RelayRequest) -> Option<Needs> {
        let mut cans = self.targets().filter_map(|target| target.can());
        let first = cans.next()?;
        let mut same = true;
        let mut window = first.context_window;
        let mut most = first.max_output;
        for can in cans {
            let senses = |can: &busbar_core::Capabilities| {
                (can.tools, can.images, can.documents, can.structured_output)
            };
            same &= senses(can) == senses(first);
            window = window.min(can.context_window);
            most = most.min(can.max_output);
        }
        let alone = self.targets().count() == 1;
        // A token is a byte at least, so what is shorter than the window fits.
        let fits = alone || request.body.len() as u64 <= u64::from(window.0);
        let limited = !alone
            && self
                .targets()
                .filter_map(|target| target.can())
                .any(|can| can.max_output != most);
        let said = |word: &str| memmem::find(&request.body, word.as_bytes()).is_some();
        let plain = same || !WORDS.iter().any(|word| said(word));
        (fits && plain && !(limited && said("max_"))).then(|| Needs {
            prompt: match alone {
                true => Tokens::ZERO,
                false => tokens_of(request.body.len()),
            },
            ..Needs::default()
        })
    }

    async fn relayed(self: Arc<Self>, request: RelayRequest) -> Result<RelayStream> {
        let alone = self.targets().count() == 1;
        let said = request.context.labels.get(crate::spec::ON_CUT);
        let lasts = match said {
            Some("fail") => false,
            Some("go-on") => true,
            _ => self.spec.on_cut == crate::spec::OnCut::GoOn && !alone,
        };
        let remembers = self.spec.cache_for.is_some() || self.spec.stale;
        let needs = self
            .needs_of(&request)
            .filter(|_| !(remembers || lasts && request.stream));
        let Some(needs) = needs else {
            return Err(must_be_read());
        };
        let trail = request.context.trail.clone();
        let instead = self.spec.instead.is_some();
        let mut run = Run::new(self, request, needs);
        match run.begin().await {
            Ok(begun) => Ok(Box::pin(Flow::<RelayRequest>::new(&run.route, begun, trail))),
            Err(error) => {
                let unread = error.code() == Some(busbar_core::MUST_BE_READ);
                let resort = instead && (error.is_retryable() || error.code() == Some("no_target_ready"));
                if unread || resort {
                    let asked = run.asked_in_vain();
                    trail.note(|course| course.given_up = asked);
                    return Err(must_be_read());
                }
                Err(error)
            }
        }
    }
}

/// A body without any of these asks for nothing that one model can and another cannot.
const WORDS: [&str; 8] = [
    "tool", "function", "image", "document", "file", "audio", "video", "schema",
];

fn must_be_read() -> Error {
    let message = "this request cannot be passed on as it is";
    Error::new(ErrorKind::Unsupported, message).with_code(busbar_core::MUST_BE_READ)
}

/// A route as the models that it is.
#[derive(Clone)]
pub(crate) struct RouteModel(pub(crate) Arc<Route>);

impl fmt::Debug for RouteModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Route").field(&self.0.name).finish()
    }
}

impl ChatModel for RouteModel {
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        Box::pin(Arc::clone(&self.0).cached(request))
    }
}

impl Relay for RouteModel {
    fn speaks(&self, format: Format) -> bool {
        let relays = |target: &Arc<Target>| {
            let relay = target.model.as_ref().and_then(|model| model.relay.as_ref());
            relay.is_some_and(|relay| relay.speaks(format))
        };
        self.0.targets().any(relays)
    }

    fn relay(&self, request: RelayRequest) -> BoxFuture<'_, Result<RelayStream>> {
        Box::pin(Arc::clone(&self.0).relayed(request))
    }
}

impl Embedder for RouteModel {
    fn embed(&self, request: EmbedRequest) -> BoxFuture<'_, Result<Embeddings>> {
        let bytes = request.inputs.iter().map(String::len).max().unwrap_or_default();
        let needs = Needs {
            prompt: tokens_of(bytes),
            ..Needs::default()
        };
        Box::pin(async move {
            let trail = request.context.trail.clone();
            let mut run = Run::new(Arc::clone(&self.0), request, needs);
            let begun = run.begin().await?;
            let mut flow = Flow::<EmbedRequest>::new(&run.route, begun, trail);
            flow.next()
                .await
                .unwrap_or_else(|| Err(Error::internal("no vectors came")))
        })
    }
}

impl TokenCounter for RouteModel {
    fn count(&self, text: &str) -> Result<Tokens> {
        self.counter()?.count(text)
    }

    fn count_prompt(&self, prompt: &ChatRequest) -> Result<Tokens> {
        self.counter()?.count_prompt(prompt)
    }
}

impl RouteModel {
    /// The first choice's own.
    fn counter(&self) -> Result<&Arc<dyn TokenCounter>> {
        let mut counters = self
            .0
            .targets()
            .filter_map(|target| target.model.as_ref()?.tokens.as_ref());
        counters.next().ok_or_else(|| {
            let message = format!("no target of `{}` counts tokens", self.0.name);
            Error::new(ErrorKind::Unsupported, message)
        })
    }
}
