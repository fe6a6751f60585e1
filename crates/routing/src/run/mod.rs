//! Running a request: the plan's targets one after the other, or two beside each other, until one of them
//! answers. The only place where anything is tried again.

pub(crate) mod attempt;
pub(crate) mod flow;
pub(crate) mod lasting;
mod race;
pub(crate) mod resort;
pub(crate) mod seam;
pub(crate) mod waits;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use busbar_core::{Error, ErrorKind, Result, Usage};

use crate::{
    ask::Ask,
    facts::{Facts, Needs},
    hash,
    health::Verdict,
    moment::Moment,
    plan::{Choice, Plan, Reason, plan},
    route::Route,
    target::Target,
};
use attempt::{Begun, Held, Lost, Terms, attempt, since};
use race::{Entered, Next, Racer};

/// A request under way.
pub(crate) struct Run<A> {
    pub(crate) route: Arc<Route>,
    pub(crate) ask: A,
    pub(crate) needs: Needs,
    /// A number by chance, the same for all that is decided about this request.
    chance: u64,
    /// Targets that were asked in vain in this round.
    tried: Vec<Arc<str>>,
    /// Those that were lost in the middle of their answers.
    lost: Vec<Arc<str>>,
    failures: Vec<(Arc<Target>, Error)>,
    /// Attempts made so far.
    tries: u32,
    /// Rounds that are left.
    rounds: u32,
    /// Whether this is another round: what is asked then was asked before.
    again: bool,
}

/// What became of one or two attempts beside each other.
enum Tried<T> {
    Begun(Begun<T>),
    InVain,
}

impl<A: Ask> Run<A> {
    pub(crate) fn new(route: Arc<Route>, mut ask: A, needs: Needs) -> Self {
        let now = route.ports.timer.now();
        let chance = route.ports.dice.throw();
        if let Some(total) = route.spec.timeouts.total {
            let context = ask.context_mut();
            *context = context.clone().due(now + total);
        }
        let name = route.name.clone();
        let mut given_up = Vec::new();
        ask.context().trail.note(|course| {
            course.route = Some(name);
            given_up = std::mem::take(&mut course.given_up);
        });
        // A request that was given back to be read has paid already.
        if given_up.is_empty() {
            route.budget.earn();
        }
        Self {
            rounds: route.spec.rounds,
            again: false,
            tries: given_up.len() as u32,
            tried: given_up,
            lost: Vec::new(),
            failures: Vec::new(),
            route,
            ask,
            needs,
            chance,
        }
    }

    /// The same request once more, from where its answer was cut. Targets that were lost come last.
    pub(crate) fn again(&mut self, ask: A, lost: &Arc<Target>, error: Error) {
        self.ask = ask;
        self.rounds = 1;
        self.again = false;
        self.lost.push(Arc::clone(&lost.name));
        self.tried.clone_from(&self.lost);
        self.failures = vec![(Arc::clone(lost), error)];
        self.chance = hash::mix(self.chance);
    }

    /// The targets that were asked.
    pub(crate) fn asked_in_vain(self) -> Vec<Arc<str>> {
        self.failures
            .into_iter()
            .map(|(target, _)| Arc::clone(&target.name))
            .collect()
    }

    /// What was wrong with each target that was asked after the one that was lost.
    pub(crate) fn others(&self) -> Vec<String> {
        let others = self.failures.iter().skip(1);
        others.map(|(_, error)| error.to_string()).collect()
    }

    pub(crate) fn plan(&self) -> Plan {
        let context = self.ask.context();
        let facts = Facts::of(&self.route.spec, context, self.needs, self.chance);
        let at = Moment::of(&*self.route.ports.timer);
        plan(&self.route.spec, &self.route.tiers, &facts, &at, &[])
    }

    /// An answer that has begun.
    ///
    /// # Errors
    /// Why no target answered, or what is wrong with the request.
    pub(crate) async fn begin(&mut self) -> Result<Begun<A::Item>> {
        let mut plan = self.plan();
        if plan.order.is_empty() && self.tries == 0 {
            return Err(nobody(&self.route, &plan));
        }
        loop {
            let (mut queue, unsuited) = self.queue(plan);
            while let Some(choice) = queue.pop_front() {
                if !self.may_go_on() {
                    break;
                }
                match self.tried_at(choice, &mut queue).await? {
                    Tried::Begun(begun) => return Ok(begun),
                    Tried::InVain => {}
                }
            }
            if unsuited {
                return Err(must_be_read());
            }
            let Some(wait) = self.another_round() else {
                return Err(self.failure());
            };
            let timer = &self.route.ports.timer;
            timer.sleep_until(timer.now() + wait).await;
            self.tried.clear();
            plan = self.plan();
        }
    }

    /// The targets that this round may still try, and whether they end at one that cannot be asked like
    /// this: past it, somebody must read the request.
    fn queue(&self, plan: Plan) -> (VecDeque<Choice>, bool) {
        let left = plan
            .order
            .into_iter()
            .filter(|choice| !self.tried.contains(&choice.target.name));
        let mut queue = VecDeque::new();
        for choice in left {
            let model = choice.target.model.as_ref();
            if !model.is_some_and(|model| self.ask.suits(model)) {
                return (queue, true);
            }
            queue.push_back(choice);
        }
        (queue, false)
    }

