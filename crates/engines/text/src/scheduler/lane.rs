//! A lane: one context, and the slots that its sequences are.
//!
//! Answers with a seed are computed in a lane of their own. There every row of a pass is computed
//! the same way, whatever stands beside it; the other lane takes the quickest way for each shape.
//! Neither ever reads what the other has computed, so a seeded answer cannot come to depend on it.

use std::sync::Arc;

use busbar_core::Result;

use super::{
    plan::{Want, plan},
    prefix::{SlotView, place},
    slot::{Request, Slot},
};
use crate::llama::{Brake, Context, ContextConfig, Entry, PassError, Passed, Weights};

/// One context and its slots.
#[derive(Debug)]
pub(super) struct Lane<'w> {
    sizes: ContextConfig,
    /// Made when the first request comes: its cache is memory that is then held.
    context: Option<Context<'w>>,
    pub(super) slots: Vec<Slot>,
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
    pub(super) fn new(sizes: ContextConfig) -> Self {
        Self {
            sizes,
            context: None,
            slots: (0..sizes.sequences).map(|_| Slot::default()).collect(),
        }
    }

    /// Makes the context, where it is not made yet.
    pub(super) fn open(&mut self, weights: &'w Weights, brake: &Arc<Brake>) -> Result<()> {
        if self.context.is_none() {
            self.context = Some(Context::new(weights, self.sizes, brake.clone())?);
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
        let views: Vec<SlotView<'_>> = self.slots.iter().map(Slot::view).collect();
        let Some(place) = place(&views, &request.prompt) else {
            return Err(request);
        };
        let mut reuse = place.reuse;
        if let Some(source) = place.copy_from {
            context.copy(source, place.slot);
            self.slots[place.slot].cached = self.slots[source].cached.clone();
        }
        if !context.trim(place.slot, reuse) {
            context.clear(place.slot);
            reuse = 0;
        }
        self.slots[place.slot].begin(request, reuse, since);
        Ok(reuse)
    }

    /// One pass, with at most `piece` tokens of prompts; `None` where there was nothing to compute,
    /// or somebody came and it was stopped.
    pub(super) fn pass(&mut self, piece: usize, tick: u64) -> Result<Option<Computed>, Failed> {
        let wants: Vec<Want> = self.slots.iter().map(Slot::want).collect();
        let takes = plan(&wants, piece);
        let mut entries = Vec::new();
        let mut shares = Vec::new();
        for (sequence, (slot, &count)) in self.slots.iter().zip(&takes).enumerate() {
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
            if count > 0 {
                shares.push((sequence, count, own));
            }
        }
        let Some(context) = self.context.as_mut().filter(|_| !entries.is_empty()) else {
            return Ok(None);
        };
        match context.pass(&entries) {
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
        for entry in &entries {
            let slot = &mut self.slots[entry.sequence];
            slot.cached.push(entry.token);
            slot.last_used = tick;
        }
        let tokens = entries.len();
        Ok(Some(Computed { tokens, shares }))
    }

    /// Forgets what a stopped pass has left behind in a slot, and no more where that can be done.
    fn keep(&mut self, slot: usize) {
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
        self.slots[slot].cached.clear();
    }
}
