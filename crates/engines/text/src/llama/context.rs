//! One context: the KV cache of its sequences, and passes through the model.
//!
//! Speaks to llama.cpp without the binding's own context, which has no way to stop a pass.

use std::{marker::PhantomData, ptr::NonNull, slice};

use busbar_core::{Error, ErrorKind, Result};
use llama_cpp_sys_2 as sys;

use super::{
    Between, Weights,
    backend::backend,
    batch::Batch,
    watch::{Post, at_a_step},
};

/// The sizes of a context.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ContextConfig {
    /// Tokens of each sequence.
    pub(crate) window: u32,
    /// Sequences.
    pub(crate) sequences: u32,
    /// The most tokens of one pass.
    pub(crate) pass: u32,
    /// Threads.
    pub(crate) threads: i32,
    /// Whether vectors are wanted of every token. Logits are then computed of every token too,
    /// which answers must not pay for.
    pub(crate) vectors: bool,
}

/// A token of a pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The token.
    pub(crate) token: u32,
    /// Its place in its sequence.
    pub(crate) position: usize,
    /// Its sequence.
    pub(crate) sequence: usize,
    /// Whether its logits and its vector are wanted.
    pub(crate) output: bool,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// Everything is computed.
    Whole,
    /// It was told not to go on. What its sequences hold from its tokens on is to be forgotten.
    Stopped,
}

/// A pass that failed.
#[derive(Debug, thiserror::Error)]
#[error("a pass through the model failed ({0})")]
pub(crate) struct PassError(i32);

/// A context. Contexts on one model must not be made at the same time; the worker makes its own
/// and is the only one.
#[derive(Debug)]
pub(crate) struct Context<'w> {
    raw: NonNull<sys::llama_context>,
    batch: Batch,
    words: usize,
    dimensions: usize,
    /// llama.cpp holds its address.
    post: Post,
    _weights: PhantomData<&'w Weights>,
}

impl<'w> Context<'w> {
    /// Takes the memory for every sequence's cache.
    pub(crate) fn new(weights: &'w Weights, config: ContextConfig) -> Result<Self> {
        backend()?;
        let post = Post::new();
        // SAFETY: reads defaults; the pointers in them are null.
        let mut params = unsafe { sys::llama_context_default_params() };
        params.n_ctx = config.window.saturating_mul(config.sequences);
        params.n_seq_max = config.sequences;
        params.n_batch = config.pass;
        params.n_ubatch = config.pass;
        params.n_threads = config.threads;
        params.n_threads_batch = config.threads;
        params.flash_attn_type = sys::LLAMA_FLASH_ATTN_TYPE_ENABLED;
        params.kv_unified = false;
        params.type_k = sys::GGML_TYPE_F16;
        params.type_v = sys::GGML_TYPE_F16;
        params.embeddings = config.vectors;
        params.pooling_type = sys::LLAMA_POOLING_TYPE_NONE;
        params.no_perf = true;
        // A GPU is quick enough to be waited for, and would have to be asked after every step.
        if weights.are_on_processor() {
            params.cb_eval = Some(at_a_step);
            params.cb_eval_user_data = post.address();
        }
        // SAFETY: the model outlives the context (`'w`), and so does the post, which is kept.
        let raw = unsafe { sys::llama_init_from_model(weights.raw(), params) };
        let raw = NonNull::new(raw).ok_or_else(|| {
            Error::new(
                ErrorKind::Unavailable,
                format!(
                    "a context of {} sequences of {} tokens could not be made: is there memory for it? \
                     Fewer `sequences` or a smaller `context_window` need less",
                    config.sequences, config.window
                ),
            )
        })?;
        Ok(Self {
            raw,
            batch: Batch::new(config.pass),
            words: weights.words(),
            dimensions: weights.dimensions(),
            post,
            _weights: PhantomData,
        })
    }

