//! A slot: one sequence of the KV cache, and the request that holds it.

use std::sync::Arc;

use busbar_core::{Done, Error, Event, FinishReason, Result, Tokens, Usage};

use super::{Generation, job::report, plan::Want, prefix::SlotView, turns::border};
use crate::{grammar::Constraint, llama::Context, sample::ranked, text::Flow, vocab::TokenTable};

/// One sequence of the KV cache.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// The tokens whose keys and values are computed, in order.
    pub(super) cached: Vec<u32>,
    /// How many of them, from the start, are a prompt's: computed in pieces, not one by one.
    pub(super) read: usize,
    /// How often a piece of its prompt was stopped.
    pub(super) stops: usize,
    /// The pass in which it was last used.
    pub(super) last_used: u64,
    /// The request that holds it.
    pub(super) task: Option<Task>,
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Task {
    /// Whom it is for.
    pub(super) context: busbar_core::Context,
    prompt: Vec<u32>,
    generation: Box<Generation>,
    /// When it was placed, as a number that grows.
    since: u64,
    /// Prompt tokens that were found computed.
    reused: usize,
    /// Tokens of the answer so far.
    written: u32,
    /// The token chosen last, to be computed in the next pass.
    next: Option<u32>,
}

/// A request for an answer, as it comes from the queue.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) context: busbar_core::Context,
    pub(super) prompt: Vec<u32>,
    pub(super) generation: Box<Generation>,
}

/// What the answers of one engine share.
#[derive(Debug)]
pub(super) struct Limits {
    /// The vocabulary.
    pub(super) table: Arc<TokenTable>,
    /// Tokens of each sequence.
    pub(super) window: usize,
}

impl Slot {
    /// What another prompt may find here: everything, or what was read in whole pieces only.
    pub(super) fn view(&self, whole_pieces: bool) -> SlotView<'_> {
        let usable = if whole_pieces {
            border(self.read)
        } else {
            self.cached.len()
        };
        SlotView {
            free: self.task.is_none(),
            cached: &self.cached[..usable.min(self.cached.len())],
            last_used: self.last_used,
        }
    }

    /// Gives the slot to a request whose first `reuse` prompt tokens are computed here.
    pub(super) fn begin(&mut self, request: Request, reuse: usize, since: u64) {
        self.cached.truncate(reuse);
        self.read = self.read.min(reuse);
        self.stops = 0;
        self.task = Some(Task {
            context: request.context,
            prompt: request.prompt,
            generation: request.generation,
            since,
            reused: reuse,
            written: 0,
            next: None,
        });
    }

    /// What it wants of the next pass.
    pub(super) fn want(&self) -> Want {
        match &self.task {
            None => Want::Nothing,
            Some(Task { next: Some(_), .. }) => Want::Token,
            Some(task) => Want::Prompt {
                left: task.prompt.len() - self.cached.len(),
                since: task.since,
            },
        }
    }

    /// Notes that a pass has computed these tokens for it.
    pub(super) fn hold(&mut self, tokens: impl IntoIterator<Item = u32>, tick: u64) {
        self.cached.extend(tokens);
        self.last_used = tick;
        if matches!(&self.task, Some(Task { next: None, .. })) {
            self.read = self.cached.len();
        }
    }

    /// Notes that it holds nothing any more.
    pub(super) fn empty(&mut self) {
        self.cached.clear();
        self.read = 0;
    }

    /// The tokens that a pass computes for it, with whether each one's output is wanted.
    pub(super) fn take(&self, count: usize) -> Vec<(u32, bool)> {
        let Some(task) = &self.task else { return Vec::new() };
        if let Some(token) = task.next {
            return vec![(token, true); count.min(1)];
        }
        let from = self.cached.len();
        let last = task.prompt.len() - 1;
        (from..from + count)
            .map(|place| (task.prompt[place], place == last))
            .collect()
    }
}

