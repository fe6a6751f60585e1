//! Pixels to fewer or more pixels, to the last bit as Pillow (before 13) does it: antialiased, rows first, each
//! pass rounded to bytes. Models were trained on pictures made that way.
//!
//! The arithmetic is that of Pillow's `ImagingResample` (fixed-point weights of 22 bits); only what
//! the crop shows is computed.

use std::ops::Range;

use busbar_core::Pixels;
use serde::Deserialize;

/// How neighbours are weighed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// A triangle.
    #[default]
    Bilinear,
    /// Keys' cubic with a = −0.5.
    Bicubic,
}

/// The part of a resized picture that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The whole picture's width after resizing.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// The columns wanted of it.
    pub columns: Range<u32>,
    /// The rows wanted of it.
    pub rows: Range<u32>,
}

const CHANNELS: usize = 3;
const PRECISION: u32 = 32 - 8 - 2;

/// The wanted part of the resized picture: rows of red, green, blue.
pub fn resize(picture: &Pixels, window: &Window, filter: Filter) -> Vec<u8> {
    let columns = Weights::new(picture.width(), window.width, window.columns.clone(), filter);
    let rows = Weights::new(picture.height(), window.height, window.rows.clone(), filter);
    let needed = rows.sources();
    let stride = picture.width() as usize * CHANNELS;
    let source = &picture.rgb()[needed.start * stride..needed.end * stride];
    let mut narrow = Vec::with_capacity(needed.len() * columns.spans.len() * CHANNELS);
    for row in source.chunks_exact(stride) {
        for span in &columns.spans {
            narrow.extend_from_slice(&span.pixel(row));
        }
    }
    let stride = columns.spans.len() * CHANNELS;
    let mut out = Vec::with_capacity(rows.spans.len() * stride);
    for span in &rows.spans {
        span.row(&narrow, needed.start, stride, &mut out);
    }
    out
}

/// For each pixel wanted, which ones of the source it is made of.
struct Weights {
    spans: Vec<Span>,
}

struct Span {
    first: usize,
    weights: Vec<i32>,
}

impl Weights {
    fn new(from: u32, to: u32, wanted: Range<u32>, filter: Filter) -> Self {
        if from == to {
            // Pillow leaves such a side alone, which one weight of 1 does too.
            let whole = |at| Span {
                first: at as usize,
                weights: vec![1 << PRECISION],
            };
            return Self {
                spans: wanted.map(whole).collect(),
            };
        }
        let scale = f64::from(from) / f64::from(to);
        let stretch = scale.max(1.0);
        let support = filter.support() * stretch;
        let span = |at: u32| {
            let centre = (f64::from(at) + 0.5) * scale;
            // Truncated as C does it, after what is below zero was cut.
            let first = (centre - support + 0.5).max(0.0) as u32;
            let end = ((centre + support + 0.5) as u32).min(from);
            let raw: Vec<f64> = (first..end)
                .map(|source| filter.weight((f64::from(source) - centre + 0.5) / stretch))
                .collect();
            let sum: f64 = raw.iter().sum();
            let fixed = |weight: f64| (weight / sum * f64::from(1 << PRECISION)).round() as i32;
            Span {
                first: first as usize,
                weights: raw.into_iter().map(fixed).collect(),
            }
        };
        Self {
            spans: wanted.map(span).collect(),
        }
    }

    fn sources(&self) -> Range<usize> {
        let first = self.spans.iter().map(|span| span.first).min();
        let end = self
            .spans
            .iter()
            .map(|span| span.first + span.weights.len())
            .max();
        first.unwrap_or(0)..end.unwrap_or(0)
    }
}

impl Span {
    fn pixel(&self, row: &[u8]) -> [u8; CHANNELS] {
        let mut sums = [1 << (PRECISION - 1); CHANNELS];
        let (pixels, _) = row[self.first * CHANNELS..].as_chunks::<CHANNELS>();
        for (pixel, weight) in pixels.iter().zip(&self.weights) {
            for (sum, colour) in sums.iter_mut().zip(pixel) {
                *sum += i32::from(*colour) * weight;
            }
        }
        sums.map(clip)
    }

    fn row(&self, source: &[u8], origin: usize, stride: usize, out: &mut Vec<u8>) {
        let mut sums = vec![1 << (PRECISION - 1); stride];
        let rows = source[(self.first - origin) * stride..].chunks_exact(stride);
        for (row, weight) in rows.zip(&self.weights) {
            for (sum, colour) in sums.iter_mut().zip(row) {
                *sum += i32::from(*colour) * weight;
            }
        }
        out.extend(sums.into_iter().map(clip));
    }
}

fn clip(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

impl Filter {
    fn support(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }

    fn weight(self, distance: f64) -> f64 {
        const A: f64 = -0.5;
        let x = distance.abs();
        match self {
            Self::Bilinear if x < 1.0 => 1.0 - x,
            Self::Bicubic if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
            _ => 0.0,
        }
    }
}
