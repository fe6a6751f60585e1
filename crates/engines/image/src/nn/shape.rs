//! Putting pictures together and making them larger.

use candle_core::{D, Device, Result, Tensor};

use super::{on_kernels, with_values};

/// The channels of `a`, then those of `b`.
pub(crate) fn concat_channels(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if !on_kernels(a) {
        return Tensor::cat(&[a, b], D::Minus1)?.contiguous();
    }
    let (width_a, width_b) = (a.dim(D::Minus1)?, b.dim(D::Minus1)?);
    let mut shape = a.dims().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = width_a + width_b;
    }
    let out = with_values(a, |a| {
        with_values(b, |b| {
            let mut out = Vec::with_capacity(a.len() + b.len());
            for (a, b) in a.chunks_exact(width_a).zip(b.chunks_exact(width_b)) {
                out.extend_from_slice(a);
                out.extend_from_slice(b);
            }
            out
        })
    })??;
    Tensor::from_vec(out, shape, &Device::Cpu)
}

/// Each pixel becomes as many as it takes to fill `rows` × `columns`: the nearest is taken.
pub(crate) fn upsample(x: &Tensor, (rows, columns): (usize, usize)) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    if !on_kernels(x) {
        return x
            .permute((0, 3, 1, 2))?
            .contiguous()?
            .upsample_nearest2d(rows, columns)?
            .permute((0, 2, 3, 1))?
            .contiguous();
    }
    let out = with_values(x, |values| {
        let mut out = Vec::with_capacity(batch * rows * columns * channels);
        for picture in values.chunks_exact(height * width * channels) {
            for row in 0..rows {
                let line = &picture[row * height / rows * width * channels..][..width * channels];
                for column in 0..columns {
                    out.extend_from_slice(&line[column * width / columns * channels..][..channels]);
                }
            }
        }
        out
    })?;
    Tensor::from_vec(out, (batch, rows, columns, channels), &Device::Cpu)
}
