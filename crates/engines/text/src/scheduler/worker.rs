//! The thread that owns the context.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use busbar_core::{Clock, Error, ErrorKind, Result};

use super::{
    Job, Queue, Stats, Work,
    plan::plan,
    prefix::{SlotView, place},
    reading::{Reading, Text},
    slot::{Limits, Request, Slot, Step, Task},
};
use crate::{
    llama::{Context, ContextConfig, Entry, Weights},
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
    /// Prompt tokens of one pass.
    pub prompt_chunk: u32,
    /// Threads.
    pub threads: i32,
    /// Whether attention must not depend on what is computed beside it.
    pub reproducible: bool,
}

/// Runs requests until the queue is closed.
#[derive(Debug)]
pub struct Worker<'w> {
    config: WorkerConfig,
    limits: Limits,
    context: Context<'w>,
    slots: Vec<Slot>,
    reading: Reading<'w>,
    /// Counts passes and placements; slots are ordered by it.
    tick: u64,
}

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
            reproducible: config.reproducible,
            vectors: false,
        };
        let context = Context::new(weights, sizes)?;
        let reading = Reading::new(
            weights,
            ContextConfig {
                sequences: 1,
                pass: config.prompt_chunk,
                vectors: true,
                ..sizes
            },
        );
        let limits = Limits {
            table: config.table.clone(),
            window: config.window as usize,
        };
        let slots = (0..config.sequences).map(|_| Slot::default()).collect();
        Ok(Self {
            config,
            limits,
            context,
            slots,
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
            self.leave();
            self.join();
            self.pass();
            self.read();
        }
        let stopped = || Error::new(ErrorKind::Unavailable, "the model was stopped");
        for slot in 0..self.slots.len() {
            if self.slots[slot].task.is_some() {
                self.fail(slot, stopped());
            }
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
        self.reading.text().is_some() || self.slots.iter().any(|slot| slot.task.is_some())
    }

    /// Frees the slots of those who went away or ran out of time, and clears such jobs from the queue.
    fn leave(&mut self) {
        let now = self.config.clock.now();
        for slot in 0..self.slots.len() {
            let Some(task) = &self.slots[slot].task else {
                continue;
            };
            if task.is_abandoned() {
                Stats::add(&self.config.stats.cancelled, 1);
                self.free(slot);
            } else if let Some(error) = overdue(&task.context, now) {
                Stats::add(&self.config.stats.expired, 1);
                if let Some(task) = self.free(slot) {
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
            let slot = self.slots.iter().any(|slot| slot.task.is_none());
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

    /// Places a request in a slot; there must be a free one.
    fn admit(&mut self, request: Request) {
        let views: Vec<SlotView<'_>> = self.slots.iter().map(Slot::view).collect();
        let Some(place) = place(&views, &request.prompt) else {
            return;
        };
        let mut reuse = place.reuse;
        if let Some(source) = place.copy_from {
            self.context.copy(source, place.slot);
            self.slots[place.slot].cached = self.slots[source].cached.clone();
        }
        if !self.context.trim(place.slot, reuse) {
            self.context.clear(place.slot);
            reuse = 0;
        }
        self.tick += 1;
        Stats::add(&self.config.stats.reused_tokens, reuse);
        self.slots[place.slot].begin(request, reuse, self.tick);
    }

    /// A piece of the text that is read for its vector.
    fn read(&mut self) {
        if self.reading.text().is_none() {
            return;
        }
        let outcome = match self.reading.piece() {
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

    /// One pass through the model, and what its outputs lead to.
    fn pass(&mut self) {
        let wants: Vec<_> = self.slots.iter().map(Slot::want).collect();
        let takes = plan(&wants, self.config.prompt_chunk as usize);
        let mut entries = Vec::new();
        let mut outputs: Vec<Option<usize>> = vec![None; self.slots.len()];
        for (sequence, (slot, &count)) in self.slots.iter().zip(&takes).enumerate() {
            for (offset, (token, output)) in slot.take(count).into_iter().enumerate() {
                if output {
                    outputs[sequence] = Some(entries.len());
                }
                entries.push(Entry {
                    token,
                    position: slot.cached.len() + offset,
                    sequence,
                    output,
                });
            }
        }
        if entries.is_empty() {
            return;
        }
        self.tick += 1;
        Stats::add(&self.config.stats.passes, 1);
        if let Err(error) = self.context.pass(&entries) {
            let error = Error::internal("the model could not compute this answer").with_source(error);
            tracing::error!(error = %error, tokens = entries.len(), "a pass through the model failed");
            for sequence in (0..takes.len()).filter(|&sequence| takes[sequence] > 0) {
                self.fail(sequence, error.clone());
            }
            return;
        }
        for entry in &entries {
            let slot = &mut self.slots[entry.sequence];
            slot.cached.push(entry.token);
            slot.last_used = self.tick;
        }
        for sequence in (0..takes.len()).filter(|&sequence| takes[sequence] > 0) {
            self.step(sequence, takes[sequence], outputs[sequence]);
        }
    }

    fn step(&mut self, sequence: usize, computed: usize, output: Option<usize>) {
        let slot = &mut self.slots[sequence];
        let cached = slot.cached.len();
        let Some(task) = &mut slot.task else { return };
        let before = task.usage().output;
        let step = task
            .step(&self.context, output, cached, &self.limits)
            .unwrap_or_else(Step::Failed);
        let written = task.usage().output.0 - before.0;
        Stats::add(&self.config.stats.output_tokens, written as usize);
        if before.0 == 0 && task.computes_prompt(cached) {
            Stats::add(&self.config.stats.prompt_tokens, computed);
        }
        match step {
            Step::On => {}
            Step::Failed(error) => self.fail(sequence, error),
            Step::Finished => {
                Stats::add(&self.config.stats.finished, 1);
                self.free(sequence);
            }
        }
    }

    /// Fails a slot's request and forgets its cache, whose state is unknown.
    fn fail(&mut self, sequence: usize, error: Error) {
        Stats::add(&self.config.stats.failed, 1);
        self.context.clear(sequence);
        self.slots[sequence].cached.clear();
        if let Some(task) = self.free(sequence) {
            task.fail(error);
        }
    }

    /// Takes the request out of a slot. What is computed stays, for the next turn.
    fn free(&mut self, sequence: usize) -> Option<Task> {
        let task = self.slots[sequence].task.take()?;
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

/// Why a request is not worth going on with at `now`, where it is not.
fn overdue(context: &busbar_core::Context, now: Instant) -> Option<Error> {
    context.expired(now).then(|| {
        Error::new(
            ErrorKind::DeadlineExceeded,
            "the deadline passed before the answer was whole",
        )
    })
}
