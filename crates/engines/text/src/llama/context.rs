//! One context: the KV cache of all sequences, and passes through the model.

use std::num::NonZeroU32;

use busbar_core::{Error, ErrorKind, Result};
use llama_cpp_2::{
    DecodeError,
    context::{
        LlamaContext,
        params::{KvCacheType, LlamaContextParams, LlamaPoolingType},
    },
    llama_batch::LlamaBatch,
    token::LlamaToken,
};

use super::{Weights, backend::backend};

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
    /// Attention that does not depend on how many rows are computed at once.
    pub(crate) reproducible: bool,
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

/// A pass that failed.
#[derive(Debug, thiserror::Error)]
#[error("a pass through the model failed")]
pub(crate) struct PassError(#[source] Option<DecodeError>);

/// A context. Contexts on one model must not be made at the same time; the worker makes its own
/// and is the only one.
#[derive(Debug)]
pub(crate) struct Context<'w> {
    context: LlamaContext<'w>,
    batch: LlamaBatch<'static>,
    pass: usize,
}

impl<'w> Context<'w> {
    /// Takes the memory for every sequence's cache.
    pub(crate) fn new(weights: &'w Weights, config: ContextConfig) -> Result<Self> {
        const FLASH_ATTENTION_ON: i32 = 1;
        // llama.cpp's quicker attention paths are taken by shape (one row; 64 rows and more) and
        // sum in another order. They need keys and values of one type; with two, every row is
        // computed the same way. Seen to cost nothing: see bench/RESULTS.md.
        let values = if config.reproducible {
            KvCacheType::BF16
        } else {
            KvCacheType::F16
        };
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(config.window.saturating_mul(config.sequences)))
            .with_n_seq_max(config.sequences)
            .with_n_batch(config.pass)
            .with_n_ubatch(config.pass)
            .with_n_threads(config.threads)
            .with_n_threads_batch(config.threads)
            .with_flash_attention_policy(FLASH_ATTENTION_ON)
            .with_kv_unified(false)
            .with_type_k(KvCacheType::F16)
            .with_type_v(values)
            .with_embeddings(config.vectors)
            .with_pooling_type(LlamaPoolingType::None)
            .with_no_perf(true);
        let context = weights.model.new_context(backend()?, params).map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                format!(
                    "a context of {} sequences of {} tokens could not be made: is there memory for it? \
                     Fewer `sequences` or a smaller `context_window` need less",
                    config.sequences, config.window
                ),
            )
            .with_source(error)
        })?;
        let pass = config.pass as usize;
        Ok(Self {
            context,
            batch: LlamaBatch::new(pass, 1),
            pass,
        })
    }

    /// Computes a pass. More entries than the pass is made for are refused here: llama.cpp would
    /// end the process.
    pub(crate) fn pass(&mut self, entries: &[Entry]) -> Result<(), PassError> {
        if entries.is_empty() || entries.len() > self.pass {
            return Err(PassError(None));
        }
        self.batch.clear();
        for entry in entries {
            let number = |n: usize| i32::try_from(n).map_err(|_| PassError(None));
            let token = i32::try_from(entry.token).map_err(|_| PassError(None))?;
            self.batch
                .add(
                    LlamaToken(token),
                    number(entry.position)?,
                    &[number(entry.sequence)?],
                    entry.output,
                )
                .map_err(|_| PassError(None))?;
        }
        self.context
            .decode(&mut self.batch)
            .map_err(|error| PassError(Some(error)))
    }

    /// The logits of an entry of the last pass whose output was wanted.
    pub(crate) fn logits(&self, entry: usize) -> &[f32] {
        self.context.get_logits_ith(i32::try_from(entry).unwrap_or(-1))
    }

    /// The last layer's vector of an entry of the last pass whose output was wanted.
    pub(crate) fn vector(&self, entry: usize) -> Result<&[f32]> {
        let entry = i32::try_from(entry).unwrap_or(-1);
        self.context
            .embeddings_ith(entry)
            .map_err(|error| Error::internal("the model gave no vector for a token").with_source(error))
    }

    /// Forgets a sequence from a place on; answers whether that could be done (models with a
    /// recurrent state can only forget all of it).
    pub(crate) fn trim(&mut self, sequence: usize, keep: usize) -> bool {
        let (Ok(sequence), Ok(keep)) = (i32::try_from(sequence), u32::try_from(keep)) else {
            return false;
        };
        self.context.kv_cache_seq_rm(sequence, Some(keep), None).is_ok()
    }

    /// Forgets a sequence.
    pub(crate) fn clear(&mut self, sequence: usize) {
        let Ok(sequence) = i32::try_from(sequence) else {
            return;
        };
        // Forgetting everything always succeeds.
        drop(self.context.kv_cache_seq_rm(sequence, None, None));
    }

    /// Makes one sequence's cache a copy of another's.
    pub(crate) fn copy(&mut self, from: usize, to: usize) {
        let (Ok(from), Ok(to)) = (i32::try_from(from), i32::try_from(to)) else {
            return;
        };
        drop(self.context.copy_kv_cache_seq(from, to, None, None));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::llama::WeightsConfig;

    const FALCON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/fixtures/falcon");

    fn rows(value: &Value) -> impl Iterator<Item = Vec<f64>> + '_ {
        let row = |row: &Value| {
            row.as_array()
                .unwrap()
                .iter()
                .map(|logit| logit.as_f64().unwrap())
                .collect()
        };
        value.as_array().unwrap().iter().map(row)
    }

    fn numbers(value: &Value) -> Vec<usize> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|number| number.as_u64().unwrap() as usize)
            .collect()
    }

    /// The last token's logits, with the prompt computed in pieces of `piece` tokens in the first
    /// sequence while `beside` other sequences compute the same number of tokens.
    fn logits_in_pieces(weights: &Weights, tokens: &[u32], piece: usize, beside: usize) -> Vec<f32> {
        let config = ContextConfig {
            window: 512,
            sequences: 4,
            pass: 512,
            threads: 1,
            reproducible: true,
            vectors: false,
        };
        let mut context = Context::new(weights, config).unwrap();
        let mut last = 0;
        for start in (0..tokens.len()).step_by(piece) {
            let mut entries = Vec::new();
            for sequence in (0..=beside).rev() {
                let end = tokens.len().min(start + piece);
                entries.extend((start..end).map(|position| Entry {
                    // Other text in the other sequences.
                    token: tokens[(position + 7 * sequence) % tokens.len()],
                    position,
                    sequence,
                    output: position + 1 == end,
                }));
            }
            last = entries.len() - 1;
            context.pass(&entries).unwrap();
        }
        context.logits(last).to_vec()
    }

    #[test]
    fn logits_do_not_depend_on_what_is_computed_beside_them() {
        for name in [crate::testing::SMOLLM2, crate::testing::GEMMA] {
            let path = crate::testing::model_file(name);
            let weights = Weights::load(WeightsConfig {
                path: &path,
                gpu_layers: 0,
            })
            .unwrap();
            let tokens = weights.tokenise(
                &"The river was wide, and the boats carried corn and salt. ".repeat(6),
                true,
            );
            let alone = logits_in_pieces(&weights, &tokens, 1, 0);
            for (piece, beside) in [(2, 0), (5, 0), (64, 0), (200, 0), (1, 1), (1, 3), (16, 3)] {
                let other = logits_in_pieces(&weights, &tokens, piece, beside);
                let apart = alone
                    .iter()
                    .zip(&other)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max);
                assert_eq!(apart, 0.0, "{name}, pieces of {piece} beside {beside} others");
            }
        }
    }

    /// Logits of a tiny Falcon as `transformers` computes them; see the script beside the fixture.
    #[test]
    fn a_falcon_gives_the_logits_that_transformers_gives() {
        let path = Path::new(FALCON).join("falcon-tiny.gguf");
        let weights = Weights::load(WeightsConfig {
            path: &path,
            gpu_layers: 0,
        })
        .unwrap();
        let text = std::fs::read_to_string(Path::new(FALCON).join("logits.json")).unwrap();
        let reference: Value = serde_json::from_str(&text).unwrap();
        let tolerance = reference["tolerance"].as_f64().unwrap();
        let config = ContextConfig {
            window: 256,
            sequences: 1,
            pass: 256,
            threads: 1,
            reproducible: true,
            vectors: false,
        };
        let mut context = Context::new(&weights, config).unwrap();
        let mut compared = 0;
        for case in reference["cases"].as_array().unwrap() {
            context.clear(0);
            let tokens = numbers(&case["tokens"]).into_iter().enumerate();
            let entry = |(position, token)| Entry {
                token: token as u32,
                position,
                sequence: 0,
                output: true,
            };
            context.pass(&tokens.map(entry).collect::<Vec<_>>()).unwrap();
            for (position, expected) in numbers(&case["positions"]).into_iter().zip(rows(&case["logits"])) {
                for (got, expected) in context.logits(position).iter().zip(expected) {
                    assert!(
                        (f64::from(*got) - expected).abs() <= tolerance,
                        "{got} is not {expected}"
                    );
                    compared += 1;
                }
            }
        }
        assert!(compared > 1000, "{compared} logits were compared");
    }
}
