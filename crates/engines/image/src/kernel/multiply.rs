//! Products of matrices, cut into tiles over the threads.

use rayon::prelude::*;

use super::{
    Packed,
    shared::Shared,
    tile::{LARGEST, Left, tile},
};

/// What is added to a product while it is still at hand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Finish<'a> {
    /// One value a column.
    pub(crate) bias: Option<&'a [f32]>,
    /// A matrix as large as the result.
    pub(crate) residual: Option<&'a [f32]>,
}

/// Where the rows of the left-hand side are.
pub(crate) trait Rows: Sync {
    /// How many there are.
    fn count(&self) -> usize;
    /// Row `row` as tap `tap` sees it; at least as long as the weights are deep.
    fn row(&self, row: usize, tap: usize) -> &[f32];
}

/// Rows that lie one behind the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dense<'a> {
    pub(crate) values: &'a [f32],
    /// Distance from a row to the next.
    pub(crate) stride: usize,
    pub(crate) count: usize,
}

impl Rows for Dense<'_> {
    fn count(&self) -> usize {
        self.count
    }

    fn row(&self, row: usize, _tap: usize) -> &[f32] {
        &self.values[row * self.stride..]
    }
}

/// Rows that a thread works through before it takes the next piece.
const BLOCK: usize = 16 * 12;

/// `out[row] = Σ_tap rows.row(row, tap) · weights[tap] + finish`; `out` is dense.
pub(crate) fn multiply<R: Rows>(rows: &R, weights: &Packed, finish: Finish<'_>, out: &mut [f32]) {
    assert_eq!(out.len(), rows.count() * weights.columns);
    // A panel stays in the cache while all rows pass it; several pieces only for want of panels.
    let panels = weights.panels();
    let pieces = if panels >= 4 * rayon::current_num_threads() {
        1
    } else {
        rows.count().div_ceil(BLOCK).max(1)
    };
    let length = rows.count().div_ceil(pieces);
    let out = Shared::new(out);
    let work = |task: usize| {
        let (panel, piece) = (task / pieces, task % pieces);
        let range = piece * length..((piece + 1) * length).min(rows.count());
        // SAFETY: tasks differ in their panel (columns) or their piece (rows).
        unsafe { columns(rows, range, (weights, panel), finish, &out) };
    };
    if rayon::current_num_threads() == 1 {
        (0..panels * pieces).for_each(work);
    } else {
        (0..panels * pieces)
            .into_par_iter()
            .with_max_len(1)
            .for_each(work);
    }
}

/// One panel's columns of a range of rows.
///
/// # Safety
/// Nobody else may write those columns of those rows.
unsafe fn columns<R: Rows>(
    rows: &R,
    range: std::ops::Range<usize>,
    (weights, panel): (&Packed, usize),
    finish: Finish<'_>,
    out: &Shared<'_>,
) {
    let (lanes, width) = (weights.lanes, weights.lanes.panel());
    let first = panel * width;
    let used = width.min(weights.columns - first);
    let mut room = Vec::new();
    let values = weights.panel(panel, &mut room);
    let mut sums = [0.0; LARGEST];
    let mut slices: Vec<&[f32]> = Vec::with_capacity(weights.taps * lanes.rows());
    for (at, height) in heights(range, lanes.rows()) {
        slices.clear();
        for tap in 0..weights.taps {
            slices.extend((at..at + height).map(|row| rows.row(row, tap)));
        }
        let left = Left {
            rows: &slices,
            height,
            depth: weights.depth,
        };
        tile(lanes, left, values, &mut sums);
        for (row, sums) in (at..at + height).zip(sums.chunks_exact(width)) {
            let place = row * weights.columns + first;
            // SAFETY: these columns of these rows are ours alone.
            let out = unsafe { out.part(place, used) };
            out.copy_from_slice(&sums[..used]);
            if let Some(bias) = finish.bias {
                add(out, &bias[first..]);
            }
            if let Some(residual) = finish.residual {
                add(out, &residual[place..]);
            }
        }
    }
}

fn add(out: &mut [f32], more: &[f32]) {
    for (out, more) in out.iter_mut().zip(more) {
        *out += more;
    }
}

/// Cuts a range into tiles of nearly the same height, at most `most`.
pub(crate) fn heights(range: std::ops::Range<usize>, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let tiles = range.len().div_ceil(most);
    let (start, len) = (range.start, range.len());
    (0..tiles).map(move |tile| {
        let (from, to) = (tile * len / tiles, (tile + 1) * len / tiles);
        (start + from, to - from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Store;

    #[test]
    fn a_product_is_the_sum_of_products() {
        let (count, depth, columns) = (29, 11, 45);
        let left: Vec<f32> = (0..count * depth).map(|i| (i % 7) as f32 - 3.0).collect();
        let right: Vec<f32> = (0..depth * columns).map(|i| (i % 5) as f32 - 2.0).collect();
        let bias: Vec<f32> = (0..columns).map(|i| i as f32).collect();
        let residual: Vec<f32> = (0..count * columns).map(|i| (i % 3) as f32).collect();
        let rows = Dense {
            values: &left,
            stride: depth,
            count,
        };
        let finish = Finish {
            bias: Some(&bias),
            residual: Some(&residual),
        };
        // Small whole numbers are exact in every form.
        for store in [Store::F32, Store::F16, Store::Bf16] {
            let weights = Packed::new(store, (1, depth, columns), |_, row, column| {
                right[row * columns + column]
            });
            let mut out = vec![0.0; count * columns];
            multiply(&rows, &weights, finish, &mut out);
            for (i, out) in out.iter().enumerate() {
                let (row, column) = (i / columns, i % columns);
                let sum: f32 = (0..depth)
                    .map(|k| left[row * depth + k] * right[k * columns + column])
                    .sum();
                assert_eq!(*out, sum + bias[column] + residual[i], "{store:?}");
            }
        }
    }

    #[test]
    fn tiles_cover_a_range_without_a_gap() {
        for len in 1..40 {
            let mut next = 5;
            for (at, height) in heights(5..5 + len, 12) {
                assert_eq!(at, next);
                assert!((1..=12).contains(&height));
                next += height;
            }
            assert_eq!(next, 5 + len);
        }
    }
}
