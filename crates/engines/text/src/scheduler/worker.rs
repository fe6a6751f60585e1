//! The thread that owns the context.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use busbar_core::{Clock, Error, ErrorKind, Result};

use super::{
    Job, Queue, Stats, Work,
    lane::{Failed, Lane},
    pace::Pace,
    plan::Want,
    reading::{Reading, Text},
    slot::{Limits, Request, Step, Task},
};
use crate::{
    llama::{ContextConfig, Weights},
    vocab::TokenTable,
};

/// What a worker is made from.
#[derive(Debug)]
pub struct WorkerConfig {
    /// Where requests come from.
    pub queue: Arc<Queue>,
    /// What it counts in.
    pub stats: Arc<Stats>,
    /// Deadlines are read against it.
    pub clock: Arc<dyn Clock>,
    /// The vocabulary.
    pub table: Arc<TokenTable>,
    /// Tokens of each sequence.
    pub window: u32,
    /// Sequences.
    pub sequences: u32,
    /// The most prompt tokens of one pass.
    pub prompt_chunk: u32,
    /// Threads.
    pub threads: i32,
    /// Whether answers with a seed must not depend on what is computed beside them.
    pub reproducible: bool,
}

/// Runs requests until the queue is closed.
#[derive(Debug)]
pub struct Worker<'w> {
    config: WorkerConfig,
    weights: &'w Weights,
    limits: Limits,
    /// The quick one, and, where seeds must be kept, the one for answers with a seed.
    lanes: Vec<Lane<'w>>,
    reading: Reading<'w>,
    pace: Pace,
    /// Counts passes and placements; slots are ordered by it.
    tick: u64,
}

/// The lane of answers without a seed.
const QUICK: usize = 0;

impl<'w> Worker<'w> {
    /// Makes the context. Must be called on the thread that runs it.
    ///
    /// # Errors
    /// `Unavailable` where there is no memory for it.
    pub(crate) fn new(weights: &'w Weights, config: WorkerConfig) -> Result<Self> {
        let sizes = ContextConfig {
            window: config.window,
            sequences: config.sequences,
            pass: config.prompt_chunk + config.sequences,
            threads: config.threads,
            reproducible: false,
            vectors: false,
        };
        let seeded = ContextConfig {
            reproducible: true,
            ..sizes
        };
        let mut lanes = vec![Lane::new(sizes)];
        if config.reproducible {
            lanes.push(Lane::new(seeded));
        }
        lanes[QUICK].open(weights, config.queue.brake())?;
        let reading = Reading::new(
            weights,
            ContextConfig {
                sequences: 1,
                pass: config.prompt_chunk,
                reproducible: config.reproducible,
                vectors: true,
                ..sizes
            },
        );
        let limits = Limits {
            table: config.table.clone(),
            window: config.window as usize,
        };
        Ok(Self {
            pace: Pace::new(config.prompt_chunk as usize),
            config,
            weights,
            limits,
            lanes,
            reading,
            tick: 0,
        })
    }

    /// Runs until the queue is closed; then what is left fails.
    pub(crate) fn run(&mut self) {
        while self.is_busy() || self.config.queue.wait() {
            if self.config.queue.is_closed() {
                break;
            }
            self.config.queue.brake().release();
            self.leave();
            self.join();
            self.pass();
            self.read();
        }
        let stopped = || Error::new(ErrorKind::Unavailable, "the model was stopped");
        for at in self.tasks() {
            self.fail(at, stopped());
        }
        if let Some(text) = self.free_reading() {
            text.answer(Err(stopped()));
        }
        self.config
            .queue
            .sweep(self.config.clock.now())
            .into_iter()
            .for_each(|job| job.fail(stopped()));
    }

    fn is_busy(&self) -> bool {
        self.reading.text().is_some() || self.answers() > 0
    }

    /// How many answers are under way.
    fn answers(&self) -> usize {
        self.lanes.iter().map(Lane::busy).sum()
    }

