//! The loops that take the time on a CPU: products of matrices, convolutions, norms, softmax.
//!
//! Everything is `f32`, row after row, channels last. One microkernel ([`tile`]) multiplies a few
//! rows with a panel of packed weights; a convolution gives it the rows of its neighbours, so that
//! nothing is ever gathered into a larger matrix.
//!
//! **Invariant:** nothing here knows a model. `unsafe` code is here, and where files are mapped, and
//! nowhere else.

pub(crate) mod attention;
pub(crate) mod conv;
pub(crate) mod elementwise;
mod lanes;
pub(crate) mod multiply;
pub(crate) mod norm;
mod pack;
mod shared;
mod tile;
pub(crate) mod winograd;

pub(crate) use pack::{Packed, Store};