/// What a slot's outputs led to.
#[derive(Debug)]
pub(super) enum Step {
    /// It goes on.
    On,
    /// It is done.
    Finished,
    /// It failed.
    Failed(Error),
}

impl Task {
    pub(super) fn usage(&self) -> Usage {
        Usage {
            input: Tokens::from_len(self.prompt.len() - self.reused),
            cached_input: Tokens::from_len(self.reused),
            output: Tokens(self.written),
            ..Usage::default()
        }
    }

    /// Reads the output of a pass, where there was one: entry `output` of it is this task's.
    /// `cached` is how many tokens its sequence holds now.
    pub(super) fn step(
        &mut self,
        context: &Context<'_>,
        output: Option<usize>,
        cached: usize,
        limits: &Limits,
    ) -> Result<Step> {
        let Some(output) = output else {
            return Ok(Step::On);
        };
        if self.next.is_none() {
            // The prompt is computed: who leaves before the end has used it all the same.
            self.generation.output.send(Ok(Event::Usage(self.usage())));
        }
        let token = choose(&mut self.generation, context.logits(output), limits)?;
        let full = cached + 1 >= limits.window;
        let finish = write(&mut self.generation, &mut self.written, &token, full, limits)?;
        self.next = Some(token.number);
        let Some(finish) = finish else {
            return Ok(Step::On);
        };
        let stop_text = self.generation.pipe.stop_text().map(str::to_owned);
        let done = Done {
            stop_text,
            ..Done::new(finish, self.usage())
        };
        self.generation.output.send(Ok(Event::Done(done)));
        Ok(Step::Finished)
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.generation.output.is_closed()
    }

    /// Whether its prompt is not computed yet, or only just.
    pub(super) fn computes_prompt(&self, cached: usize) -> bool {
        cached <= self.prompt.len()
    }

    /// Ends it with an error.
    pub(super) fn fail(self, error: Error) {
        self.generation.output.send(Err(error));
    }
}

/// A chosen token.
struct Chosen {
    number: u32,
    logprob: Option<busbar_core::TokenLogprob>,
}

fn choose(generation: &mut Generation, logits: &[f32], limits: &Limits) -> Result<Chosen> {
    let mask = generation.constraint.as_mut().map(Constraint::mask).transpose()?;
    let number = generation.sampler.choose(logits, mask.as_ref()).ok_or_else(|| {
        Error::internal("no token may follow: the model's output is not a number, or its form ended")
    })?;
    let logprob = generation.logprobs.map(|top| {
        let (own, best) = ranked(logits, number, usize::from(top));
        report(&limits.table, number, own, &best)
    });
    Ok(Chosen { number, logprob })
}

/// Writes a chosen token; answers why the answer ends, where it does.
fn write(
    generation: &mut Generation,
    written: &mut u32,
    token: &Chosen,
    full: bool,
    limits: &Limits,
) -> Result<Option<FinishReason>> {
    let mut events = Vec::new();
    let mut finish = None;
    if limits.table.ends_answer(token.number) && !generation.ignore_end {
        finish = Some(FinishReason::Stop);
    } else {
        if let Some(constraint) = &mut generation.constraint {
            constraint.accept(token.number)?;
        }
        *written += 1;
        let stopped = generation
            .pipe
            .push(token.number, token.logprob.clone(), &mut events)
            == Flow::Stopped;
        if stopped
            || generation
                .constraint
                .as_ref()
                .is_some_and(Constraint::is_finished)
        {
            finish = Some(FinishReason::Stop);
        } else if *written >= generation.most.0 || full {
            finish = Some(FinishReason::Length);
        }
    }
    if finish.is_some() {
        generation.pipe.finish(&mut events);
    }
    for event in events {
        generation.output.send(Ok(event));
    }
    let calls = generation.pipe.calls_tools();
    Ok(finish.map(|reason| {
        if calls && reason == FinishReason::Stop {
            FinishReason::ToolCalls
        } else {
            reason
        }
    }))
}
