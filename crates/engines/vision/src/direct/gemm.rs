//! Products of matrices: rows of numbers times packed weights, with whatever follows done while the
//! sums are still in registers.

use rten_simd::{
    Isa, SimdOp,
    ops::{BitOps as _, NumOps as _},
};

use super::padded;

/// Weights in the order in which they are read: strips of some vectors of outputs, and in a strip all
/// the inputs one after another.
#[derive(Debug)]
pub(super) struct Packed {
    strips: Vec<Strip>,
    bias: Vec<f32>,
    inputs: usize,
    numbers: usize,
}

#[derive(Debug)]
struct Strip {
    first: usize,
    vectors: usize,
    weights: Vec<f32>,
}

/// What is done to sums before they are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clamp {
    pub(super) least: f32,
    pub(super) most: f32,
}

impl Clamp {
    pub(super) const NONE: Self = Self {
        least: f32::NEG_INFINITY,
        most: f32::INFINITY,
    };
}

/// `out = clamp(rows × weights + bias + residual)`.
pub(super) struct Product<'a> {
    pub(super) weights: &'a Packed,
    pub(super) rows: &'a [f32],
    /// Numbers from one row to the next.
    pub(super) stride: usize,
    pub(super) residual: Option<&'a [f32]>,
    pub(super) clamp: Clamp,
    /// As many rows, each as wide as the weights' outputs, padded.
    pub(super) out: &'a mut [f32],
}

/// Vectors of a strip and rows of a tile: as many sums as fit in registers.
const VECTORS: usize = 3;
const ROWS: usize = 8;
/// Weights that are small stay in the cache while rows go by; large ones go by while rows stay.
const SMALL: usize = 64 * 1024;

impl Packed {
    /// From weights that lie as `[outputs][inputs]`.
    pub(super) fn new(weights: &[f32], bias: &[f32], inputs: usize) -> Self {
        let outputs = bias.len();
        let width = padded(outputs);
        let lanes = Lanes.dispatch();
        let vectors = width / lanes;
        let strips = vectors.div_ceil(VECTORS);
        let mut first = 0;
        let strips = (0..strips).map(|strip| {
            // As even as can be: 4 vectors are 2 and 2, not 3 and 1.
            let vectors = vectors / strips + usize::from(strip < vectors % strips);
            let columns = first..first + vectors * lanes;
            let weight = |input: usize, output: usize| {
                if output < outputs {
                    weights[output * inputs + input]
                } else {
                    0.0
                }
            };
            let packed = (0..inputs)
                .flat_map(|input| columns.clone().map(move |output| weight(input, output)))
                .collect();
            let strip = Strip {
                first,
                vectors,
                weights: packed,
            };
            first = columns.end;
            strip
        });
        let strips = strips.collect();
        let mut bias = bias.to_vec();
        bias.resize(width, 0.0);
        Self {
            strips,
            bias,
            inputs,
            numbers: inputs * width,
        }
    }

    /// Numbers of a row that comes out.
    pub(super) fn width(&self) -> usize {
        self.bias.len()
    }
}

/// How many numbers a vector holds on this machine.
struct Lanes;

impl SimdOp for Lanes {
    type Output = usize;

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) -> usize {
        isa.f32().len()
    }
}

