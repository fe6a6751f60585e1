//! A plan at work: one thread's memory, and the steps one after another.

use std::sync::Arc;

use rten_simd::SimdOp as _;

use super::{
    Plan,
    depthwise::Depthwise,
    gemm::{Packed, Product},
    plan::{Step, Work},
    shape::{Shape, Slide},
};

/// A plan with the memory that computing it needs.
#[derive(Debug)]
pub(crate) struct DirectNetwork {
    plan: Arc<Plan>,
    places: Vec<Vec<f32>>,
    patches: Vec<f32>,
}

impl DirectNetwork {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let places = plan.places.iter().map(|size| vec![0.0; *size]).collect();
        Self {
            plan,
            places,
            patches: Vec::new(),
        }
    }

    /// Scores of a picture, whose numbers lie as rows of pixels, colours together.
    pub(crate) fn run(&mut self, numbers: &[f32]) -> Vec<f32> {
        let plan = Arc::clone(&self.plan);
        self.places[plan.input.0][..numbers.len()].copy_from_slice(numbers);
        for step in &plan.steps {
            self.step(step);
        }
        let (place, shape) = plan.output;
        let mut scores = self.places[place][..shape.channels].to_vec();
        if plan.softmax {
            softmax(&mut scores);
        }
        scores
    }

    fn step(&mut self, step: &Step) {
        let mut out = std::mem::take(&mut self.places[step.to]);
        let input = &self.places[step.from][..step.shape.numbers()];
        // What is left of another step is never read: each writes all that it makes.
        let made = &mut out[..step.makes.numbers()];
        let residual = step.residual.map(|place| &self.places[place][..made.len()]);
        match &step.work {
            Work::Dense { weights, slides } if slides.iter().all(Slide::is_pointwise) => Product {
                weights,
                rows: input,
                stride: step.shape.stride,
                residual,
                clamp: step.clamp,
                out: made,
            }
            .dispatch(),
            Work::Dense { weights, slides } => {
                let spread = Spread {
                    step,
                    weights,
                    slides,
                    input,
                    residual,
                };
                spread.run(&mut self.patches, made);
            }
            Work::Depthwise { kernels, slides } => Depthwise {
                kernels,
                input,
                shape: step.shape,
                slides: *slides,
                clamp: step.clamp,
                out: made,
            }
            .dispatch(),
            Work::Mean => {
                mean(input, step.shape, made);
                finish(made, residual, step);
            }
            Work::Copy => {
                made.copy_from_slice(input);
                finish(made, residual, step);
            }
        }
        self.places[step.to] = out;
    }
}

/// A convolution with a kernel larger than a pixel: what lies under the kernel is copied together,
/// a row of outputs at a time.
struct Spread<'a> {
    step: &'a Step,
    weights: &'a Packed,
    slides: &'a [Slide; 2],
    input: &'a [f32],
    residual: Option<&'a [f32]>,
}

impl Spread<'_> {
    fn run(&self, patches: &mut Vec<f32>, made: &mut [f32]) {
        let [down, across] = self.slides;
        let Shape {
            height,
            width,
            channels,
            stride,
        } = self.step.shape;
        let patch = down.kernel * across.kernel * channels;
        let row = across.outputs * self.step.makes.stride;
        for (y, out) in made.chunks_exact_mut(row).enumerate() {
            patches.clear();
            patches.resize(across.outputs * patch, 0.0);
            let (rows, top) = down.taps(y, height);
            for (x, patch) in patches.chunks_exact_mut(patch).enumerate() {
                let (columns, left) = across.taps(x, width);
                for tap in rows.clone() {
                    let pixel = (top + tap - rows.start) * width + left;
                    let first = tap * across.kernel + columns.start;
                    let to = &mut patch[first * channels..][..columns.len() * channels];
                    let from = &self.input[pixel * stride..];
                    if stride == channels {
                        // Nothing between the pixels: a row of taps is one piece.
                        to.copy_from_slice(&from[..to.len()]);
                        continue;
                    }
                    for (to, from) in to.chunks_exact_mut(channels).zip(from.chunks(stride)) {
                        to.copy_from_slice(&from[..channels]);
                    }
                }
            }
            Product {
                weights: self.weights,
                rows: patches,
                stride: patch,
                residual: self.residual.map(|residual| &residual[y * row..][..row]),
                clamp: self.step.clamp,
                out,
            }
            .dispatch();
        }
    }
}

fn mean(input: &[f32], shape: Shape, out: &mut [f32]) {
    out.fill(0.0);
    for pixel in input.chunks_exact(shape.stride) {
        for (sum, number) in out.iter_mut().zip(pixel) {
            *sum += number;
        }
    }
    let share = 1.0 / shape.pixels() as f32;
    out.iter_mut().for_each(|sum| *sum *= share);
}

fn finish(made: &mut [f32], residual: Option<&[f32]>, step: &Step) {
    if let Some(residual) = residual {
        for (number, other) in made.iter_mut().zip(residual) {
            *number += other;
        }
    }
    for number in made {
        *number = number.max(step.clamp.least).min(step.clamp.most);
    }
}

/// Logits to probabilities.
pub(crate) fn softmax(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - most).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}
