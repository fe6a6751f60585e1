//! Group norm and layer norm.

use candle_core::{D, DType, Device, Result, Tensor, bail};

use super::{Weights, with_values};
use crate::kernel::norm::{Groups, group_norm, layer_norm};

/// Normalises each picture over its places and the channels of a group.
#[derive(Debug)]
pub(crate) struct GroupNorm {
    form: Form,
    groups: usize,
    epsilon: f64,
}

#[derive(Debug)]
enum Form {
    Values { weight: Vec<f32>, bias: Vec<f32> },
    Tensors { weight: Tensor, bias: Tensor },
}

impl Form {
    fn load(weights: &Weights, channels: usize) -> Result<Self> {
        let (weight, bias) = (
            weights.raw("weight", &[channels])?,
            weights.raw("bias", &[channels])?,
        );
        let backend = weights.backend();
        if backend.is_cpu() {
            return Ok(Self::Values {
                weight: weight.to_vec1()?,
                bias: bias.to_vec1()?,
            });
        }
        Ok(Self::Tensors {
            weight: backend.take(&weight)?,
            bias: backend.take(&bias)?,
        })
    }
}

impl GroupNorm {
    /// Reads a norm of so many channels in so many groups.
    pub(crate) fn load(weights: &Weights, channels: usize, groups: usize, epsilon: f64) -> Result<Self> {
        if groups == 0 || !channels.is_multiple_of(groups) {
            bail!("{channels} channels cannot be {groups} groups")
        }
        Ok(Self {
            form: Form::load(weights, channels)?,
            groups,
            epsilon,
        })
    }

    /// The norm.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.run(x, false)
    }

    /// The norm, then `x · sigmoid(x)`.
    pub(crate) fn forward_silu(&self, x: &Tensor) -> Result<Tensor> {
        self.run(x, true)
    }

    fn run(&self, x: &Tensor, silu: bool) -> Result<Tensor> {
        match &self.form {
            Form::Values { weight, bias } => {
                let groups = Groups {
                    count: self.groups,
                    epsilon: self.epsilon,
                    weight,
                    bias,
                    silu,
                };
                let out = with_values(x, |values| group_norm(values, x.dims()[0], groups))?;
                Tensor::from_vec(out, x.shape(), &Device::Cpu)
            }
            Form::Tensors { weight, bias } => {
                let out = self.on_candle(x, weight, bias)?;
                if silu { out.silu() } else { Ok(out) }
            }
        }
    }

    fn on_candle(&self, x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
        let (batch, channels) = (x.dim(0)?, x.dim(D::Minus1)?);
        // Sums over thousands of values need more than half precision.
        let grouped = x
            .reshape((batch, (), self.groups, channels / self.groups))?
            .to_dtype(DType::F32)?;
        let centred = grouped.broadcast_sub(&grouped.mean_keepdim((1, 3))?)?;
        let deviation = (centred.sqr()?.mean_keepdim((1, 3))? + self.epsilon)?.sqrt()?;
        centred
            .broadcast_div(&deviation)?
            .to_dtype(x.dtype())?
            .reshape(x.shape())?
            .broadcast_mul(weight)?
            .broadcast_add(bias)
    }
}

/// Normalises each place by itself.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    form: Form,
    epsilon: f32,
}

impl LayerNorm {
    /// Reads a norm of so many channels.
    pub(crate) fn load(weights: &Weights, channels: usize, epsilon: f32) -> Result<Self> {
        Ok(Self {
            form: Form::load(weights, channels)?,
            epsilon,
        })
    }

    /// The norm.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match &self.form {
            Form::Values { weight, bias } => {
                let out = with_values(x, |values| layer_norm(values, weight, bias, self.epsilon))?;
                Tensor::from_vec(out, x.shape(), &Device::Cpu)
            }
            Form::Tensors { weight, bias } => {
                candle_nn::ops::layer_norm(&x.contiguous()?, weight, bias, self.epsilon)
            }
        }
    }
}
