//! Convolutions in two dimensions, channels last.

use super::{
    Packed,
    multiply::{Finish, Rows, multiply},
};

/// How the window moves over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Rows and columns of the window.
    pub(crate) size: usize,
    /// Steps from one place to the next.
    pub(crate) stride: usize,
    /// Zeros before the first row and column.
    pub(crate) before: usize,
    /// Zeros after the last row and column.
    pub(crate) after: usize,
}

impl Window {
    /// How many places there are on `len` pixels.
    pub(crate) fn places(&self, len: usize) -> usize {
        (len + self.before + self.after).saturating_sub(self.size) / self.stride + 1
    }
}

/// A batch of pictures as the rows that a window sees.
pub(crate) struct Neighbours<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) window: Window,
    pub(crate) channels: usize,
    /// Pictures, rows, columns.
    pub(crate) shape: (usize, usize, usize),
    pub(crate) zeros: &'a [f32],
}

impl Rows for Neighbours<'_> {
    fn count(&self) -> usize {
        let (batch, height, width) = self.shape;
        batch * self.window.places(height) * self.window.places(width)
    }

    #[inline]
    fn row(&self, row: usize, tap: usize) -> &[f32] {
        let Window {
            size, stride, before, ..
        } = self.window;
        let (_, height, width) = self.shape;
        let columns = self.window.places(width);
        let rows = self.window.places(height);
        let (y, x) = (
            row / columns % rows * stride + tap / size,
            row % columns * stride + tap % size,
        );
        // What lies before the first becomes huge and is past the last too.
        let (y, x) = (y.wrapping_sub(before), x.wrapping_sub(before));
        if y >= height || x >= width {
            return self.zeros;
        }
        let picture = row / (rows * columns);
        &self.values[((picture * height + y) * width + x) * self.channels..][..self.channels]
    }
}

/// `values` (pictures, rows, columns, channels) under a window of packed weights, a tap a place.
pub(crate) fn convolve(
    values: &[f32],
    shape: (usize, usize, usize),
    (weights, window): (&Packed, Window),
    finish: Finish<'_>,
) -> Vec<f32> {
    let zeros = vec![0.0; weights.depth];
    let rows = Neighbours {
        values,
        window,
        channels: weights.depth,
        shape,
        zeros: &zeros,
    };
    let mut out = vec![0.0; rows.count() * weights.columns];
    multiply(&rows, weights, finish, &mut out);
    out
}
