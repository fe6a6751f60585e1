//! The tensors of a component's files, by name.

use std::sync::Arc;

use candle_core::{DType, Result, Tensor, bail};

use super::Backend;
use crate::files::Tensors;

/// A place in the tree of a component's tensors.
#[derive(Clone)]
pub(crate) struct Weights {
    files: Arc<Tensors>,
    prefix: String,
    backend: Backend,
}

impl Weights {
    /// The root of the tree.
    pub(crate) fn new(files: Tensors, backend: &Backend) -> Self {
        Self {
            files: Arc::new(files),
            prefix: String::new(),
            backend: backend.clone(),
        }
    }

    /// The place `name` below this one.
    pub(crate) fn at(&self, name: impl std::fmt::Display) -> Self {
        Self {
            prefix: self.name(name),
            ..self.clone()
        }
    }

    /// Where the model computes.
    pub(crate) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Whether there is a tensor of that name here.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.files.has(&self.name(name))
    }

    /// The first of these names that has a `weight` here.
    pub(crate) fn first_of(&self, names: &[&str]) -> Result<Self> {
        for name in names {
            let place = self.at(name);
            if place.has("weight") {
                return Ok(place);
            }
        }
        bail!("`{}` has none of the weights {names:?}", self.prefix)
    }

    /// A tensor as `f32` in main memory.
    pub(crate) fn raw(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let full = self.name(name);
        let tensor = self.files.load(&full)?;
        if tensor.elem_count() != shape.iter().product::<usize>() {
            bail!(
                "`{full}` has the shape {:?} where the configuration asks for {shape:?}",
                tensor.dims()
            );
        }
        // Older files have 1×1 convolutions where newer ones have matrices.
        tensor.reshape(shape)?.to_dtype(DType::F32)
    }

    /// A tensor where and as the model computes.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.backend.take(&self.raw(name, shape)?)
    }

    fn name(&self, name: impl std::fmt::Display) -> String {
        if self.prefix.is_empty() {
            name.to_string()
        } else {
            format!("{}.{name}", self.prefix)
        }
    }
}
