//! The thread that owns the context.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use busbar_core::{Clock, Error, ErrorKind, Result};

use super::{
    Job, Queue, Stats, Work,
    lane::Lane,
    pace::Pace,
    reading::{Reading, Text},
    slot::{Limits, Request, Task},
    turns::{PIECE, Turns},
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
    pub(super) config: WorkerConfig,
    weights: &'w Weights,
    pub(super) limits: Limits,
    /// The quick one, and, where seeds must be kept, the one for answers with a seed; none while a
    /// pass of its own is under way.
    pub(super) lanes: [Option<Lane<'w>>; 2],
    /// Answers in the lane that is out of reach.
    pub(super) away: usize,
    pub(super) turns: Turns,
    /// None while its pass is under way.
    pub(super) reading: Option<Reading<'w>>,
    pub(super) pace: Pace,
    /// Counts passes and placements; slots are ordered by it.
    pub(super) tick: u64,
}

/// The lane of answers without a seed.
pub(super) const QUICK: usize = 0;
/// The lane of answers with a seed.
pub(super) const SEEDED: usize = 1;

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
            vectors: false,
        };
        let alone = ContextConfig {
            pass: u32::try_from(PIECE).unwrap_or(u32::MAX),
            ..sizes
        };
        let mut quick = Lane::quick(sizes);
        quick.open(weights)?;
        let lanes = [Some(quick), config.reproducible.then(|| Lane::seeded(alone))];
        let reading = Reading::new(
            weights,
            ContextConfig {
                sequences: 1,
                vectors: true,
                ..alone
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
            away: 0,
            turns: Turns::default(),
            reading: Some(reading),
            tick: 0,
        })
    }

    /// Runs until the queue is closed; then what is left fails.
    pub(crate) fn run(&mut self) {
        while self.is_busy() || self.config.queue.wait() {
            // First, so that news of what comes from now on are kept.
            self.config.queue.take_news();
            if self.config.queue.is_closed() {
                break;
            }
            self.leave();
            self.join();
            self.pass_quick();
            self.pass_seeded();
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
        !self.is_reader_free() || self.answers() > 0
    }

    /// Whether no text is read for its vector.
    pub(super) fn is_reader_free(&self) -> bool {
        self.reading
            .as_ref()
            .is_some_and(|reading| reading.text().is_none())
    }

    /// How many answers are under way.
    pub(super) fn answers(&self) -> usize {
        self.busy(QUICK) + self.busy(SEEDED) + self.away
    }

    /// How many of them are in a lane that is within reach.
    pub(super) fn busy(&self, lane: usize) -> usize {
        self.lanes[lane].as_ref().map_or(0, Lane::busy)
    }

    /// Where they are.
    fn tasks(&self) -> Vec<At> {
        let lanes = self.lanes.iter().enumerate();
        let slots = lanes.flat_map(|(lane, held)| {
            let slots = held.iter().flat_map(|held| held.slots.iter().enumerate());
            slots.map(move |(slot, held)| (At { lane, slot }, held))
        });
        slots
            .filter(|(_, slot)| slot.task.is_some())
            .map(|(at, _)| at)
            .collect()
    }

    /// The request at a place.
    fn task(&self, at: At) -> Option<&Task> {
        self.lanes[at.lane].as_ref()?.slots[at.slot].task.as_ref()
    }

    /// Frees the slots of those who went away or ran out of time, and clears such jobs from the queue.
    pub(super) fn leave(&mut self) {
        let now = self.config.clock.now();
        for at in self.tasks() {
            let Some(task) = self.task(at) else { continue };
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
        if let Some(text) = self.reading.as_ref().and_then(Reading::text) {
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

    /// Begins with as many waiting requests as there is room for, in what is within reach.
    pub(super) fn join(&mut self) {
        loop {
            let room = self.has_room();
            let reader = self.is_reader_free();
            let may_begin = |job: &Job| match job.work {
                Work::Generate(_) => room && self.lanes[self.lane_of(job.is_seeded())].is_some(),
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
                Work::Embed(reply) => {
                    if let Some(reading) = &mut self.reading {
                        reading.begin(Text::new(context, prompt, reply));
                    }
                }
            }
        }
    }

    /// Whether one more answer may begin. Each lane has slots for as many, so that it finds one.
    pub(super) fn has_room(&self) -> bool {
        self.answers() < self.config.sequences as usize
    }

    fn lane_of(&self, seeded: bool) -> usize {
        if seeded && self.config.reproducible {
            SEEDED
        } else {
            QUICK
        }
    }

    /// Places a request in the lane that it belongs to.
    fn admit(&mut self, request: Request) {
        self.tick += 1;
        let lane = self.lane_of(request.generation.sampler.is_seeded());
        let placed = match &mut self.lanes[lane] {
            Some(lane) => match lane.open(self.weights) {
                Ok(()) => lane
                    .admit(request, self.tick)
                    .map_err(|request| (request, Error::internal("an answer found no slot"))),
                Err(error) => Err((request, error)),
            },
            None => Err((request, Error::internal("an answer found no lane"))),
        };
        match placed {
            Ok(reused) => Stats::add(&self.config.stats.reused_tokens, reused),
            Err((request, error)) => {
                Stats::add(&self.config.stats.failed, 1);
                self.config.stats.active.fetch_sub(1, Ordering::Relaxed);
                request.generation.output.send(Err(error));
            }
        }
    }

    /// Fails a slot's request and forgets its cache, whose state is unknown.
    pub(super) fn fail(&mut self, at: At, error: Error) {
        Stats::add(&self.config.stats.failed, 1);
        if let Some(lane) = &mut self.lanes[at.lane] {
            lane.forget(at.slot);
        }
        if let Some(task) = self.free(at) {
            task.fail(error);
        }
    }

    /// Takes the request out of a slot. What is computed stays, for the next turn.
    pub(super) fn free(&mut self, at: At) -> Option<Task> {
        let task = self.lanes[at.lane].as_mut()?.slots[at.slot].task.take()?;
        self.config.stats.active.fetch_sub(1, Ordering::Relaxed);
        Some(task)
    }

    /// Takes the text that is being read out.
    pub(super) fn free_reading(&mut self) -> Option<Text> {
        let text = self.reading.as_mut()?.stop()?;
        self.config.stats.active.fetch_sub(1, Ordering::Relaxed);
        Some(text)
    }
}

/// Where an answer under way is.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) lane: usize,
    pub(super) slot: usize,
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
