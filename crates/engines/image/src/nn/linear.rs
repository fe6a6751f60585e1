//! Matrix and bias.

use candle_core::{Device, Result, Tensor};

use super::{Weights, with_values};
use crate::kernel::{
    Packed,
    multiply::{Dense, Finish, multiply},
};

/// `x Wᵀ + b`
#[derive(Debug)]
pub(crate) struct Linear {
    form: Form,
    columns: usize,
}

#[derive(Debug)]
enum Form {
    Packed { weight: Packed, bias: Option<Vec<f32>> },
    Tensors { weight: Tensor, bias: Option<Tensor> },
}

impl Linear {
    /// Reads `weight`, and `bias` where there is one.
    pub(crate) fn load(weights: &Weights, depth: usize, columns: usize) -> Result<Self> {
        let weight = weights.raw("weight", &[columns, depth])?;
        let bias = if weights.has("bias") {
            Some(weights.raw("bias", &[columns])?)
        } else {
            None
        };
        Self::new(weights, &weight, bias.as_ref())
    }

    fn new(weights: &Weights, weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        let (columns, depth) = weight.dims2()?;
        let backend = weights.backend();
        let form = if backend.is_cpu() {
            let weight = with_values(weight, |values| {
                Packed::new(backend.store, (1, depth, columns), |_, row, column| {
                    values[column * depth + row]
                })
            })?;
            let bias = bias.map(Tensor::to_vec1).transpose()?;
            Form::Packed { weight, bias }
        } else {
            let weight = backend.take(&weight.t()?.contiguous()?)?;
            let bias = bias.map(|bias| backend.take(bias)).transpose()?;
            Form::Tensors { weight, bias }
        };
        Ok(Self { form, columns })
    }

    /// The product.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.run(x, None)
    }

    /// The product plus a tensor of its shape.
    pub(crate) fn forward_onto(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        self.run(x, Some(residual))
    }

    fn run(&self, x: &Tensor, residual: Option<&Tensor>) -> Result<Tensor> {
        let mut shape = x.dims().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = self.columns;
        }
        match &self.form {
            Form::Packed { weight, bias } => {
                let run = |residual: Option<&[f32]>| {
                    with_values(x, |values| {
                        let rows = Dense {
                            values,
                            stride: weight.depth,
                            count: values.len() / weight.depth,
                        };
                        let finish = Finish {
                            bias: bias.as_deref(),
                            residual,
                        };
                        let mut out = vec![0.0; rows.count * weight.columns];
                        multiply(&rows, weight, finish, &mut out);
                        out
                    })
                };
                let out = match residual {
                    Some(residual) => with_values(residual, |residual| run(Some(residual)))??,
                    None => run(None)?,
                };
                Tensor::from_vec(out, shape, &Device::Cpu)
            }
            Form::Tensors { weight, bias } => {
                let rows = x.elem_count() / weight.dim(0)?;
                let mut out = x.contiguous()?.reshape((rows, ()))?.matmul(weight)?;
                if let Some(bias) = bias {
                    out = out.broadcast_add(bias)?;
                }
                let out = out.reshape(shape)?;
                residual.map_or(Ok(out.clone()), |residual| out + residual)
            }
        }
    }
}