    /// Whether another attempt may be made. The first is free, and so is one at a target that was not asked
    /// yet, unless everything fails; what is asked again is paid for.
    fn may_go_on(&self) -> bool {
        if self.tries == 0 || !self.again && !self.route.is_alarmed() {
            return true;
        }
        self.route.budget.take()
    }

    async fn tried_at(&mut self, choice: Choice, queue: &mut VecDeque<Choice>) -> Result<Tried<A::Item>> {
        let Some(first) = self.enter(choice) else {
            return Ok(Tried::InVain);
        };
        let hedge = self
            .route
            .spec
            .hedge_after
            .filter(|_| !queue.is_empty() && !self.route.is_alarmed());
        let Some(hedge_after) = hedge else {
            let result = first.attempt.await;
            return self.ended(&first.entered, result);
        };
        let timer = Arc::clone(&self.route.ports.timer);
        let mut race = race::Race::new(first, timer.sleep_until(timer.now() + hedge_after));
        loop {
            match race.next().await {
                Next::Ended(entered, result) => {
                    let tried = self.ended(&entered, result)?;
                    if let Tried::Begun(_) = &tried {
                        race.losers().for_each(|loser| self.hedged(&loser));
                        return Ok(tried);
                    }
                    if race.is_over() {
                        return Ok(tried);
                    }
                }
                Next::Late => {
                    let second = self.route.budget.take().then(|| queue.pop_front()).flatten();
                    if let Some(second) = second.and_then(|choice| self.enter(choice)) {
                        race.join(second);
                    }
                }
            }
        }
    }

    /// Takes a place at a target and asks it.
    fn enter(&mut self, choice: Choice) -> Option<Racer<A::Item>> {
        let timer = Arc::clone(&self.route.ports.timer);
        let began = timer.now();
        let target = Arc::clone(&choice.target);
        self.tried.push(Arc::clone(&target.name));
        // Between the plan and now others may have taken the last place.
        let permit = target.health.enter(began, self.ask.context().priority)?;
        self.tries += 1;
        let terms = Terms {
            timeouts: self.route.timeouts_of(&choice),
            floor: self.route.spec.floor,
        };
        let place = Held::new(permit, timer);
        let told = place.told().clone();
        let mut ask = self.ask.clone();
        ask.context_mut().connect_within(terms.timeouts.connect);
        let attempt = attempt(ask, choice, place, terms);
        let entered = Entered { target, began, told };
        Some(Racer {
            entered,
            attempt: Box::pin(attempt),
        })
    }

    /// What became of an attempt. What lies in the request is final.
    fn ended(&mut self, entered: &Entered, result: Result<Begun<A::Item>, Lost>) -> Result<Tried<A::Item>> {
        let (timer, target) = (&self.route.ports.timer, &entered.target);
        let took = since(&**timer, entered.began);
        let outcome = result.as_ref().map_or_else(|lost| lost.outcome, |_| "served");
        let broken = result
            .as_ref()
            .is_err_and(|lost| Verdict::of(lost.error.kind()) != Verdict::Fine);
        self.route.alarm.note(timer.now(), broken);
        let name = Arc::clone(&target.name);
        let attempt = busbar_core::Attempt {
            target: name,
            outcome,
            took,
        };
        self.ask
            .context()
            .trail
            .note(|course| course.attempts.push(attempt));
        if let Some(told) = entered.told.get().filter(|_| result.is_err()) {
            spend(self.ask.context(), target, &told, Known::Told);
        }
        match result {
            Ok(begun) => {
                self.serves(&begun.choice);
                Ok(Tried::Begun(begun))
            }
            Err(Lost { error, .. }) if is_final(&error) => Err(error),
            Err(Lost { error, .. }) => {
                self.failures.push((Arc::clone(target), error));
                Ok(Tried::InVain)
            }
        }
    }

    fn serves(&self, choice: &Choice) {
        let served = choice.target.served();
        let step = choice.step;
        self.ask.context().trail.note(|course| {
            course.served = Some(served);
            course.degraded = course.degraded.max(step);
        });
    }

    /// An attempt that was given up because another one was quicker. Its host may bill what it has read:
    /// what it said that it has, or what it probably did.
    fn hedged(&self, Entered { target, began, told }: &Entered) {
        let took = since(&*self.route.ports.timer, *began);
        let name = Arc::clone(&target.name);
        let context = self.ask.context();
        match told.get() {
            Some(told) => spend(context, target, &told, Known::Told),
            None => {
                let read = Usage {
                    input: self.needs.prompt,
                    ..Usage::default()
                };
                spend(context, target, &read, Known::Estimated);
            }
        }
        context.trail.note(|course| {
            course.attempts.push(busbar_core::Attempt {
                target: name,
                outcome: "hedged",
                took,
            });
        });
    }

