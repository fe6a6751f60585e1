//! Attention over packed keys and values, a few queries at a time.

use rayon::prelude::*;

use super::{
    elementwise::exp,
    lanes::{Lanes, for_lanes},
    multiply::heights,
    shared::Shared,
    tile::{LARGEST, Left, tile},
};

/// The sizes of an attention.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) queries: usize,
    pub(crate) keys: usize,
    pub(crate) heads: usize,
    /// Length of a head's vectors.
    pub(crate) width: usize,
    /// Whether a query sees only the keys up to its own place.
    pub(crate) causal: bool,
}

/// Queries whose scores a thread holds at once: with 4096 keys 400 KB.
const QUERIES: usize = 24;

/// `softmax(q kᵀ / √width) v`, heads side by side in each row of `q`, `k`, `v` and the result.
///
/// No more scores are ever held than `QUERIES` rows a thread.
pub(crate) fn attend(q: &[f32], k: &[f32], v: &[f32], sizes: Sizes) -> Vec<f32> {
    let Sizes {
        batch,
        queries,
        keys,
        heads,
        width,
        ..
    } = sizes;
    let row = heads * width;
    assert!(
        q.len() >= batch * queries * row && k.len() >= batch * keys * row && v.len() >= batch * keys * row
    );
    let mut out = vec![0.0; batch * queries * row];
    let shared = Shared::new(&mut out);
    // Few heads are cut further, so that no thread is without work.
    let pieces = (4 * rayon::current_num_threads())
        .div_ceil(batch * heads)
        .min(queries.div_ceil(QUERIES));
    let length = queries.div_ceil(pieces);
    (0..batch * heads * pieces)
        .into_par_iter()
        .with_max_len(1)
        .for_each(|task| {
            let (place, piece) = (task / pieces, task % pieces);
            let (item, head) = (place / heads, place % heads);
            let from = |values| Strided {
                values,
                start: item * keys * row + head * width,
                stride: row,
            };
            let packed = Head::new(from(k), from(v), sizes);
            let range = piece * length..((piece + 1) * length).min(queries);
            let mut scores = Vec::new();
            for (at, count) in heights(range, QUERIES) {
                let block = Block {
                    at,
                    count,
                    start: (item * queries + at) * row + head * width,
                    stride: row,
                };
                // SAFETY: tasks differ in their picture, their head or their queries.
                unsafe { packed.answer(q, block, &mut scores, &shared) };
            }
        });
    out
}

#[derive(Clone, Copy)]
struct Strided<'a> {
    values: &'a [f32],
    start: usize,
    stride: usize,
}

impl<'a> Strided<'a> {
    fn row(&self, row: usize, width: usize) -> &'a [f32] {
        &self.values[self.start + row * self.stride..][..width]
    }
}

/// Some queries of one head.
#[derive(Clone, Copy)]
struct Block {
    at: usize,
    count: usize,
    start: usize,
    stride: usize,
}

/// One head's keys and values as panels.
struct Head {
    keys: Vec<f32>,
    values: Vec<f32>,
    sizes: Sizes,
    lanes: Lanes,
}

impl Head {
    fn new(k: Strided<'_>, v: Strided<'_>, sizes: Sizes) -> Self {
        let lanes = Lanes::here();
        let panel = lanes.panel();
        let mut keys = vec![0.0; sizes.keys.div_ceil(panel) * panel * sizes.width];
        for key in 0..sizes.keys {
            let start = key / panel * panel * sizes.width + key % panel;
            for (i, value) in k.row(key, sizes.width).iter().enumerate() {
                keys[start + i * panel] = *value;
            }
        }
        let mut values = vec![0.0; sizes.width.div_ceil(panel) * panel * sizes.keys];
        for key in 0..sizes.keys {
            for (i, part) in v.row(key, sizes.width).chunks(panel).enumerate() {
                values[(i * sizes.keys + key) * panel..][..part.len()].copy_from_slice(part);
            }
        }
        Self {
            keys,
            values,
            sizes,
            lanes,
        }
    }

    /// # Safety
    /// Nobody else may write the block's part of `out`.
    unsafe fn answer(&self, q: &[f32], block: Block, scores: &mut Vec<f32>, out: &Shared<'_>) {
        let Sizes { keys, width, .. } = self.sizes;
        let panel = self.lanes.panel();
        let stride = keys.div_ceil(panel) * panel;
        scores.resize(block.count * stride, 0.0);
        let mut sums = [0.0; LARGEST];
        for (at, height) in heights(0..block.count, self.lanes.rows()) {
            let rows: Vec<&[f32]> = (at..at + height)
                .map(|row| &q[block.start + row * block.stride..][..width])
                .collect();
            let left = Left {
                rows: &rows,
                height,
                depth: width,
            };
            for (i, keys) in self.keys.chunks_exact(panel * width).enumerate() {
                tile(self.lanes, left, keys, &mut sums);
                for (row, sums) in (at..at + height).zip(sums.chunks_exact(panel)) {
                    scores[row * stride + i * panel..][..panel].copy_from_slice(sums);
                }
            }
        }
        let scale = (width as f32).sqrt().recip();
        let mut inverse = [0.0; QUERIES];
        for (row, inverse) in inverse.iter_mut().enumerate().take(block.count) {
            let seen = if self.sizes.causal {
                (block.at + row + 1).min(keys)
            } else {
                keys
            };
            let scores = &mut scores[row * stride..][..stride];
            // What is past the end has no weight.
            scores[seen..].fill(0.0);
            let mut sum = 0.0;
            weigh(&mut scores[..seen], scale, &mut sum);
            *inverse = sum.recip();
        }
        for (at, height) in heights(0..block.count, self.lanes.rows()) {
            let rows: Vec<&[f32]> = (at..at + height)
                .map(|row| &scores[row * stride..][..keys])
                .collect();
            let left = Left {
                rows: &rows,
                height,
                depth: keys,
            };
            for (i, values) in self.values.chunks_exact(panel * keys).enumerate() {
                tile(self.lanes, left, values, &mut sums);
                let used = panel.min(width - i * panel);
                for (row, sums) in (at..at + height).zip(sums.chunks_exact(panel)) {
                    // SAFETY: the caller promised this block to us.
                    let out = unsafe { out.part(block.start + row * block.stride + i * panel, used) };
                    for (out, sum) in out.iter_mut().zip(sums) {
                        *out = sum * inverse[row];
                    }
                }
            }
        }
    }
}

for_lanes! {
    /// `e^((x - max) · scale)` in place, and their sum.
    fn weigh(scores: &mut [f32], scale: f32, sum: &mut f32) {
        let mut most = [f32::NEG_INFINITY; 16];
        let (whole, rest) = scores.as_chunks::<16>();
        for values in whole {
            for (most, value) in most.iter_mut().zip(values) {
                *most = if *value > *most { *value } else { *most };
            }
        }
        let most = most.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        let mut sums = [0.0; 16];
        let (whole, rest) = scores.as_chunks_mut::<16>();
        for values in whole {
            for (sum, value) in sums.iter_mut().zip(values) {
                *value = exp((*value - most) * scale);
                *sum += *value;
            }
        }
        *sum = sums.iter().sum();
        for value in rest {
            *value = exp((*value - most) * scale);
            *sum += *value;
        }
    }
}
