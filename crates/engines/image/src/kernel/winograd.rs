//! Convolutions of 3×3 with a quarter of the multiplications: Winograd's F(4×4, 3×3), after Lavin
//! and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015).
//!
//! Each tile of 6×6 pixels becomes 36 values in which a convolution is a product; the products are
//! ordinary ones of matrices, and what they give becomes 4×4 pixels again. Weights take four times
//! their memory, and results differ from the direct sum in the sixth digit.

use rayon::prelude::*;

use super::{
    Packed, Store,
    conv::Window,
    lanes::for_lanes,
    multiply::{Finish, heights},
    shared::Shared,
    tile::{LARGEST, Left, tile},
};

/// Channels that are transformed at once.
const LANES: usize = 16;
/// Values of a tile.
const VALUES: usize = 36;
/// Tiles that are worked on at once, so that what lies between the steps stays in the cache.
const BLOCK: usize = 256;

type Vector = [f32; LANES];

/// The weights of a 3×3 convolution, transformed.
#[derive(Debug)]
pub(crate) struct Winograd {
    weights: Packed,
}

/// Where the tiles of a batch of pictures are.
#[derive(Clone, Copy)]
pub(crate) struct Tiles {
    height: usize,
    width: usize,
    across: usize,
    down: usize,
}

impl Tiles {
    fn new(height: usize, width: usize) -> Self {
        Self {
            height,
            width,
            across: width.div_ceil(4),
            down: height.div_ceil(4),
        }
    }

    /// The picture, and the tile's first row and column in it.
    fn place(&self, tile: usize) -> (usize, usize, usize) {
        let picture = tile / (self.across * self.down);
        (
            picture,
            tile / self.across % self.down * 4,
            tile % self.across * 4,
        )
    }
}

/// Where the results of a tile go, and what is added to them.
pub(crate) struct Target<'a> {
    tile: usize,
    count: usize,
    tiles: Tiles,
    place: (usize, usize, usize),
    finish: Finish<'a>,
}

impl Winograd {
    /// Whether it is worth its memory.
    pub(crate) fn suits(window: Window, depth: usize, columns: usize) -> bool {
        /// Weights of 1920 × 640; larger ones wait for the memory rather than for the sums.
        const MOST: usize = 1920 * 640;
        let plain = Window {
            size: 3,
            stride: 1,
            before: 1,
            after: 1,
        };
        window == plain
            && depth.is_multiple_of(LANES)
            && columns.is_multiple_of(LANES)
            && depth * columns <= MOST
    }