    /// How long to wait before everything is tried again, if it is to be.
    fn another_round(&mut self) -> Option<Duration> {
        let worth = self.failures.iter().any(|(_, error)| error.is_retryable());
        if self.rounds == 0 || !worth || self.route.is_alarmed() {
            return None;
        }
        self.rounds -= 1;
        self.again = true;
        let round = self.route.spec.rounds.saturating_sub(self.rounds + 1);
        let rules = &self.route.rules;
        let most = rules
            .backoff
            .saturating_mul(1 << round.min(16))
            .min(rules.backoff_most);
        let jitter = most.mul_f64(hash::part(self.route.ports.dice.throw()));
        let asked = self.failures.iter().filter_map(|(_, error)| match error.kind() {
            ErrorKind::RateLimited { retry_after } | ErrorKind::Overloaded { retry_after } => {
                Some(retry_after)
            }
            _ => None,
        });
        // Where every target said when to come back, nothing is gained by coming earlier.
        let all_said = asked.clone().count() == self.failures.len();
        let wait = jitter.max(asked.min().filter(|_| all_said).unwrap_or_default());
        let now = self.route.ports.timer.now();
        let in_time = self
            .ask
            .context()
            .deadline
            .is_none_or(|deadline| now + wait < deadline);
        (wait <= rules.backoff_most && in_time).then_some(wait)
    }

    /// Why no target answered: what the first said that counts.
    fn failure(&self) -> Error {
        let counts = |failure: &&(Arc<Target>, Error)| failure.1.is_retryable();
        let told = self
            .failures
            .iter()
            .find(counts)
            .or_else(|| self.failures.first());
        let Some((target, error)) = told else {
            return match self.tried.is_empty() {
                true => nobody(&self.route, &self.plan()),
                false => in_vain(&self.route),
            };
        };
        if self.failures.len() == 1 {
            return error.clone();
        }
        let (route, count) = (&self.route.name, self.failures.len());
        let message = format!("none of {count} attempts for `{route}` was answered; `{target}`: {error}");
        let told = Error::new(error.kind(), message).with_source(error.clone());
        match error.code() {
            Some(code) => told.with_code(code),
            None => told.with_code("no_target_answered"),
        }
    }
}

/// Whether another target would say the same.
fn is_final(error: &Error) -> bool {
    match error.kind() {
        // Another one may read more.
        ErrorKind::Invalid => error.code() != Some("context_length_exceeded"),
        // Another one may be able to.
        ErrorKind::Unsupported => false,
        ErrorKind::NotFound | ErrorKind::TooLarge | ErrorKind::Denied => true,
        ErrorKind::DeadlineExceeded | ErrorKind::Cancelled => true,
        _ => false,
    }
}

/// How it is known what was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// The host said so.
    Told,
    /// It did not get to.
    Estimated,
}

/// What an attempt that is not the answer has used.
pub(crate) fn spend(context: &busbar_core::Context, target: &Target, usage: &Usage, known: Known) {
    let price = target.price();
    let free = target.place.is_here();
    context.trail.note(|course| match price {
        Some(price) => {
            course.spent = course.spent + price.of(usage);
            course.estimated |= known == Known::Estimated;
        }
        None => course.unpriced |= !free,
    });
}

/// Whoever asked before has told why, target by target.
fn in_vain(route: &Route) -> Error {
    let message = format!("every target of `{}` was asked in vain", route.name);
    Error::new(ErrorKind::Unavailable, message).with_code("no_target_answered")
}

fn must_be_read() -> Error {
    let message = "the target that is to serve this request speaks another format";
    Error::new(ErrorKind::Unsupported, message).with_code(busbar_core::MUST_BE_READ)
}

/// No target can be asked: either none ever could, or none can now.
fn nobody(route: &Route, plan: &Plan) -> Error {
    let name = &route.name;
    let waits = plan
        .excluded
        .iter()
        .filter_map(|without| without.reason.passes_in());
    if let Some(retry_after) = waits.min() {
        let message = format!("no target of `{name}` can take a request now: {}", reasons(plan));
        return Error::new(ErrorKind::Overloaded { retry_after }, message).with_code("no_target_ready");
    }
    let message = format!("no target of `{name}` can serve this request: {}", reasons(plan));
    let error = Error::new(ErrorKind::Unsupported, message).with_code("no_target_fits");
    let too_long = |without: &crate::plan::Without| matches!(without.reason, Reason::Window { .. });
    if !plan.excluded.is_empty() && plan.excluded.iter().all(too_long) {
        let message = error.message().to_owned();
        return Error::invalid("messages", message).with_code("context_length_exceeded");
    }
    match plan.excluded.iter().find_map(|without| without.reason.param()) {
        Some(param) => error.with_param(param),
        None => error,
    }
}

fn reasons(plan: &Plan) -> String {
    let reasons = plan
        .excluded
        .iter()
        .map(|without| format!("`{}`: {}", without.target, without.reason.sentence()));
    reasons.collect::<Vec<_>>().join("; ")
}
