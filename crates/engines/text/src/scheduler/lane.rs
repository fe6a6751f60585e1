//! A lane: one context, and the slots that its sequences are.
//!
//! Answers with a seed are computed in a lane of their own, one at a time and in fixed shapes
//! (`turns`); the others share passes of whatever shape is quickest. Neither lane ever reads what
//! the other has computed, so a seeded answer cannot come to depend on it.

use busbar_core::Result;

use super::{
    prefix::{SlotView, place},
    slot::{Request, Slot},
    turns::PIECE,
};
use crate::llama::{Between, Context, ContextConfig, Entry, PassError, Passed, Weights};

/// One context and its slots.
#[derive(Debug)]
pub(super) struct Lane<'w> {
    sizes: ContextConfig,
    /// Made when the first request comes: its cache is memory that is then held.
    context: Option<Context<'w>>,
    pub(super) slots: Vec<Slot>,
    /// Whether prompts find each other's beginnings in whole pieces only.
    whole_pieces: bool,
}

/// What a pass computed.
#[derive(Debug)]
pub(super) struct Computed {
    /// Tokens, of prompts and answers together.
    pub(super) tokens: usize,
    /// For each slot that took part: the slot, its tokens, and which output is its own.
    pub(super) shares: Vec<(usize, usize, Option<usize>)>,
}

/// A pass that failed, with the slots that took part.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) slots: Vec<usize>,
    pub(super) error: PassError,
}

impl<'w> Lane<'w> {
    /// A lane whose passes may have any shape.
    pub(super) fn quick(sizes: ContextConfig) -> Self {
        Self {
            sizes,
            context: None,
            slots: (0..sizes.sequences).map(|_| Slot::default()).collect(),
            whole_pieces: false,
        }
    }

    /// A lane in which a sequence is computed alone and prompts in whole pieces.
    pub(super) fn seeded(sizes: ContextConfig) -> Self {
        Self {
            whole_pieces: true,
            ..Self::quick(sizes)
        }
    }

    /// Makes the context, where it is not made yet.
    pub(super) fn open(&mut self, weights: &'w Weights) -> Result<()> {
        if self.context.is_none() {
            self.context = Some(Context::new(weights, self.sizes)?);
        }
        Ok(())
    }

    /// The context; none before the lane is opened.
    pub(super) fn context(&self) -> Option<&Context<'w>> {
        self.context.as_ref()
    }

    /// How many requests it works on.
    pub(super) fn busy(&self) -> usize {
        self.slots.iter().filter(|slot| slot.task.is_some()).count()
    }

    /// Places a request in a free slot; answers how many tokens of its prompt were found computed,
    /// or gives it back where the lane is closed or full.
    pub(super) fn admit(&mut self, request: Request, since: u64) -> Result<usize, Request> {
        let Some(context) = &mut self.context else {
            return Err(request);
        };
        let views: Vec<SlotView<'_>> = self
            .slots
            .iter()
            .map(|slot| slot.view(self.whole_pieces))
            .collect();
        let step = if self.whole_pieces { PIECE } else { 1 };
        let Some(place) = place(&views, &request.prompt, step) else {
            return Err(request);
        };
        let mut reuse = place.reuse;
        if let Some(source) = place.copy_from {
            context.copy(source, place.slot);
            self.slots[place.slot].cached = self.slots[source].cached.clone();
            self.slots[place.slot].read = self.slots[source].read;
        }
        if !context.trim(place.slot, reuse) {
            context.clear(place.slot);
            reuse = 0;
        }
        self.slots[place.slot].begin(request, reuse, since);
        Ok(reuse)
    }

    /// One pass, of so many tokens for each slot. `between` is asked between its steps, where it is
    /// given. `None` where there was nothing to compute, or the pass was stopped.
    pub(super) fn pass(
        &mut self,
        takes: &[usize],
        tick: u64,
        between: Option<Between<'_>>,
    ) -> Result<Option<Computed>, Failed> {
        let mut entries = Vec::new();
        let mut shares = Vec::new();
        let taking = self.slots.iter().zip(takes).enumerate();
        for (sequence, (slot, &count)) in taking.filter(|(_, (_, count))| **count > 0) {
            let mut own = None;
            for (offset, (token, output)) in slot.take(count).into_iter().enumerate() {
                if output {
                    own = Some(entries.len());
                }
                entries.push(Entry {
                    token,
                    position: slot.cached.len() + offset,
                    sequence,
                    output,
                });
            }
            shares.push((sequence, count, own));
        }
        let Some(context) = self.context.as_mut().filter(|_| !entries.is_empty()) else {
            return Ok(None);
        };
        let outcome = match between {
            Some(between) => context.pass_watched(&entries, between),
            None => context.pass(&entries).map(|()| Passed::Whole),
        };
        match outcome {
            Ok(Passed::Whole) => {}
            Ok(Passed::Stopped) => {
                for &(slot, ..) in &shares {
                    self.keep(slot);
                }
                return Ok(None);
            }
            Err(error) => {
                let slots = shares.iter().map(|&(slot, ..)| slot).collect();
                return Err(Failed { slots, error });
            }
        }
        for &(slot, ..) in &shares {
            let own = entries.iter().filter(|entry| entry.sequence == slot);
            self.slots[slot].hold(own.map(|entry| entry.token), tick);
        }
        let tokens = entries.len();
        Ok(Some(Computed { tokens, shares }))
    }

    /// Forgets what a stopped pass has left behind in a slot, and no more where that can be done.
    fn keep(&mut self, slot: usize) {
        self.slots[slot].stops += 1;
        let kept = self.slots[slot].cached.len();
        if let Some(context) = &mut self.context
            && !context.trim(slot, kept)
        {
            self.forget(slot);
        }
    }

    /// Forgets all that a slot holds.
    pub(super) fn forget(&mut self, slot: usize) {
        if let Some(context) = &mut self.context {
            context.clear(slot);
        }
        self.slots[slot].empty();
    }
}