    /// Where they are.
    fn tasks(&self) -> Vec<At> {
        let lanes = self.lanes.iter().enumerate();
        lanes
            .flat_map(|(lane, held)| {
                let slots = held.slots.iter().enumerate();
                slots
                    .filter(|(_, slot)| slot.task.is_some())
                    .map(move |(slot, _)| At { lane, slot })
            })
            .collect()
    }

    /// Frees the slots of those who went away or ran out of time, and clears such jobs from the queue.
    fn leave(&mut self) {
        let now = self.config.clock.now();
        for at in self.tasks() {
            let Some(task) = &self.lanes[at.lane].slots[at.slot].task else {
                continue;
            };
            if task.is_abandoned() {
                Stats::add(&self.config.stats.cancelled, 1);
                self.free(at);
            } else if let Some(error) = overdue(&task.context, now) {
                Stats::add(&self.config.stats.expired, 1);
                if let Some(task) = self.free(at) {
                    task.fail(error);
                }
            }
        }
        if let Some(text) = self.reading.text() {
            if text.reply.is_closed() {
                Stats::add(&self.config.stats.cancelled, 1);
                self.free_reading();
            } else if let Some(error) = overdue(&text.context, now) {
                Stats::add(&self.config.stats.expired, 1);
                if let Some(text) = self.free_reading() {
                    text.answer(Err(error));
                }
            }
        }
        for job in self.config.queue.sweep(now) {
            match overdue(&job.context, now) {
                Some(error) if !job.is_abandoned() => {
                    Stats::add(&self.config.stats.expired, 1);
                    job.fail(error);
                }
                _ => Stats::add(&self.config.stats.cancelled, 1),
            }
        }
    }

    /// Begins with as many waiting requests as there is room for.
    fn join(&mut self) {
        loop {
            let slot = self.has_room();
            let reader = self.reading.text().is_none();
            let may_begin = |job: &Job| match job.work {
                Work::Generate(_) => slot,
                Work::Embed(_) => reader,
            };
            let Some(Job {
                context,
                prompt,
                work,
            }) = self.config.queue.pop(may_begin)
            else {
                return;
            };
            self.config.stats.active.fetch_add(1, Ordering::Relaxed);
            match work {
                Work::Generate(generation) => self.admit(Request {
                    context,
                    prompt,
                    generation,
                }),
                Work::Embed(reply) => self.reading.begin(Text::new(context, prompt, reply)),
            }
        }
    }

    /// Whether one more answer may begin. Each lane has slots for as many, so that it finds one.
    fn has_room(&self) -> bool {
        self.answers() < self.config.sequences as usize
    }

    /// Places a request in the lane that it belongs to.
    fn admit(&mut self, request: Request) {
        let last = self.lanes.len() - 1;
        let lane = if request.generation.sampler.is_seeded() {
            last
        } else {
            QUICK
        };
        self.tick += 1;
        let opened = self.lanes[lane].open(self.weights, self.config.queue.brake());
        let refused = match opened {
            Ok(()) => match self.lanes[lane].admit(request, self.tick) {
                Ok(reused) => return Stats::add(&self.config.stats.reused_tokens, reused),
                Err(request) => (request, Error::internal("an answer found no slot")),
            },
            Err(error) => (request, error),
        };
        Stats::add(&self.config.stats.failed, 1);
        self.config.stats.active.fetch_sub(1, Ordering::Relaxed);
        let (request, error) = refused;
        request.generation.output.send(Err(error));
    }

    /// A piece of the text that is read for its vector.
    fn read(&mut self) {
        if self.reading.text().is_none() {
            return;
        }
        let outcome = match self.reading.piece(self.pace.piece(self.answers() == 0)) {
            Ok((tokens, vector)) => {
                Stats::add(&self.config.stats.passes, 1);
                Stats::add(&self.config.stats.prompt_tokens, tokens);
                let Some(vector) = vector else { return };
                Stats::add(&self.config.stats.finished, 1);
                Ok(vector)
            }
            Err(error) => {
                Stats::add(&self.config.stats.failed, 1);
                Err(error)
            }
        };
        if let Some(text) = self.free_reading() {
            text.answer(outcome);
        }
    }

