//! Where a model computes, and in what.

use candle_core::{DType, Device, Result, Storage, Tensor, bail};

use crate::kernel::Store;

/// Where a model computes, and in what.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    /// The device.
    pub(crate) device: Device,
    /// What activations are; `f32` on a CPU.
    pub(crate) dtype: DType,
    /// What packed weights are on a CPU.
    pub(crate) store: Store,
    /// The most bytes that the scores of an attention may take on a GPU.
    pub(crate) score_bytes: usize,
    /// Whether large convolutions may take more memory to be faster on a CPU.
    pub(crate) winograd: bool,
}

impl Backend {
    /// Whether our own kernels do the work.
    pub(crate) fn is_cpu(&self) -> bool {
        may_use_kernels() && self.device.is_cpu()
    }

    /// The tensor in this place and type.
    pub(crate) fn take(&self, tensor: &Tensor) -> Result<Tensor> {
        tensor.to_device(&self.device)?.to_dtype(self.dtype)
    }
}

/// Whether our own kernels work on this tensor.
pub(crate) fn on_kernels(tensor: &Tensor) -> bool {
    may_use_kernels() && tensor.device().is_cpu()
}

#[cfg(not(test))]
fn may_use_kernels() -> bool {
    true
}

#[cfg(test)]
thread_local! {
    static AVOIDED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

#[cfg(test)]
fn may_use_kernels() -> bool {
    !AVOIDED.get()
}

/// Does `work` on this thread as it would be done on a GPU.
#[cfg(test)]
pub(crate) fn without_kernels<T>(work: impl FnOnce() -> T) -> T {
    AVOIDED.set(true);
    let result = work();
    AVOIDED.set(false);
    result
}

/// Hands the values of a tensor in main memory to `work`, in their order.
pub(crate) fn with_values<T>(tensor: &Tensor, work: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        bail!("a tensor is not in main memory")
    };
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("a tensor is not contiguous")
    };
    Ok(work(&storage.as_slice::<f32>()?[start..end]))
}
