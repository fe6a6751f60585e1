//! The tokens of one pass, in llama.cpp's own arrays.

use llama_cpp_sys_2 as sys;

use super::Entry;

/// Room for the tokens of one pass.
#[derive(Debug)]
pub(super) struct Batch {
    raw: sys::llama_batch,
    room: usize,
}

impl Batch {
    /// Room for so many tokens, each of one sequence.
    pub(super) fn new(room: u32) -> Self {
        let tokens = i32::try_from(room).unwrap_or(i32::MAX);
        // SAFETY: allocates arrays of `tokens` places; freed once, in `drop`.
        let raw = unsafe { sys::llama_batch_init(tokens, 0, 1) };
        Self {
            raw,
            room: room as usize,
        }
    }

    /// What llama.cpp reads, filled with these entries; `None` where they are none, too many, or a
    /// number of theirs too large.
    pub(super) fn fill(&mut self, entries: &[Entry]) -> Option<sys::llama_batch> {
        if entries.is_empty() || entries.len() > self.room {
            return None;
        }
        for (place, entry) in entries.iter().enumerate() {
            let token = i32::try_from(entry.token).ok()?;
            let position = i32::try_from(entry.position).ok()?;
            let sequence = i32::try_from(entry.sequence).ok()?;
            // SAFETY: `place` is below `room`, for which every array was allocated; each token has
            // room for one sequence.
            unsafe {
                *self.raw.token.add(place) = token;
                *self.raw.pos.add(place) = position;
                *self.raw.n_seq_id.add(place) = 1;
                **self.raw.seq_id.add(place) = sequence;
                *self.raw.logits.add(place) = i8::from(entry.output);
            }
        }
        self.raw.n_tokens = i32::try_from(entries.len()).ok()?;
        Some(self.raw)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // SAFETY: came from `llama_batch_init` and is not used any more.
        unsafe { sys::llama_batch_free(self.raw) }
    }
}
