//! Scaled dot-product attention.

use candle_core::{DType, Device, Result, Tensor};

use super::{on_kernels, with_values};
use crate::kernel::attention::{Sizes, attend as attend_on_kernel};

/// How to attend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attend {
    /// Into how many heads the channels are cut.
    pub(crate) heads: usize,
    /// Whether a place sees only those up to itself.
    pub(crate) causal: bool,
    /// The most bytes that scores may take on a GPU.
    pub(crate) score_bytes: usize,
}

/// `softmax(q kᵀ / √width) v`; all are `(batch, places, channels)`.
pub(crate) fn attend(q: &Tensor, k: &Tensor, v: &Tensor, how: Attend) -> Result<Tensor> {
    let (batch, queries, channels) = q.dims3()?;
    let keys = k.dim(1)?;
    let width = channels / how.heads;
    if !on_kernels(q) {
        return on_candle(q, k, v, how);
    }
    let sizes = Sizes {
        batch,
        queries,
        keys,
        heads: how.heads,
        width,
        causal: how.causal,
    };
    let out = with_values(q, |q| {
        with_values(k, |k| with_values(v, |v| attend_on_kernel(q, k, v, sizes)))
    })???;
    Tensor::from_vec(out, (batch, queries, channels), &Device::Cpu)
}

fn on_candle(q: &Tensor, k: &Tensor, v: &Tensor, how: Attend) -> Result<Tensor> {
    let (batch, queries, channels) = q.dims3()?;
    let keys = k.dim(1)?;
    let width = channels / how.heads;
    let split = |x: &Tensor| {
        x.reshape((batch, (), how.heads, width))?
            .transpose(1, 2)?
            .contiguous()
    };
    let (q, k, v) = (split(q)?, split(k)?.t()?.contiguous()?, split(v)?);
    let q = (q * (width as f64).powf(-0.5))?;
    let bytes = batch * how.heads * keys * DType::F32.size_in_bytes();
    let slice = (how.score_bytes / bytes).clamp(1, queries);
    let mut parts = Vec::new();
    for start in (0..queries).step_by(slice) {
        let len = slice.min(queries - start);
        // Half precision overflows here in Stable Diffusion 2.1.
        let mut scores = q
            .narrow(2, start, len)?
            .contiguous()?
            .matmul(&k)?
            .to_dtype(DType::F32)?;
        if how.causal {
            scores = scores.broadcast_add(&mask(start, len, keys, q.device())?)?;
        }
        let weights = candle_nn::ops::softmax_last_dim(&scores)?.to_dtype(q.dtype())?;
        parts.push(weights.matmul(&v)?);
    }
    Tensor::cat(&parts, 2)?
        .transpose(1, 2)?
        .reshape((batch, queries, channels))
}

fn mask(start: usize, len: usize, keys: usize, device: &Device) -> Result<Tensor> {
    let values: Vec<f32> = (start..start + len)
        .flat_map(|query| (0..keys).map(move |key| if key > query { f32::NEG_INFINITY } else { 0.0 }))
        .collect();
    Tensor::from_vec(values, (len, keys), device)
}

#[cfg(test)]
mod tests {
    use candle_core::D;

    use super::*;

    #[test]
    fn our_kernel_attends_as_candle_does() -> Result<()> {
        for (causal, queries, keys) in [(false, 70, 33), (true, 77, 77), (false, 5, 100)] {
            let device = Device::Cpu;
            let q = Tensor::randn(0_f32, 1.0, (2, queries, 24), &device)?;
            let k = Tensor::randn(0_f32, 1.0, (2, keys, 24), &device)?;
            let v = Tensor::randn(0_f32, 1.0, (2, keys, 24), &device)?;
            for score_bytes in [1 << 30, 1] {
                let how = Attend {
                    heads: 3,
                    causal,
                    score_bytes,
                };
                let (ours, theirs) = (attend(&q, &k, &v, how)?, on_candle(&q, &k, &v, how)?);
                let gap = (ours - theirs)?.abs()?.flatten_all()?.max(D::Minus1)?;
                assert!(gap.to_scalar::<f32>()? < 1e-5);
            }
        }
        Ok(())
    }
}