    /// One pass of each lane, and what their outputs lead to.
    fn pass(&mut self) {
        let alone = self.answers() == 1 && self.reading.text().is_none();
        let piece = self.pace.piece(alone);
        // A large piece is worth stopping, but only for somebody who can begin.
        let stoppable = alone && self.longest_prompt() > self.pace.piece(false) && self.has_room();
        self.config.queue.brake().arm(stoppable);
        for lane in 0..self.lanes.len() {
            self.pass_lane(lane, piece);
        }
        self.config.queue.brake().arm(false);
    }

    /// What is left of the longest prompt under way.
    fn longest_prompt(&self) -> usize {
        let slots = self.lanes.iter().flat_map(|lane| &lane.slots);
        let left = slots.map(|slot| match slot.want() {
            Want::Prompt { left, .. } => left,
            Want::Nothing | Want::Token => 0,
        });
        left.max().unwrap_or(0)
    }

    fn pass_lane(&mut self, lane: usize, piece: usize) {
        self.tick += 1;
        let began = self.config.clock.now();
        let computed = match self.lanes[lane].pass(piece, self.tick) {
            Ok(None) => return,
            Ok(Some(computed)) => computed,
            Err(Failed { slots, error }) => {
                let error = Error::internal("the model could not compute this answer").with_source(error);
                tracing::error!(error = %error, "a pass through the model failed");
                for slot in slots {
                    self.fail(At { lane, slot }, error.clone());
                }
                return;
            }
        };
        Stats::add(&self.config.stats.passes, 1);
        let took = self.config.clock.now().saturating_duration_since(began);
        self.pace.learn(computed.tokens, took);
        for (slot, tokens, output) in computed.shares {
            self.step(At { lane, slot }, tokens, output);
        }
    }

    fn step(&mut self, at: At, computed: usize, output: Option<usize>) {
        let lane = &mut self.lanes[at.lane];
        let cached = lane.slots[at.slot].cached.len();
        let Some(mut task) = lane.slots[at.slot].task.take() else {
            return;
        };
        let before = task.usage().output;
        let step = match lane.context() {
            Some(context) => task
                .step(context, output, cached, &self.limits)
                .unwrap_or_else(Step::Failed),
            None => Step::Failed(Error::internal("an answer has no context")),
        };
        let written = task.usage().output.0 - before.0;
        Stats::add(&self.config.stats.output_tokens, written as usize);
        if before.0 == 0 && task.computes_prompt(cached) {
            Stats::add(&self.config.stats.prompt_tokens, computed);
        }
        self.lanes[at.lane].slots[at.slot].task = Some(task);
        match step {
            Step::On => {}
            Step::Failed(error) => self.fail(at, error),
            Step::Finished => {
                Stats::add(&self.config.stats.finished, 1);
                self.free(at);
            }
        }
    }

    /// Fails a slot's request and forgets its cache, whose state is unknown.
    fn fail(&mut self, at: At, error: Error) {
        Stats::add(&self.config.stats.failed, 1);
        self.lanes[at.lane].forget(at.slot);
        if let Some(task) = self.free(at) {
            task.fail(error);
        }
    }

    /// Takes the request out of a slot. What is computed stays, for the next turn.
    fn free(&mut self, at: At) -> Option<Task> {
        let task = self.lanes[at.lane].slots[at.slot].task.take()?;
        self.config.stats.active.fetch_sub(1, Ordering::Relaxed);
        Some(task)
    }

    /// Takes the text that is being read out.
    fn free_reading(&mut self) -> Option<Text> {
        let text = self.reading.stop()?;
        self.config.stats.active.fetch_sub(1, Ordering::Relaxed);
        Some(text)
    }
}

/// Where an answer under way is.
#[derive(Clone, Copy, Debug)]
struct At {
    lane: usize,
    slot: usize,
}

/// Why a request is not worth going on with at `now`, where it is not.
fn overdue(context: &busbar_core::Context, now: Instant) -> Option<Error> {
    context.expired(now).then(|| {
        Error::new(
            ErrorKind::DeadlineExceeded,
            "the deadline passed before the answer was whole",
        )
    })
}
