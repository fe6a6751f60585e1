//! Weights that were published without a graph, to ONNX. Nothing of Python is needed for it, and
//! nothing in such a file is run.

mod batch_norm;
mod efficientnet;
mod pickle;
mod state_dict;

use busbar_core::{Error, ErrorKind, Result};

pub use state_dict::StateDict;

use crate::{description::Architecture, onnx::Graph};

/// The graph of an architecture around weights.
///
/// # Errors
/// `Unavailable` where the weights are of another one.
pub fn to_graph(weights: &StateDict, architecture: Architecture) -> Result<Graph> {
    match architecture {
        Architecture::EfficientNetLite0 => efficientnet::lite0(weights),
    }
}

/// A PyTorch state dict to an ONNX file.
///
/// # Errors
/// `Unavailable` where it is damaged, holds something other than tensors, or is of another
/// architecture.
pub fn to_onnx(file: &[u8], architecture: Architecture) -> Result<Vec<u8>> {
    Ok(to_graph(&StateDict::read(file)?, architecture)?.write())
}

fn unusable(says: impl AsRef<str>) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("the weights cannot be used: {}", says.as_ref()),
    )
}
