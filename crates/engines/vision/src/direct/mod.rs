//! Our own way to compute the networks that classifiers mostly are: convolutions, depthwise and
//! other, clipped activations, sums, one pooling at the end. On these it is several times as fast as
//! a general runtime; what it does not know it leaves to one, and says so.
//!
//! Pixels are kept with their channels together (NHWC), so that a 1×1 convolution is a product of
//! matrices as they lie. Channels are padded to [`BLOCK`], so that vectors need no tail.
//!
//! One picture at a time: a batch was slower, because its values no longer fit into the cache.
//!
//! **Invariant:** the same picture is computed in the same order each time, to the same bits.

mod depthwise;
mod gemm;
mod network;
mod plan;
mod shape;

pub(crate) use network::{DirectNetwork, softmax};
pub(crate) use plan::Plan;

/// Channels of a pixel begin at multiples of this many numbers: the widest vector there is.
const BLOCK: usize = 16;

fn padded(channels: usize) -> usize {
    channels.next_multiple_of(BLOCK)
}
