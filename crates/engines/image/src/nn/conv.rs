//! Convolutions in two dimensions.

use candle_core::{Device, Result, Tensor};

use super::{Weights, with_values};
use crate::kernel::{
    Packed,
    conv::{Window, convolve},
    multiply::Finish,
    winograd::Winograd,
};

/// What surrounds a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// As much on every side as keeps the size.
    Same,
    /// One row below and one column to the right, as autoencoders shrink pictures.
    Below,
}

/// A convolution; its weights are `(out, in, rows, columns)` in files.
#[derive(Debug)]
pub(crate) struct Conv2d {
    form: Form,
    window: Window,
    channels: usize,
}

#[derive(Debug)]
enum Form {
    Packed { weight: Packed, bias: Vec<f32> },
    Winograd { weight: Box<Winograd>, bias: Vec<f32> },
    Tensors { weight: Tensor, bias: Tensor },
}

impl Conv2d {
    /// Reads a window of `size`² that moves by `stride`.
    pub(crate) fn load(
        weights: &Weights,
        (depth, channels): (usize, usize),
        (size, stride): (usize, usize),
        padding: Padding,
    ) -> Result<Self> {
        let (before, after) = match padding {
            Padding::Same => (size / 2, size / 2),
            Padding::Below => (0, 1),
        };
        let window = Window {
            size,
            stride,
            before,
            after,
        };
        let weight = weights.raw("weight", &[channels, depth, size, size])?;
        let bias = weights.raw("bias", &[channels])?;
        let backend = weights.backend();
        let form = if !backend.is_cpu() {
            Form::Tensors {
                weight: backend.take(&weight)?,
                bias: backend.take(&bias)?,
            }
        } else if backend.winograd && Winograd::suits(window, depth, channels) {
            let weight = with_values(&weight, |values| Winograd::new(values, depth, channels))?;
            Form::Winograd {
                weight: Box::new(weight),
                bias: bias.to_vec1()?,
            }
        } else {
            let places = size * size;
            let weight = with_values(&weight, |values| {
                Packed::new(backend.store, (places, depth, channels), |tap, row, column| {
                    values[(column * depth + row) * places + tap]
                })
            })?;
            Form::Packed {
                weight,
                bias: bias.to_vec1()?,
            }
        };
        Ok(Self {
            form,
            window,
            channels,
        })
    }

    /// The convolution.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.run(x, None, None)
    }

    /// The convolution plus one value a channel.
    pub(crate) fn forward_shifted(&self, x: &Tensor, shift: Option<&Tensor>) -> Result<Tensor> {
        self.run(x, shift, None)
    }

    /// The convolution plus a tensor of its shape.
    pub(crate) fn forward_onto(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        self.run(x, None, Some(residual))
    }

    fn run(&self, x: &Tensor, shift: Option<&Tensor>, residual: Option<&Tensor>) -> Result<Tensor> {
        let (batch, height, width, _) = x.dims4()?;
        let bias = match &self.form {
            Form::Packed { bias, .. } | Form::Winograd { bias, .. } => bias,
            Form::Tensors { weight, bias } => {
                let mut out = self.on_candle(x, weight, bias)?;
                if let Some(shift) = shift {
                    out = out.broadcast_add(shift)?;
                }
                return residual.map_or(Ok(out.clone()), |residual| out + residual);
            }
        };
        let shifted: Option<Vec<f32>> = shift
            .map(|shift| {
                with_values(shift, |shift| {
                    bias.iter().zip(shift).map(|(bias, shift)| bias + shift).collect()
                })
            })
            .transpose()?;
        let bias = shifted.as_deref().unwrap_or(bias);
        let run = |residual: Option<&[f32]>| {
            let finish = Finish {
                bias: Some(bias),
                residual,
            };
            with_values(x, |values| self.on_kernel(values, (batch, height, width), finish))
        };
        let out = match residual {
            Some(residual) => with_values(residual, |residual| run(Some(residual)))??,
            None => run(None)?,
        };
        let (rows, columns) = (self.window.places(height), self.window.places(width));
        Tensor::from_vec(out, (batch, rows, columns, self.channels), &Device::Cpu)
    }

    fn on_kernel(&self, values: &[f32], shape: (usize, usize, usize), finish: Finish<'_>) -> Vec<f32> {
        match &self.form {
            Form::Packed { weight, .. } => convolve(values, shape, (weight, self.window), finish),
            Form::Winograd { weight, .. } => weight.convolve(values, shape, finish),
            Form::Tensors { .. } => Vec::new(),
        }
    }

    fn on_candle(&self, x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
        let Window {
            stride,
            before,
            after,
            ..
        } = self.window;
        let mut x = x.permute((0, 3, 1, 2))?.contiguous()?;
        if before != after {
            x = x
                .pad_with_zeros(2, before, after)?
                .pad_with_zeros(3, before, after)?;
        }
        let padding = if before == after { before } else { 0 };
        x.conv2d(weight, padding, stride, 1, 1)?
            .permute((0, 2, 3, 1))?
            .broadcast_add(bias)
    }
}