    /// Transforms weights of `(columns, depth, 3, 3)`.
    pub(crate) fn new(values: &[f32], depth: usize, columns: usize) -> Self {
        const G: [[f32; 3]; 6] = [
            [0.25, 0.0, 0.0],
            [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
            [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
            [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
            [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
            [0.0, 0.0, 1.0],
        ];
        let at = |tap: usize, row: usize, column: usize| {
            let window = &values[(column * depth + row) * 9..][..9];
            let (down, across) = (&G[tap / 6], &G[tap % 6]);
            let mut sum = 0.0;
            for (factor, window) in down.iter().zip(window.chunks_exact(3)) {
                sum += factor * (across[0] * window[0] + across[1] * window[1] + across[2] * window[2]);
            }
            sum
        };
        Self {
            weights: Packed::new(Store::F32, (VALUES, depth, columns), at),
        }
    }

    /// `values` (pictures, rows, columns, channels), surrounded by zeros, under the window.
    pub(crate) fn convolve(
        &self,
        values: &[f32],
        (batch, height, width): (usize, usize, usize),
        finish: Finish<'_>,
    ) -> Vec<f32> {
        let (depth, columns) = (self.weights.depth, self.weights.columns);
        let tiles = Tiles::new(height, width);
        let count = batch * tiles.across * tiles.down;
        let block = BLOCK.min(count);
        let mut inputs = vec![0.0; VALUES * block * depth];
        let mut products = vec![0.0; VALUES * block * columns];
        let mut out = vec![0.0; batch * height * width * columns];
        let zeros = vec![0.0; depth];
        for first in (0..count).step_by(block) {
            let some = block.min(count - first);
            let shared = Shared::new(&mut inputs);
            (0..some).into_par_iter().with_min_len(4).for_each(|i| {
                let window = rows_of(values, &zeros, tiles, first + i);
                read_tile(&window, depth, (i, some), &shared);
            });
            self.multiply(&inputs, some, &mut products);
            let shared = Shared::new(&mut out);
            (0..some).into_par_iter().with_min_len(4).for_each(|i| {
                let target = Target {
                    tile: i,
                    count: some,
                    tiles,
                    place: tiles.place(first + i),
                    finish,
                };
                write_tile(&products, columns, &target, &shared);
            });
        }
        out
    }

    /// One product for each value of a tile.
    fn multiply(&self, inputs: &[f32], count: usize, products: &mut [f32]) {
        let weights = &self.weights;
        let (depth, columns, panels) = (weights.depth, weights.columns, weights.panels());
        let (lanes, width) = (weights.lanes, weights.lanes.panel());
        let products = Shared::new(products);
        (0..VALUES * panels)
            .into_par_iter()
            .with_min_len(4)
            .for_each(|task| {
                let (value, panel) = (task / panels, task % panels);
                let mut room = Vec::new();
                let packed = &weights.panel(panel, &mut room)[value * depth * width..][..depth * width];
                let used = width.min(columns - panel * width);
                let mut sums = [0.0; LARGEST];
                for (at, height) in heights(0..count, lanes.rows()) {
                    let mut rows = [&inputs[..0]; 12];
                    for (i, row) in rows[..height].iter_mut().enumerate() {
                        *row = &inputs[(value * count + at + i) * depth..][..depth];
                    }
                    tile(
                        lanes,
                        Left {
                            rows: &rows[..height],
                            height,
                            depth,
                        },
                        packed,
                        &mut sums,
                    );
                    for (i, sums) in sums.chunks_exact(width).enumerate().take(height) {
                        let start = (value * count + at + i) * columns + panel * width;
                        // SAFETY: tasks differ in their value or their panel.
                        unsafe { products.part(start, used) }.copy_from_slice(&sums[..used]);
                    }
                }
            });
    }
}

/// The 36 pixels of a tile; those outside the picture are zeros.
fn rows_of<'a>(values: &'a [f32], zeros: &'a [f32], tiles: Tiles, tile: usize) -> [&'a [f32]; VALUES] {
    let depth = zeros.len();
    let (picture, top, left) = tiles.place(tile);
    std::array::from_fn(|i| {
        // What lies before the first becomes huge and is past the last too.
        let (y, x) = ((top + i / 6).wrapping_sub(1), (left + i % 6).wrapping_sub(1));
        if y >= tiles.height || x >= tiles.width {
            return zeros;
        }
        &values[((picture * tiles.height + y) * tiles.width + x) * depth..][..depth]
    })
}

for_lanes! {
    /// `Bᵀ d B`, a value of which goes to each of the 36 matrices.
    fn read_tile(window: &[&[f32]; 36], depth: usize, place: (usize, usize), out: &Shared<'_>) {
        let (tile, count) = place;
        for channel in (0..depth).step_by(LANES) {
            let mut values = [[0.0; LANES]; VALUES];
            for (values, window) in values.iter_mut().zip(window) {
                values.copy_from_slice(&window[channel..channel + LANES]);
            }
            for row in 0..6 {
                transform_in(&mut values, row * 6, 1);
            }
            for column in 0..6 {
                transform_in(&mut values, column, 6);
            }
            for (i, values) in values.iter().enumerate() {
                // SAFETY: tiles differ in their place.
                let out = unsafe { out.part((i * count + tile) * depth + channel, LANES) };
                out.copy_from_slice(values);
            }
        }
    }
}

/// One row (or column) of six times `Bᵀ`.
#[inline(always)]
fn transform_in(values: &mut [Vector; VALUES], start: usize, step: usize) {
    let d: [Vector; 6] = std::array::from_fn(|i| values[start + i * step]);
    for lane in 0..LANES {
        let [a, b, c, e, f, g] = [
            d[0][lane], d[1][lane], d[2][lane], d[3][lane], d[4][lane], d[5][lane],
        ];
        values[start][lane] = 4.0 * a - 5.0 * c + f;
        values[start + step][lane] = (f - 4.0 * c) + (e - 4.0 * b);
        values[start + 2 * step][lane] = (f - 4.0 * c) - (e - 4.0 * b);
        values[start + 3 * step][lane] = (f - c) + 2.0 * (e - b);
        values[start + 4 * step][lane] = (f - c) - 2.0 * (e - b);
        values[start + 5 * step][lane] = 4.0 * b - 5.0 * e + g;
    }
}

for_lanes! {
    /// `Aᵀ m A`, then what is to be added, to the tile's place in the picture.
    fn write_tile(
        products: &[f32],
        columns: usize,
        target: &Target<'_>,
        out: &Shared<'_>,
    ) {
        let Target { tile, count, tiles, place: (picture, top, left), finish } = *target;
        for channel in (0..columns).step_by(LANES) {
            let mut values = [[0.0; LANES]; VALUES];
            for (i, values) in values.iter_mut().enumerate() {
                values.copy_from_slice(&products[(i * count + tile) * columns + channel..][..LANES]);
            }
            for row in 0..6 {
                transform_out(&mut values, row * 6, 1);
            }
            for column in 0..4 {
                transform_out(&mut values, column, 6);
            }
            for (y, x) in (0..16).map(|i| (i / 4, i % 4)) {
                if top + y >= tiles.height || left + x >= tiles.width {
                    continue;
                }
                let pixel = (picture * tiles.height + top + y) * tiles.width + left + x;
                let start = pixel * columns + channel;
                // SAFETY: tiles differ in their pixels.
                let out = unsafe { out.part(start, LANES) };
                out.copy_from_slice(&values[y * 6 + x]);
                if let Some(bias) = finish.bias {
                    for (out, bias) in out.iter_mut().zip(&bias[channel..]) {
                        *out += bias;
                    }
                }
                if let Some(residual) = finish.residual {
                    for (out, residual) in out.iter_mut().zip(&residual[start..]) {
                        *out += residual;
                    }
                }
            }
        }
    }
}

/// One row (or column) of six times `Aᵀ`: its first four become the result.
#[inline(always)]
fn transform_out(values: &mut [Vector; VALUES], start: usize, step: usize) {
    let m: [Vector; 6] = std::array::from_fn(|i| values[start + i * step]);
    for lane in 0..LANES {
        let (even, odd) = (m[1][lane] + m[2][lane], m[1][lane] - m[2][lane]);
        let (even_far, odd_far) = (m[3][lane] + m[4][lane], m[3][lane] - m[4][lane]);
        values[start][lane] = m[0][lane] + even + even_far;
        values[start + step][lane] = odd + 2.0 * odd_far;
        values[start + 2 * step][lane] = even + 4.0 * even_far;
        values[start + 3 * step][lane] = odd + 8.0 * odd_far + m[5][lane];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::conv::convolve;

    #[test]
    fn it_gives_what_the_direct_sum_gives() {
        let (batch, depth, columns) = (2, 32, 48);
        let noise = |count: usize, salt: usize| -> Vec<f32> {
            (0..count)
                .map(|i| ((i * 7919 + salt * 104_729) % 1009) as f32 / 504.5 - 1.0)
                .collect()
        };
        let weights = noise(columns * depth * 9, 1);
        let direct = Packed::new(Store::F32, (9, depth, columns), |tap, row, column| {
            weights[(column * depth + row) * 9 + tap]
        });
        let window = Window {
            size: 3,
            stride: 1,
            before: 1,
            after: 1,
        };
        for (height, width) in [(8, 12), (5, 7), (1, 3)] {
            let values = noise(batch * height * width * depth, 2);
            let residual = noise(batch * height * width * columns, 3);
            let bias = noise(columns, 4);
            let finish = Finish {
                bias: Some(&bias),
                residual: Some(&residual),
            };
            let shape = (batch, height, width);
            let right = convolve(&values, shape, (&direct, window), finish);
            let ours = Winograd::new(&weights, depth, columns).convolve(&values, shape, finish);
            for (right, ours) in right.iter().zip(&ours) {
                assert!((right - ours).abs() < 2e-4, "{ours} instead of {right}");
            }
        }
    }
}
