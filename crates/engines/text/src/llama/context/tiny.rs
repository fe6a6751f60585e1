//! A tiny model with random weights, in whatever quantisation llama.cpp has kernels of its own for.

use std::{fs, path::PathBuf};

use crate::llama::{Weights, WeightsConfig};

/// A quantisation, by its number in the file format.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(super) enum Quantisation {
    Q4_0 = 2,
    Q4_1 = 3,
    Q8_0 = 8,
    Q4K = 12,
    Q6K = 14,
}

pub(super) const ALL: [Quantisation; 5] = [
    Quantisation::Q4_0,
    Quantisation::Q4_1,
    Quantisation::Q8_0,
    Quantisation::Q4K,
    Quantisation::Q6K,
];

/// Tokens of its vocabulary.
pub(super) const WORDS: usize = 64;

const F32: u32 = 0;
const WIDTH: usize = 256;
const LAYERS: usize = 2;

/// The model, loaded. Its products are long enough for every kernel, and so is what it forgets: two
/// layers, 256 wide, four heads on two pairs of keys and values.
pub(super) fn model(quantisation: Quantisation) -> Weights {
    let path = path(quantisation);
    fs::write(&path, file(quantisation)).unwrap();
    let weights = Weights::load(WeightsConfig {
        path: &path,
        gpu_layers: 0,
    })
    .unwrap();
    fs::remove_file(&path).unwrap();
    weights
}

fn path(quantisation: Quantisation) -> PathBuf {
    let thread = std::thread::current().id();
    let name = format!("busbar-{}-{thread:?}-{quantisation:?}.gguf", std::process::id());
    std::env::temp_dir().join(name)
}

fn file(quantisation: Quantisation) -> Vec<u8> {
    let mut file = File::default();
    file.text("general.architecture", "llama");
    file.number("llama.block_count", LAYERS);
    file.number("llama.context_length", 2048);
    file.number("llama.embedding_length", WIDTH);
    file.number("llama.feed_forward_length", 2 * WIDTH);
    file.number("llama.attention.head_count", 4);
    file.number("llama.attention.head_count_kv", 2);
    file.number("llama.vocab_size", WORDS);
    file.float("llama.attention.layer_norm_rms_epsilon", 1e-5);
    file.text("tokenizer.ggml.model", "none");
    let kind = quantisation as u32;
    file.tensor("token_embd.weight", [WIDTH, WORDS], kind);
    file.tensor("output.weight", [WIDTH, WORDS], kind);
    file.tensor("output_norm.weight", [WIDTH, 1], F32);
    for layer in 0..LAYERS {
        for (name, shape) in [
            ("attn_q", [WIDTH, WIDTH]),
            ("attn_k", [WIDTH, WIDTH / 2]),
            ("attn_v", [WIDTH, WIDTH / 2]),
            ("attn_output", [WIDTH, WIDTH]),
            ("ffn_gate", [WIDTH, 2 * WIDTH]),
            ("ffn_up", [WIDTH, 2 * WIDTH]),
            ("ffn_down", [2 * WIDTH, WIDTH]),
        ] {
            file.tensor(&format!("blk.{layer}.{name}.weight"), shape, kind);
        }
        for name in ["attn_norm", "ffn_norm"] {
            file.tensor(&format!("blk.{layer}.{name}.weight"), [WIDTH, 1], F32);
        }
    }
    file.bytes()
}

#[derive(Default)]
struct File {
    fields: Vec<u8>,
    field_count: u64,
    tensors: Vec<u8>,
    tensor_count: u64,
    data: Vec<u8>,
    dice: u64,
}

impl File {
    fn text(&mut self, key: &str, value: &str) {
        self.key(key, 8);
        put_text(&mut self.fields, value);
    }

    fn number(&mut self, key: &str, value: usize) {
        self.key(key, 4);
        self.fields.extend(u32::try_from(value).unwrap().to_le_bytes());
    }

    fn float(&mut self, key: &str, value: f32) {
        self.key(key, 6);
        self.fields.extend(value.to_le_bytes());
    }

    fn key(&mut self, key: &str, kind: u32) {
        put_text(&mut self.fields, key);
        self.fields.extend(kind.to_le_bytes());
        self.field_count += 1;
    }

    fn tensor(&mut self, name: &str, shape: [usize; 2], kind: u32) {
        put_text(&mut self.tensors, name);
        self.tensors.extend(2_u32.to_le_bytes());
        for length in shape {
            self.tensors.extend((length as u64).to_le_bytes());
        }
        self.tensors.extend(kind.to_le_bytes());
        self.tensors.extend((self.data.len() as u64).to_le_bytes());
        self.tensor_count += 1;
        let weights = shape[0] * shape[1];
        match kind {
            F32 => (0..weights).for_each(|_| self.data.extend(1_f32.to_le_bytes())),
            kind => self.blocks(kind, weights),
        }
        self.data.resize(self.data.len().next_multiple_of(32), 0);
    }

    /// Random weights around zero, of about a tenth: blocks with random bytes and fitting scales.
    fn blocks(&mut self, kind: u32, weights: usize) {
        let scale = |power: u16| ((15 - power) << 10).to_le_bytes();
        let below_zero = |power: u16| ((15 - power) << 10 | 0x8000).to_le_bytes();
        let (block, random) = match kind {
            2 => (32, 16),
            3 => (32, 16),
            8 => (32, 32),
            12 => (256, 12 + 128),
            _ => (256, 128 + 64 + 16),
        };
        for _ in 0..weights / block {
            match kind {
                2 => self.data.extend(scale(6)),
                3 => self.data.extend([scale(6), below_zero(3)].concat()),
                8 => self.data.extend(scale(10)),
                12 => self.data.extend([scale(11), scale(8)].concat()),
                _ => {}
            }
            for _ in 0..random {
                // Knuth's generator of 64 bits.
                self.dice = self
                    .dice
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                self.data.push((self.dice >> 56) as u8);
            }
            if kind == 14 {
                self.data.extend(scale(14));
            }
        }
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(self.tensor_count.to_le_bytes());
        bytes.extend(self.field_count.to_le_bytes());
        bytes.extend(self.fields);
        bytes.extend(self.tensors);
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(self.data);
        bytes
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}
