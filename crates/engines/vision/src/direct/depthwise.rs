//! Depthwise convolutions: each channel by itself, with a kernel of its own.

use rten_simd::{
    Isa, SimdOp,
    ops::{BitOps as _, NumOps as _},
};

use super::{
    gemm::Clamp,
    padded,
    shape::{Shape, Slide},
};

/// Kernels in the order in which they are read: a tap at a time, for all channels.
#[derive(Debug)]
pub(super) struct Kernels {
    taps: Vec<f32>,
    bias: Vec<f32>,
}

impl Kernels {
    /// From kernels that lie as `[channels][taps]`.
    pub(super) fn new(weights: &[f32], bias: &[f32], taps: usize) -> Self {
        let channels = bias.len();
        let width = padded(channels);
        let mut packed = vec![0.0; taps * width];
        for (at, weight) in weights.iter().enumerate() {
            packed[at % taps * width + at / taps] = *weight;
        }
        let mut bias = bias.to_vec();
        bias.resize(width, 0.0);
        Self { taps: packed, bias }
    }
}

/// One picture through one depthwise convolution.
pub(super) struct Depthwise<'a> {
    pub(super) kernels: &'a Kernels,
    pub(super) input: &'a [f32],
    pub(super) shape: Shape,
    pub(super) slides: [Slide; 2],
    pub(super) clamp: Clamp,
    pub(super) out: &'a mut [f32],
}

/// Outputs computed side by side: a weight that is loaded serves all of them.
const ABREAST: usize = 4;

impl SimdOp for Depthwise<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(mut self, isa: I) {
        let [down, across] = self.slides;
        let inside = across.inside(self.shape.width);
        let whole = inside.start + (inside.len() / ABREAST) * ABREAST;
        for y in 0..down.outputs {
            for x in (inside.start..whole).step_by(ABREAST) {
                match (across.kernel, across.step) {
                    (3, 1) => self.abreast::<I, 3, 1>(isa, y, x),
                    (3, 2) => self.abreast::<I, 3, 2>(isa, y, x),
                    (5, 1) => self.abreast::<I, 5, 1>(isa, y, x),
                    (5, 2) => self.abreast::<I, 5, 2>(isa, y, x),
                    _ => (x..x + ABREAST).for_each(
                        #[inline(always)]
                        |x| self.single(isa, y, x),
                    ),
                }
            }
            for x in (0..inside.start).chain(whole..across.outputs) {
                self.single(isa, y, x);
            }
        }
    }
}

impl Depthwise<'_> {
    /// Some outputs of a row, all of whose taps lie within the row.
    #[inline(always)]
    fn abreast<I: Isa, const K: usize, const S: usize>(&mut self, isa: I, y: usize, x: usize) {
        let ops = isa.f32();
        let lanes = ops.len();
        let [down, across] = self.slides;
        let stride = self.shape.stride;
        let (rows, top) = down.taps(y, self.shape.height);
        let left = x * S - across.before;
        let columns = (ABREAST - 1) * S + K;
        let (least, most) = (ops.splat(self.clamp.least), ops.splat(self.clamp.most));
        let out = &mut self.out[(y * across.outputs + x) * stride..][..ABREAST * stride];
        let input = &self.input[(top * self.shape.width + left) * stride..];
        let taps = &self.kernels.taps[rows.start * K * stride..rows.end * K * stride];
        for channel in (0..stride).step_by(lanes) {
            let mut sums = [ops.load(&self.kernels.bias[channel..][..lanes]); ABREAST];
            for row in 0..rows.len() {
                let taps = &taps[row * K * stride..][..K * stride];
                let weights: [I::F32; K] = std::array::from_fn(
                    #[inline(always)]
                    |tap| ops.load(&taps[tap * stride + channel..][..lanes]),
                );
                let pixels = &input[row * self.shape.width * stride..][..columns * stride];
                for column in 0..columns {
                    let pixel = ops.load(&pixels[column * stride + channel..][..lanes]);
                    for at in 0..ABREAST {
                        // Which tap of which output this pixel is under: known when compiling.
                        if column >= at * S && column - at * S < K {
                            sums[at] = ops.mul_add(pixel, weights[column - at * S], sums[at]);
                        }
                    }
                }
            }
            for (at, sum) in sums.into_iter().enumerate() {
                let place = &mut out[at * stride + channel..][..lanes];
                ops.store(ops.min(ops.max(sum, least), most), place);
            }
        }
    }

    /// One output, wherever it lies.
    #[inline(always)]
    fn single<I: Isa>(&mut self, isa: I, y: usize, x: usize) {
        let ops = isa.f32();
        let lanes = ops.len();
        let [down, across] = self.slides;
        let stride = self.shape.stride;
        let (rows, top) = down.taps(y, self.shape.height);
        let (columns, left) = across.taps(x, self.shape.width);
        let (least, most) = (ops.splat(self.clamp.least), ops.splat(self.clamp.most));
        for channel in (0..stride).step_by(lanes) {
            let mut sum = ops.load(&self.kernels.bias[channel..][..lanes]);
            for row in 0..rows.len() {
                for column in 0..columns.len() {
                    let tap = (rows.start + row) * across.kernel + columns.start + column;
                    let pixel = (top + row) * self.shape.width + left + column;
                    let weight = ops.load(&self.kernels.taps[tap * stride + channel..][..lanes]);
                    let number = ops.load(&self.input[pixel * stride + channel..][..lanes]);
                    sum = ops.mul_add(number, weight, sum);
                }
            }
            let place = (y * across.outputs + x) * stride + channel;
            ops.store(
                ops.min(ops.max(sum, least), most),
                &mut self.out[place..place + lanes],
            );
        }
    }
}
