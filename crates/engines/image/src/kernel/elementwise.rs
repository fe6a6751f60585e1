//! Functions of single values, in a form that the compiler can make vectors of.

use rayon::prelude::*;

use super::lanes::for_lanes;

/// Values that a thread takes at once.
const PIECE: usize = 1 << 15;

/// `eˣ` within two units of the last place, without a branch. Cody and Waite's reduction, then a
/// polynomial of sixth degree.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const HIGH: f32 = 0.693_359_4;
    const LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.3, 88.7);
    // Adding and subtracting 1.5·2²³ rounds to a whole number, whatever instructions there are.
    const MAGIC: f32 = 12_582_912.0;
    let shifted = x * std::f32::consts::LOG2_E + MAGIC;
    let n = shifted - MAGIC;
    let r = x - n * HIGH - n * LOW;
    let mut p = 1.388_888_9e-3;
    p = p * r + 8.333_334e-3;
    p = p * r + 4.166_666_6e-2;
    p = p * r + 1.666_666_7e-1;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    // The whole number sits in the low bits of `shifted`; 2ⁿ is made in two halves, as n may be 128.
    let n = shifted.to_bits().cast_signed() - MAGIC.to_bits().cast_signed();
    let half = n >> 1;
    let power = |n: i32| f32::from_bits(((n + 127) << 23).cast_unsigned());
    p * power(half) * power(n - half)
}

/// `1 / (1 + e⁻ˣ)`
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The Gaussian error function within 1.5·10⁻⁷ (Abramowitz and Stegun 7.1.26).
#[inline(always)]
fn erf(x: f32) -> f32 {
    let a = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * a);
    let p = ((((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74) * t + 0.254_829_6) * t;
    (1.0 - p * exp(-a * a)).copysign(x)
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// A function of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// `x · sigmoid(x)`
    Silu,
    /// `x · Φ(x)`
    Gelu,
    /// `x · sigmoid(1.702 x)`
    QuickGelu,
}

/// Every value by itself.
pub(crate) fn apply(function: Function, values: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    out.par_chunks_mut(PIECE)
        .zip(values.par_chunks(PIECE))
        .for_each(|(out, values)| match function {
            Function::Silu => silu_all(values, out),
            Function::Gelu => gelu_all(values, out),
            Function::QuickGelu => quick_gelu_all(values, out),
        });
    out
}

/// The first half of each row times the GELU of the second.
pub(crate) fn gated_gelu(values: &[f32], row: usize) -> Vec<f32> {
    let half = row / 2;
    let mut out = vec![0.0; values.len() / 2];
    let rows = (PIECE / row).max(1);
    out.par_chunks_mut(rows * half)
        .zip(values.par_chunks(rows * row))
        .for_each(|(out, values)| gate_all(values, half, out));
    out
}

for_lanes! {
    fn silu_all(values: &[f32], out: &mut [f32]) {
        for (value, out) in values.iter().zip(out) {
            *out = value * sigmoid(*value);
        }
    }
}

for_lanes! {
    fn gelu_all(values: &[f32], out: &mut [f32]) {
        for (value, out) in values.iter().zip(out) {
            *out = gelu(*value);
        }
    }
}

for_lanes! {
    fn quick_gelu_all(values: &[f32], out: &mut [f32]) {
        for (value, out) in values.iter().zip(out) {
            *out = value * sigmoid(1.702 * value);
        }
    }
}

for_lanes! {
    fn gate_all(values: &[f32], half: usize, out: &mut [f32]) {
        for (row, out) in values.chunks_exact(2 * half).zip(out.chunks_exact_mut(half)) {
            let (value, gate) = row.split_at(half);
            for ((value, gate), out) in value.iter().zip(gate).zip(out) {
                *out = value * gelu(*gate);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_over_its_whole_range() {
        for i in -8700..8800 {
            let x = i as f32 / 100.0;
            let (right, ours) = (f64::from(x).exp(), f64::from(exp(x)));
            assert!(
                (ours / right - 1.0).abs() < 1e-6,
                "{x}: {ours} instead of {right}"
            );
        }
        assert!(exp(-1000.0) < 1e-37);
        assert!(exp(1000.0) > 1e38);
    }

    #[test]
    fn gelu_is_right() {
        // Values of x·Φ(x).
        for (x, right) in [
            (-3.0, -0.004_049_694),
            (-1.0, -0.158_655_26),
            (0.0, 0.0),
            (0.5, 0.345_731_23),
            (2.0, 1.954_499_8),
        ] {
            assert!(
                (gelu(x) - right).abs() < 1e-6,
                "{x}: {} instead of {right}",
                gelu(x)
            );
        }
    }
}
