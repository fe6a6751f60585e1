//! Which slot a request gets, and how much of its prompt is already computed there.

/// What is known of a slot when a request is to be placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotView<'a> {
    /// Whether a request may be placed here.
    pub(super) free: bool,
    /// The tokens whose keys and values it holds, as far as others may use them.
    pub(super) cached: &'a [u32],
    /// The pass in which it was last used; smaller is longer ago.
    pub(super) last_used: u64,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The slot.
    pub(super) slot: usize,
    /// How many tokens of the prompt need not be computed.
    pub(super) reuse: usize,
    /// The slot whose cache is copied over first, where it is not the slot's own.
    pub(super) copy_from: Option<usize>,
}

/// Copying a cache between slots costs about as much as computing this many tokens.
const WORTH_COPYING: usize = 128;

/// Chooses a free slot for a prompt; `None` where none is free.
///
/// A slot that holds the beginning of this very conversation is continued. Else the one unused for
/// longest is taken, and a long common beginning (a system prompt) is copied from where it is.
/// Beginnings are used up to a multiple of `step` only.
pub(super) fn place(slots: &[SlotView<'_>], prompt: &[u32], step: usize) -> Option<Place> {
    // The last token is always computed: its logits choose the first token of the answer.
    let usable = prompt.len().saturating_sub(1);
    let common = |slot: usize| {
        let cached = slots[slot].cached;
        let common = cached.iter().zip(prompt).take_while(|(a, b)| a == b).count();
        common.min(usable) / step.max(1) * step.max(1)
    };
    let free = || (0..slots.len()).filter(|&slot| slots[slot].free);
    let own = free().max_by_key(|&slot| (common(slot), std::cmp::Reverse(slots[slot].last_used)))?;
    let shared = common(own);
    // Continuing here throws away the rest of what the slot holds; that is right where most of it
    // is this conversation.
    if shared > 0 && 2 * shared >= slots[own].cached.len() {
        return Some(Place {
            slot: own,
            reuse: shared,
            copy_from: None,
        });
    }
    let oldest = free().min_by_key(|&slot| (slots[slot].last_used, slot))?;
    let source = (0..slots.len()).max_by_key(|&slot| (common(slot), std::cmp::Reverse(slot)))?;
    let copyable = common(source);
    if source != oldest && copyable >= WORTH_COPYING && copyable > common(oldest) {
        return Some(Place {
            slot: oldest,
            reuse: copyable,
            copy_from: Some(source),
        });
    }
    Some(Place {
        slot: oldest,
        reuse: common(oldest),
        copy_from: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(free: bool, cached: &[u32], last_used: u64) -> SlotView<'_> {
        SlotView {
            free,
            cached,
            last_used,
        }
    }

    #[test]
    fn a_conversation_goes_on_in_its_own_slot() {
        let slots = [
            slot(true, &[], 0),
            slot(true, &[1, 2, 3, 4], 9),
            slot(true, &[1, 9], 5),
        ];
        let place = place(&slots, &[1, 2, 3, 4, 5, 6], 1).unwrap();
        assert_eq!(
            place,
            Place {
                slot: 1,
                reuse: 4,
                copy_from: None
            }
        );
    }

    #[test]
    fn the_last_token_of_a_prompt_is_always_computed() {
        let slots = [slot(true, &[1, 2, 3], 0)];
        assert_eq!(place(&slots, &[1, 2, 3], 1).unwrap().reuse, 2);
    }

    #[test]
    fn a_new_conversation_takes_the_slot_unused_for_longest() {
        let slots = [
            slot(true, &[7, 8], 4),
            slot(true, &[7, 9], 2),
            slot(false, &[], 0),
        ];
        assert_eq!(
            place(&slots, &[1, 2], 1).unwrap(),
            Place {
                slot: 1,
                reuse: 0,
                copy_from: None
            }
        );
    }

    #[test]
    fn a_long_system_prompt_is_copied_from_a_busy_slot() {
        let long: Vec<u32> = (0..300).collect();
        let mut prompt = long.clone();
        prompt.extend([900, 901]);
        let slots = [slot(false, &long, 8), slot(true, &[], 0)];
        assert_eq!(
            place(&slots, &prompt, 1).unwrap(),
            Place {
                slot: 1,
                reuse: 300,
                copy_from: Some(0)
            }
        );
    }

    #[test]
    fn a_short_common_beginning_does_not_cost_another_conversation_its_cache() {
        let other: Vec<u32> = (0..300).collect();
        let prompt = [0, 1, 2, 900];
        let slots = [slot(true, &other, 8), slot(true, &[], 3)];
        assert_eq!(
            place(&slots, &prompt, 1).unwrap(),
            Place {
                slot: 1,
                reuse: 0,
                copy_from: None
            }
        );
    }

    #[test]
    fn no_free_slot_is_no_place() {
        assert_eq!(place(&[slot(false, &[], 0)], &[1], 1), None);
    }

    #[test]
    fn a_beginning_is_used_up_to_a_step_only() {
        let held: Vec<u32> = (0..200).collect();
        let slots = [slot(true, &held, 0)];
        let reuse = |length: usize| place(&slots, &held[..length], 64).unwrap().reuse;
        assert_eq!([64, 65, 128, 129, 200].map(reuse), [0, 64, 64, 128, 192]);
    }
}
