//! Convolutions with the normalisation that follows them: one convolution, for it is linear.

use busbar_core::Result;

use super::{StateDict, unusable};

/// What is added to a variance before its root is taken.
const EPSILON: f32 = 1e-3;

/// A convolution's weights and bias with `y = (x − mean) ÷ √(variance + ε) × weight + bias` in them.
pub(super) struct Folded {
    pub(super) shape: Vec<usize>,
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

pub(super) fn fold(weights: &StateDict, convolution: &str, norm: &str) -> Result<Folded> {
    let (shape, kernel) = weights.get(&format!("{convolution}.weight"))?;
    let outputs = shape.first().copied().unwrap_or(0);
    let of = |name: &str| {
        let (_, numbers) = weights.get(&format!("{norm}.{name}"))?;
        if numbers.len() == outputs && outputs > 0 {
            Ok(numbers)
        } else {
            Err(unusable(format!("`{norm}.{name}` does not fit `{convolution}`")))
        }
    };
    let (mean, variance) = (of("running_mean")?, of("running_var")?);
    let (scale, shift) = (of("weight")?, of("bias")?);
    let factors: Vec<f32> = scale
        .iter()
        .zip(variance)
        .map(|(scale, variance)| scale / (variance + EPSILON).sqrt())
        .collect();
    let each = kernel.len() / outputs;
    Ok(Folded {
        shape: shape.to_vec(),
        weights: kernel
            .chunks_exact(each)
            .zip(&factors)
            .flat_map(|(kernel, factor)| kernel.iter().map(move |weight| weight * factor))
            .collect(),
        bias: (0..outputs)
            .map(|at| shift[at] - mean[at] * factors[at])
            .collect(),
    })
}