    /// Computes a pass. More entries than the pass is made for are refused here: llama.cpp would
    /// end the process.
    pub(crate) fn pass(&mut self, entries: &[Entry]) -> Result<(), PassError> {
        const DONE: i32 = 0;
        const REFUSED: i32 = -1;
        let batch = self.batch.fill(entries).ok_or(PassError(REFUSED))?;
        // SAFETY: the context is ours alone (`&mut self`), and the batch holds what it says.
        match unsafe { sys::llama_decode(self.raw.as_ptr(), batch) } {
            DONE => Ok(()),
            code => Err(PassError(code)),
        }
    }

    /// Computes a pass, and asks between its steps whether to go on. On a GPU nothing is asked.
    pub(crate) fn pass_watched(
        &mut self,
        entries: &[Entry],
        between: Between<'_>,
    ) -> Result<Passed, PassError> {
        let post = self.post.clone();
        match post.during(between, || self.pass(entries)) {
            (_, true) => Ok(Passed::Stopped),
            (outcome, false) => outcome.map(|()| Passed::Whole),
        }
    }

    /// The logits of an entry of the last pass whose output was wanted; none where it was not.
    pub(crate) fn logits(&self, entry: usize) -> &[f32] {
        let entry = i32::try_from(entry).unwrap_or(i32::MAX);
        // SAFETY: llama.cpp checks the number and answers null where there is no such output; else
        // the row is as long as the vocabulary, and stays until the next pass (`&mut self`).
        unsafe {
            let row = sys::llama_get_logits_ith(self.raw.as_ptr(), entry);
            if row.is_null() {
                return &[];
            }
            slice::from_raw_parts(row, self.words)
        }
    }

    /// The last layer's vector of an entry of the last pass whose output was wanted.
    pub(crate) fn vector(&self, entry: usize) -> Result<&[f32]> {
        let entry = i32::try_from(entry).unwrap_or(i32::MAX);
        // SAFETY: as for logits; the row is as long as the model's output vectors.
        unsafe {
            let row = sys::llama_get_embeddings_ith(self.raw.as_ptr(), entry);
            if row.is_null() {
                return Err(Error::internal("the model gave no vector for a token"));
            }
            Ok(slice::from_raw_parts(row, self.dimensions))
        }
    }

    /// Forgets a sequence from a place on; answers whether that could be done (models with a
    /// recurrent state can only forget all of it).
    pub(crate) fn trim(&mut self, sequence: usize, keep: usize) -> bool {
        let (Ok(sequence), Ok(keep)) = (i32::try_from(sequence), i32::try_from(keep)) else {
            return false;
        };
        // SAFETY: the context is ours alone; a sequence that does not exist is refused.
        unsafe { sys::llama_memory_seq_rm(self.memory(), sequence, keep, TO_THE_END) }
    }

    /// Forgets a sequence.
    pub(crate) fn clear(&mut self, sequence: usize) {
        // Forgetting everything always succeeds.
        self.trim(sequence, 0);
    }

    /// Makes one sequence's cache a copy of another's.
    pub(crate) fn copy(&mut self, from: usize, to: usize) {
        const FROM_THE_START: i32 = -1;
        let (Ok(from), Ok(to)) = (i32::try_from(from), i32::try_from(to)) else {
            return;
        };
        // SAFETY: the context is ours alone, and both sequences are among those it was made for.
        unsafe { sys::llama_memory_seq_cp(self.memory(), from, to, FROM_THE_START, TO_THE_END) }
    }

    fn memory(&self) -> sys::llama_memory_t {
        // SAFETY: reads a field of a context that lives.
        unsafe { sys::llama_get_memory(self.raw.as_ptr()) }
    }
}

const TO_THE_END: i32 = -1;

// SAFETY: a context may be used from any thread, by one at a time, which `&mut` sees to.
unsafe impl Send for Context<'_> {}

impl Drop for Context<'_> {
    fn drop(&mut self) {
        // SAFETY: ours alone, and not used any more.
        unsafe { sys::llama_free(self.raw.as_ptr()) }
    }
}

#[cfg(test)]
mod shapes;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tiny;
