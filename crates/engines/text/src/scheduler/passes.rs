//! Which passes the worker makes, in what order, and what their outputs lead to.

use std::time::{Duration, Instant};

use busbar_core::Error;

use super::{
    Stats,
    lane::{Computed, Failed},
    pace::BESIDE_OTHERS,
    plan::{Want, plan},
    slot::Step,
    turns::{PIECE, Waiting, piece},
    worker::{At, QUICK, SEEDED, Worker},
};

/// What is known of a pass while it is under way.
#[derive(Debug)]
struct Under {
    /// When it began, or went on after the last turn that others had in between.
    since: Instant,
    /// How long others had.
    paused: Duration,
    /// Whether it may be stopped for somebody who waits for the same context.
    stoppable: bool,
}

impl Worker<'_> {
    /// One pass of all answers without a seed.
    pub(super) fn pass_quick(&mut self) {
        let alone = self.answers() == 1 && self.is_reader_free();
        let room = self.has_room();
        let Some(lane) = &mut self.lanes[QUICK] else {
            return;
        };
        let wants: Vec<Want> = lane.slots.iter().map(super::slot::Slot::want).collect();
        let longest = wants.iter().map(|want| want.left()).max().unwrap_or(0);
        // A large piece is worth stopping, but only for somebody who can begin.
        let stoppable = alone && room && longest > self.pace.piece(false);
        let takes = plan(&wants, self.pace.piece(alone));
        let queue = self.config.queue.clone();
        let mut goes_on = || !queue.has_news();
        let began = self.config.clock.now();
        self.tick += 1;
        let outcome = lane.pass(
            &takes,
            self.tick,
            stoppable.then_some(&mut goes_on as &mut dyn FnMut() -> bool),
        );
        let took = self.config.clock.now().saturating_duration_since(began);
        self.settle(QUICK, outcome, took);
    }

    /// Turns of answers with a seed: a token for each that writes, as far as others may wait, or a
    /// piece of a prompt.
    pub(super) fn pass_seeded(&mut self) {
        let began = self.config.clock.now();
        let mut turns = self.busy(SEEDED);
        while turns > 0 && self.turn() == Some(Want::Token) {
            turns -= 1;
            let spent = self.config.clock.now().saturating_duration_since(began);
            if spent >= BESIDE_OTHERS || self.config.queue.has_news() {
                return;
            }
        }
    }

    /// One turn; answers what it was for.
    fn turn(&mut self) -> Option<Want> {
        let lane = self.lanes[SEEDED].as_ref()?;
        let slots = lane.slots.iter().enumerate();
        let waiting: Vec<Waiting> = slots
            .map(|(number, slot)| Waiting {
                slot: number,
                want: slot.want(),
                last_used: slot.last_used,
            })
            .collect();
        let slot = self.turns.next(&waiting)?;
        let want = waiting[slot].want;
        let from = lane.slots[slot].cached.len();
        let mut takes = vec![0; waiting.len()];
        takes[slot] = match want {
            Want::Prompt { left, .. } => piece(from, from + left),
            Want::Token | Want::Nothing => 1,
        };
        let began = self.config.clock.now();
        let mut under = Under {
            since: began,
            paused: Duration::ZERO,
            // Not again before it has got on: else newcomers could hold it up for ever.
            stoppable: lane.slots[slot].stops <= from / PIECE,
        };
        self.tick += 1;
        let tick = self.tick;
        // Out of reach of whoever has a turn in between.
        let mut lane = self.lanes[SEEDED].take()?;
        self.away = lane.busy();
        let outcome = match want {
            Want::Prompt { .. } => lane.pass(&takes, tick, Some(&mut || self.between(&mut under))),
            Want::Token | Want::Nothing => lane.pass(&takes, tick, None),
        };
        self.away = 0;
        self.lanes[SEEDED] = Some(lane);
        let took = self.config.clock.now().saturating_duration_since(began);
        let own = took.saturating_sub(under.paused);
        self.turns.took(want, own);
        self.settle(SEEDED, outcome, own);
        Some(want)
    }

    /// A piece of the text that is read for its vector.
    pub(super) fn read(&mut self) {
        let Some(mut reading) = self.reading.take_if(|reading| reading.text().is_some()) else {
            return;
        };
        let mut under = Under {
            since: self.config.clock.now(),
            paused: Duration::ZERO,
            stoppable: false,
        };
        let outcome = reading.piece(&mut || self.between(&mut under));
        self.reading = Some(reading);
        let outcome = match outcome {
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

    /// Between two steps of a long pass: those without a seed have a turn, in a context of their
    /// own, as soon as somebody comes or one of them has waited long enough. Answers whether the
    /// pass goes on.
    fn between(&mut self, under: &mut Under) -> bool {
        let came = self.config.queue.take_news();
        if came && self.config.queue.is_closed() {
            return false;
        }
        let now = self.config.clock.now();
        let waited = now.saturating_duration_since(under.since);
        if came || (waited >= BESIDE_OTHERS && self.busy(QUICK) > 0) {
            self.leave();
            self.join();
            self.pass_quick();
            under.since = self.config.clock.now();
            under.paused += under.since.saturating_duration_since(now);
        }
        let waits = |worker: &Self| worker.has_room() && worker.config.queue.holds(|job| job.is_seeded());
        !(came && under.stoppable && waits(self))
    }

    fn settle(&mut self, which: usize, outcome: Result<Option<Computed>, Failed>, took: Duration) {
        let computed = match outcome {
            Ok(None) => return,
            Ok(Some(computed)) => computed,
            Err(Failed { slots, error }) => {
                let error = Error::internal("the model could not compute this answer").with_source(error);
                tracing::error!(error = %error, "a pass through the model failed");
                for slot in slots {
                    self.fail(At { lane: which, slot }, error.clone());
                }
                return;
            }
        };
        Stats::add(&self.config.stats.passes, 1);
        self.pace.learn(computed.tokens, took);
        for (slot, tokens, output) in computed.shares {
            self.step(At { lane: which, slot }, tokens, output);
        }
    }

    fn step(&mut self, at: At, computed: usize, output: Option<usize>) {
        let Some(lane) = &mut self.lanes[at.lane] else {
            return;
        };
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
        lane.slots[at.slot].task = Some(task);
        match step {
            Step::On => {}
            Step::Failed(error) => self.fail(at, error),
            Step::Finished => {
                Stats::add(&self.config.stats.finished, 1);
                self.free(at);
            }
        }
    }
}
