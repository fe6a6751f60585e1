//! The book-keeping of one generation: measured from arrival to end, counted exactly once, however
//! it ends.

use std::time::Instant;

use busbar_core::{
    AnswerMetrics, Context, Error, ModelCard, ModelId, Money, Price, Result, Stopwatch, Tokens, Trail, Usage,
};
use busbar_telemetry::{Answer, Operation, Outcome, Under};
use tracing::Span;

use crate::{Running, Server, error};

/// One generation under way. Dropped before it was told how it ended, it counts as cancelled.
#[derive(Debug)]
pub(crate) struct Record {
    server: Server,
    operation: Operation,
    model: ModelId,
    price: Option<Price>,
    /// What happens to it on its way.
    trail: Trail,
    /// What happens to the others of several answers.
    others: Vec<Trail>,
    watch: Stopwatch,
    /// Pieces of text and tool calls that the model sent.
    pieces: u32,
    /// What the model told of its usage before the end.
    told: Usage,
    /// Once it streams, an error is an item of the stream and nobody else logs it.
    streams: bool,
    closed: bool,
    /// The request's; the end may come when nothing of the request is being polled.
    span: Span,
    _running: Running,
}

impl Record {
    /// Admits a request that arrived at that time.
    ///
    /// # Errors
    /// Where the server takes nothing new.
    pub(crate) fn open(
        server: &Server,
        operation: Operation,
        card: &ModelCard,
        context: &Context,
        arrived: Instant,
    ) -> Result<Self> {
        Ok(Self {
            server: server.clone(),
            operation,
            model: card.id.clone(),
            price: card.price.clone(),
            trail: context.trail.clone(),
            others: Vec::new(),
            watch: Stopwatch::start(arrived),
            pieces: 0,
            told: Usage::default(),
            streams: false,
            closed: false,
            span: Span::current(),
            _running: server.drain().admit()?,
        })
    }

    /// Counts as a stream for as long as the result is held.
    pub(crate) fn streaming(&mut self) -> Under {
        self.streams = true;
        self.server.metrics().stream()
    }

    /// Other answers to the same request are noted there.
    pub(crate) fn also(&mut self, others: Vec<Trail>) {
        self.others = others;
    }

    /// A piece of the answer is there.
    pub(crate) fn chunk(&mut self) {
        self.pieces = self.pieces.saturating_add(1);
        self.watch.chunk(self.server.now());
    }

    /// What has been used so far, by the model's own count.
    pub(crate) fn used(&mut self, usage: Usage) {
        self.told = usage;
    }

    /// It is whole.
    pub(crate) fn finish(&mut self, usage: Usage) -> AnswerMetrics {
        self.close(Outcome::Finished, usage, None)
    }

    /// It failed.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.close(Outcome::Failed(error.kind()), self.so_far(), Some(error));
    }

    /// It was stopped.
    pub(crate) fn cancel(&mut self) -> AnswerMetrics {
        self.close(Outcome::Cancelled, self.so_far(), None)
    }

    /// The model did not get to count what it wrote, so we do: a token a piece. What it read is
    /// known where it was told on the way.
    fn so_far(&self) -> Usage {
        let written = self.told.written().0.max(self.pieces);
        Usage {
            output: Tokens(written.saturating_sub(self.told.reasoning.0)),
            ..self.told
        }
    }

    /// Whether the model did not say what it used so far: all that it read, and as much as it wrote.
    fn is_estimate(&self) -> bool {
        let begun = self.pieces > 0 || self.told != Usage::default();
        begun && (self.told.prompt() == Tokens::ZERO || self.told.written().0 < self.pieces)
    }

    /// It has not begun: another record will tell of it.
    pub(crate) fn forget(mut self) {
        self.closed = true;
    }

    fn close(&mut self, outcome: Outcome, usage: Usage, error: Option<&Error>) -> AnswerMetrics {
        let mut metrics = self.watch.finish(self.server.now(), self.model.clone(), usage);
        metrics.cost = self.price.as_ref().map(|price| price.of(&usage));
        metrics.cost_estimated = outcome != Outcome::Finished && self.is_estimate();
        self.trail.look(|course| {
            if course.route.is_none() {
                return;
            }
            if let Some(served) = &course.served {
                metrics.model = served.model.clone();
            }
            let whole = course.total.is_some();
            let others = self.others.iter();
            metrics.cost = others.fold(cost(course, &usage), |cost, other| {
                other.look(|other| Some(cost? + beside(other, whole)?))
            });
            let guessed = self
                .others
                .iter()
                .any(|other| other.look(|other| other.estimated));
            // What nobody answers any more has cost what was spent on the way, and no more.
            metrics.cost_estimated = course.estimated || guessed || metrics.cost_estimated && !whole;
            metrics.course = Some(Box::new(course.clone()));
        });
        metrics.cost_estimated &= metrics.cost.is_some_and(|cost| cost > Money::ZERO);
        if !std::mem::replace(&mut self.closed, true) {
            let operation = self.operation;
            self.server.metrics().answered(Answer {
                operation,
                outcome,
                metrics: &metrics,
            });
            let error = error.filter(|error| self.streams && error::is_ours(error));
            self.span.in_scope(|| log(&metrics, outcome, error));
        }
        metrics
    }
}

/// What an answer cost that came by a route: at the price of who served, and everything that was spent
/// before. Cut short, it is what was sent so far.
fn cost(course: &busbar_core::Course, usage: &Usage) -> Option<Money> {
    let so_far = || {
        let price = course.served.as_ref()?.price.as_ref()?;
        Some(price.of(usage) + course.spent)
    };
    course.total.or_else(|| so_far().filter(|_| !course.unpriced))
}

/// What another answer to the same request cost. Cut short, what was written stands in the usage of all.
fn beside(course: &busbar_core::Course, whole: bool) -> Option<Money> {
    match course.total {
        Some(total) if whole => Some(total),
        _ => (!course.unpriced).then_some(course.spent),
    }
}

fn log(metrics: &AnswerMetrics, outcome: Outcome, error: Option<&Error>) {
    let course = metrics.course.as_deref();
    tracing::info!(
        model = metrics.model.as_str(),
        outcome = ?outcome,
        error = error.map(Error::message),
        first_chunk_ms = metrics.first_chunk.map(|first| first.as_millis() as u64),
        total_ms = metrics.total.as_millis() as u64,
        tokens_in = metrics.usage.prompt().0,
        tokens_out = metrics.usage.written().0,
        cost_usd = metrics.cost.map(|cost| cost.as_dollars()),
        cost_estimated = metrics.cost_estimated.then_some(true),
        route = course.and_then(|course| course.route.as_deref()),
        target = course.and_then(|course| Some(&*course.served.as_ref()?.target)),
        attempts = course.map(|course| course.attempts.len()),
        degraded = course.and_then(|course| Some(course.degraded?.as_str())),
        cache = course.and_then(|course| Some(course.cache?.as_str())),
        "generation ended"
    );
}

impl Drop for Record {
    fn drop(&mut self) {
        self.cancel();
    }
}
