//! Group norm (with SiLU if wanted) and layer norm, channels last.

use rayon::prelude::*;

use super::{elementwise::sigmoid, lanes::for_lanes};

/// Rows whose sums are taken in `f32` before they are added up in `f64`.
const RUN: usize = 32;
/// Rows that a thread takes at once.
const PIECE: usize = 256;

/// What a group norm is besides its input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups<'a> {
    pub(crate) count: usize,
    pub(crate) epsilon: f64,
    pub(crate) weight: &'a [f32],
    pub(crate) bias: &'a [f32],
    /// Whether `x · sigmoid(x)` follows.
    pub(crate) silu: bool,
}

/// Normalises each picture of `batch` over its places and the channels of a group.
pub(crate) fn group_norm(values: &[f32], batch: usize, groups: Groups<'_>) -> Vec<f32> {
    let channels = groups.weight.len();
    let mut out = vec![0.0; values.len()];
    let picture = values.len() / batch;
    for (values, out) in values.chunks_exact(picture).zip(out.chunks_exact_mut(picture)) {
        let (scale, shift) = coefficients(values, groups);
        let piece = PIECE * channels;
        out.par_chunks_mut(piece)
            .zip(values.par_chunks(piece))
            .for_each(|(out, values)| {
                if groups.silu {
                    scale_silu(values, &scale, &shift, out);
                } else {
                    scale_only(values, &scale, &shift, out);
                }
            });
    }
    out
}

/// What each channel is multiplied with, and what is added to it then.
fn coefficients(values: &[f32], groups: Groups<'_>) -> (Vec<f32>, Vec<f32>) {
    let channels = groups.weight.len();
    let partial: Vec<Vec<f64>> = values
        .par_chunks(PIECE * channels)
        .map(|values| {
            let mut sums = vec![0.0; 2 * channels];
            for run in values.chunks(RUN * channels) {
                let mut small = vec![0.0; 2 * channels];
                moments(run, channels, &mut small);
                for (sum, small) in sums.iter_mut().zip(small) {
                    *sum += f64::from(small);
                }
            }
            sums
        })
        .collect();
    let width = channels / groups.count;
    let number = (values.len() / channels * width) as f64;
    let mut scale = vec![0.0; channels];
    let mut shift = vec![0.0; channels];
    for group in 0..groups.count {
        let range = group * width..(group + 1) * width;
        let total = |offset: usize| -> f64 {
            partial
                .iter()
                .flat_map(|sums| &sums[range.start + offset..range.end + offset])
                .sum()
        };
        let mean = total(0) / number;
        let variance = (total(channels) / number - mean * mean).max(0.0);
        let inverse = (variance + groups.epsilon).sqrt().recip();
        for channel in range.clone() {
            let factor = f64::from(groups.weight[channel]) * inverse;
            scale[channel] = factor as f32;
            shift[channel] = (f64::from(groups.bias[channel]) - mean * factor) as f32;
        }
    }
    (scale, shift)
}

for_lanes! {
    /// Adds each channel's values and their squares to `sums`.
    fn moments(values: &[f32], channels: usize, sums: &mut [f32]) {
        let (sum, squares) = sums.split_at_mut(channels);
        for row in values.chunks_exact(channels) {
            for ((value, sum), square) in row.iter().zip(sum.iter_mut()).zip(squares.iter_mut()) {
                *sum += value;
                *square += value * value;
            }
        }
    }
}

for_lanes! {
    fn scale_only(values: &[f32], scale: &[f32], shift: &[f32], out: &mut [f32]) {
        let channels = scale.len();
        for (row, out) in values.chunks_exact(channels).zip(out.chunks_exact_mut(channels)) {
            for (((value, scale), shift), out) in row.iter().zip(scale).zip(shift).zip(out) {
                *out = value * scale + shift;
            }
        }
    }
}

for_lanes! {
    fn scale_silu(values: &[f32], scale: &[f32], shift: &[f32], out: &mut [f32]) {
        let channels = scale.len();
        for (row, out) in values.chunks_exact(channels).zip(out.chunks_exact_mut(channels)) {
            for (((value, scale), shift), out) in row.iter().zip(scale).zip(shift).zip(out) {
                let value = value * scale + shift;
                *out = value * sigmoid(value);
            }
        }
    }
}

/// Normalises each row.
pub(crate) fn layer_norm(values: &[f32], weight: &[f32], bias: &[f32], epsilon: f32) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    let piece = PIECE * weight.len();
    out.par_chunks_mut(piece)
        .zip(values.par_chunks(piece))
        .for_each(|(out, values)| normalise_rows(values, weight, bias, epsilon, out));
    out
}

/// Lanes that a sum is taken in, so that it needs no order.
const LANES: usize = 16;

for_lanes! {
    fn normalise_rows(values: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, out: &mut [f32]) {
        let length = weight.len();
        for (row, out) in values.chunks_exact(length).zip(out.chunks_exact_mut(length)) {
            let mean = sum(row, |value| value) / length as f32;
            let variance = sum(row, |value| (value - mean) * (value - mean)) / length as f32;
            let inverse = (variance + epsilon).sqrt().recip();
            for (((value, weight), bias), out) in row.iter().zip(weight).zip(bias).zip(out) {
                *out = (value - mean) * inverse * weight + bias;
            }
        }
    }
}

#[inline(always)]
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (whole, rest) = row.as_chunks::<LANES>();
    for values in whole {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane += of(*value);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|value| of(*value)).sum::<f32>()
}