impl SimdOp for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(mut self, isa: I) {
        let count = self.out.len() / self.weights.width();
        // Fewer registers: fewer rows at a time.
        let most = if isa.f32().len() == 8 { ROWS / 2 } else { ROWS };
        let tiles = count.div_ceil(most);
        let weights = self.weights;
        if weights.numbers <= SMALL {
            let mut row = 0;
            for tile in 0..tiles {
                let rows = count / tiles + usize::from(tile < count % tiles);
                for strip in &weights.strips {
                    self.tile(isa, strip, row, rows);
                }
                row += rows;
            }
        } else {
            for strip in &weights.strips {
                let mut row = 0;
                for tile in 0..tiles {
                    let rows = count / tiles + usize::from(tile < count % tiles);
                    self.tile(isa, strip, row, rows);
                    row += rows;
                }
            }
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn tile<I: Isa>(&mut self, isa: I, strip: &Strip, row: usize, rows: usize) {
        match strip.vectors {
            1 => self.tile_of::<I, 1>(isa, strip, row, rows),
            2 => self.tile_of::<I, 2>(isa, strip, row, rows),
            _ => self.tile_of::<I, VECTORS>(isa, strip, row, rows),
        }
    }

    #[inline(always)]
    fn tile_of<I: Isa, const V: usize>(&mut self, isa: I, strip: &Strip, row: usize, rows: usize) {
        match rows {
            1 => self.kernel::<I, V, 1>(isa, strip, row),
            2 => self.kernel::<I, V, 2>(isa, strip, row),
            3 => self.kernel::<I, V, 3>(isa, strip, row),
            4 => self.kernel::<I, V, 4>(isa, strip, row),
            5 => self.kernel::<I, V, 5>(isa, strip, row),
            6 => self.kernel::<I, V, 6>(isa, strip, row),
            7 => self.kernel::<I, V, 7>(isa, strip, row),
            _ => self.kernel::<I, V, ROWS>(isa, strip, row),
        }
    }

    #[inline(always)]
    fn kernel<I: Isa, const V: usize, const R: usize>(&mut self, isa: I, strip: &Strip, row: usize) {
        let ops = isa.f32();
        let lanes = ops.len();
        let inputs = self.weights.inputs;
        let rows: [&[f32]; R] = std::array::from_fn(
            #[inline(always)]
            |at| &self.rows[(row + at) * self.stride..][..inputs],
        );
        let bias: [I::F32; V] = ops.load_many(&self.weights.bias[strip.first..]);
        let mut sums = [bias; R];
        let packed = &strip.weights[..inputs * V * lanes];
        // By number, not by iterator: so the compiler sees that no row is read past its end.
        for input in 0..inputs {
            let weights: [I::F32; V] = ops.load_many(&packed[input * V * lanes..][..V * lanes]);
            for (sums, row) in sums.iter_mut().zip(rows) {
                let number = ops.splat(row[input]);
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = ops.mul_add(number, weight, *sum);
                }
            }
        }
        let width = self.weights.width();
        let (least, most) = (ops.splat(self.clamp.least), ops.splat(self.clamp.most));
        for (at, sums) in sums.into_iter().enumerate() {
            let from = (row + at) * width + strip.first;
            for (vector, mut sum) in sums.into_iter().enumerate() {
                let place = from + vector * lanes..from + (vector + 1) * lanes;
                if let Some(residual) = self.residual {
                    sum = ops.add(sum, ops.load(&residual[place.clone()]));
                }
                ops.store(ops.min(ops.max(sum, least), most), &mut self.out[place]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|at| ((at * 37 + seed * 11) % 23) as f32 / 7.0 - 1.5)
            .collect()
    }

    #[test]
    fn it_is_the_product_for_every_size_of_tile_and_strip() {
        for (count, inputs, outputs) in [(1, 5, 1), (7, 3, 24), (9, 16, 40), (49, 33, 100), (6, 700, 130)] {
            let (rows, weights) = (numbers(count * inputs, 1), numbers(inputs * outputs, 2));
            let bias = numbers(outputs, 3);
            let packed = Packed::new(&weights, &bias, inputs);
            let width = packed.width();
            let residual = numbers(count * width, 4);
            let mut out = vec![f32::NAN; count * width];
            Product {
                weights: &packed,
                rows: &rows,
                stride: inputs,
                residual: Some(&residual),
                clamp: Clamp {
                    least: -9.0,
                    most: 9.0,
                },
                out: &mut out,
            }
            .dispatch();
            for row in 0..count {
                for output in 0..outputs {
                    let sum: f32 = (0..inputs)
                        .map(|input| rows[row * inputs + input] * weights[output * inputs + input])
                        .sum();
                    let place = row * width + output;
                    let expected = (sum + bias[output] + residual[place]).clamp(-9.0, 9.0);
                    assert!((out[place] - expected).abs() < 1e-3, "{} {expected}", out[place]);
                }
            }
        }
    }
}
