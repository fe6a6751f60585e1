//! Weights in the order in which the microkernel reads them.

use half::{bf16, f16, slice::HalfFloatSliceExt as _};
use rayon::prelude::*;

use super::lanes::Lanes;

/// In what form packed weights lie in memory; what is computed is `f32` always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// As they are.
    F32,
    /// Half the memory.
    F16,
    /// Half the memory, with the range of `f32`.
    Bf16,
}

#[derive(Debug)]
enum Values {
    F32(Vec<f32>),
    F16(Vec<f16>),
    Bf16(Vec<bf16>),
}

/// The right-hand side of products: `taps` matrices of `depth` rows and `columns` columns, cut into
/// panels of a few columns; the last panel is filled up with zeros.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) taps: usize,
    pub(crate) depth: usize,
    pub(crate) columns: usize,
    pub(crate) lanes: Lanes,
    values: Values,
}

impl Packed {
    /// Packs `at(tap, row, column)`.
    pub(crate) fn new(
        store: Store,
        (taps, depth, columns): (usize, usize, usize),
        at: impl Fn(usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        let lanes = Lanes::here();
        let width = lanes.panel();
        let panels = columns.div_ceil(width);
        let mut values = vec![0.0; panels * width * taps * depth];
        let panel = |(panel, values): (usize, &mut [f32])| {
            let used = width.min(columns - panel * width);
            for (i, row) in values.chunks_exact_mut(width).enumerate() {
                for (column, value) in row[..used].iter_mut().enumerate() {
                    *value = at(i / depth, i % depth, panel * width + column);
                }
            }
        };
        values
            .par_chunks_exact_mut(taps * depth * width)
            .enumerate()
            .for_each(panel);
        let values = match store {
            Store::F32 => Values::F32(values),
            Store::F16 => Values::F16(values.iter().map(|value| f16::from_f32(*value)).collect()),
            Store::Bf16 => Values::Bf16(values.iter().map(|value| bf16::from_f32(*value)).collect()),
        };
        Self {
            taps,
            depth,
            columns,
            lanes,
            values,
        }
    }

    /// How many panels there are.
    pub(crate) fn panels(&self) -> usize {
        self.columns.div_ceil(self.lanes.panel())
    }

    /// A panel's values, `taps × depth` rows of the panel's width; `room` is where they are put if
    /// they lie in another form.
    pub(crate) fn panel<'a>(&'a self, panel: usize, room: &'a mut Vec<f32>) -> &'a [f32] {
        let len = self.taps * self.depth * self.lanes.panel();
        let range = panel * len..(panel + 1) * len;
        match &self.values {
            Values::F32(values) => return &values[range],
            Values::F16(values) => {
                room.resize(len, 0.0);
                values[range].convert_to_f32_slice(room);
            }
            Values::Bf16(values) => {
                room.resize(len, 0.0);
                values[range].convert_to_f32_slice(room);
            }
        }
        room
    }
}
