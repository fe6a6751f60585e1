//! Functions of single values.

use candle_core::{D, Device, Result, Tensor, bail};

use super::{on_kernels, with_values};
use crate::kernel::elementwise::{Function, apply, gated_gelu};

/// A function of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// `x · sigmoid(x)`
    Silu,
    /// `x · Φ(x)`, exactly
    Gelu,
    /// `x · sigmoid(1.702 x)`
    QuickGelu,
}

impl Activation {
    /// The function that a configuration names.
    pub(crate) fn from_name(name: &str) -> Result<Self> {
        match name {
            "silu" | "swish" => Ok(Self::Silu),
            "gelu" => Ok(Self::Gelu),
            "quick_gelu" => Ok(Self::QuickGelu),
            _ => bail!("the activation `{name}` is not known here"),
        }
    }

    /// Every value by itself.
    pub(crate) fn forward(self, x: &Tensor) -> Result<Tensor> {
        if !on_kernels(x) {
            return match self {
                Self::Silu => x.silu(),
                Self::Gelu => x.gelu_erf(),
                Self::QuickGelu => x * candle_nn::ops::sigmoid(&(x * 1.702)?)?,
            };
        }
        let function = match self {
            Self::Silu => Function::Silu,
            Self::Gelu => Function::Gelu,
            Self::QuickGelu => Function::QuickGelu,
        };
        let out = with_values(x, |values| apply(function, values))?;
        Tensor::from_vec(out, x.shape(), &Device::Cpu)
    }
}

/// The first half of the channels times the GELU of the second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GatedGelu;

impl GatedGelu {
    /// Half as many channels.
    pub(crate) fn forward(x: &Tensor) -> Result<Tensor> {
        let channels = x.dim(D::Minus1)?;
        if !on_kernels(x) {
            let halves = x.chunk(2, D::Minus1)?;
            return &halves[0] * halves[1].gelu_erf()?;
        }
        let mut shape = x.dims().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = channels / 2;
        }
        let out = with_values(x, |values| gated_gelu(values, channels))?;
        Tensor::from_vec(out, shape, &Device::Cpu)
    }
}
