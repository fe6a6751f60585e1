//! The thread that owns the context.

use std::sync::{Arc, atomic::Ordering};

use busbar_core::{Clock, Error, ErrorKind, Result};

use super::{
    Job, Queue, Stats, Work,
    plan::plan,
    prefix::{SlotView, place},
    slot::{Limits, Slot, Step},
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
    /// Counts passes and placements; slots are ordered by it.
    tick: u64,
}

impl<'w> Worker<'w> {
    /// Makes the context. Must be called on the thread that runs it.
    ///
    /// # Errors
    /// `Unavailable` where there is no memory for it.
    pub(crate) fn new(weights: &'w Weights, config: WorkerConfig) -> Result<Self> {
        let context = Context::new(
            weights,
            ContextConfig {
                window: config.window,
                sequences: config.sequences,
                pass: config.prompt_chunk + config.sequences,
                threads: config.threads,
                reproducible: config.reproducible,
            },
        )?;
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
        }
        let stopped = || Error::new(ErrorKind::Unavailable, "the model was stopped");
        for slot in 0..self.slots.len() {
            if self.slots[slot].task.is_some() {
                self.fail(slot, stopped());
            }
        }
        self.config
            .queue
            .sweep(self.config.clock.now())
            .into_iter()
            .for_each(|job| job.fail(stopped()));
    }

    fn is_busy(&self) -> bool {
        self.slots.iter().any(|slot| slot.task.is_some())
    }

    /// Frees the slots of those who went away or ran out of time, and clears such jobs from the queue.
    fn leave(&mut self) {
        let now = self.config.clock.now();
        for slot in 0..self.slots.len() {
            let Some(task) = &self.slots[slot].task else {
                continue;
            };
            if task.job.is_abandoned() {
                Stats::add(&self.config.stats.cancelled, 1);
                self.free(slot);
            } else if let Some(error) = task.job.overdue(now) {
                Stats::add(&self.config.stats.expired, 1);
                if let Some(task) = self.free(slot) {
                    task.job.fail(error);
                }
            }
        }
        for job in self.config.queue.sweep(now) {
            match job.overdue(now) {
                Some(error) if !job.is_abandoned() => {
                    Stats::add(&self.config.stats.expired, 1);
                    job.fail(error);
                }
                _ => Stats::add(&self.config.stats.cancelled, 1),
            }
        }
    }

    /// Places waiting requests in free slots.
    fn join(&mut self) {
        while self.slots.iter().any(|slot| slot.task.is_none()) {
            let Some(job) = self.config.queue.pop() else {
                return;
            };
            self.admit(job);
        }
    }

    fn admit(&mut self, job: Job) {
        let views: Vec<SlotView<'_>> = self.slots.iter().map(Slot::view).collect();
        let Some(place) = place(&views, &job.prompt) else {
            return;
        };
        // A text's vector is the mean over all of its tokens, so all are computed.
        let mut reuse = if matches!(job.work, Work::Embed(_)) {
            0
        } else {
            place.reuse
        };
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
        self.config.stats.active.fetch_add(1, Ordering::Relaxed);
        self.slots[place.slot].begin(job, reuse, self.tick);
    }

    /// One pass through the model, and what its outputs lead to.
    fn pass(&mut self) {
        let wants: Vec<_> = self.slots.iter().map(Slot::want).collect();
        let takes = plan(&wants, self.config.prompt_chunk as usize);
        let mut entries = Vec::new();
        let mut outputs: Vec<Vec<usize>> = vec![Vec::new(); self.slots.len()];
        for (sequence, (slot, &count)) in self.slots.iter().zip(&takes).enumerate() {
            for (offset, (token, output)) in slot.take(count).into_iter().enumerate() {
                if output {
                    outputs[sequence].push(entries.len());
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
        for (sequence, outputs) in outputs
            .iter()
            .enumerate()
            .filter(|&(sequence, _)| takes[sequence] > 0)
        {
            self.step(sequence, takes[sequence], outputs);
        }
    }

    fn step(&mut self, sequence: usize, computed: usize, outputs: &[usize]) {
        let slot = &mut self.slots[sequence];
        let cached = slot.cached.len();
        let Some(task) = &mut slot.task else { return };
        let before = task.usage().output;
        let step = task
            .step(&self.context, outputs, cached, &self.limits)
            .unwrap_or_else(Step::Failed);
        let written = task.usage().output.0 - before.0;
        Stats::add(&self.config.stats.output_tokens, written as usize);
        if before.0 == 0 && cached <= task.job.prompt.len() {
            Stats::add(&self.config.stats.prompt_tokens, computed);
        }
        match step {
            Step::On => {}
            Step::Failed(error) => self.fail(sequence, error),
            Step::Finished => {
                Stats::add(&self.config.stats.finished, 1);
                if let Some(task) = self.free(sequence) {
                    task.finish();
                }
            }
        }
    }

    /// Fails a slot's request and forgets its cache, whose state is unknown.
    fn fail(&mut self, sequence: usize, error: Error) {
        Stats::add(&self.config.stats.failed, 1);
        self.context.clear(sequence);
        self.slots[sequence].cached.clear();
        if let Some(task) = self.free(sequence) {
            task.job.fail(error);
        }
    }

    /// Takes the request out of a slot. What is computed stays, for the next turn.
    fn free(&mut self, sequence: usize) -> Option<super::slot::Task> {
        let task = self.slots[sequence].task.take()?;
        self.config.stats.active.fetch_sub(1, Ordering::Relaxed);
        Some(task)
    }
}
