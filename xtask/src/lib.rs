//! The architecture's rules as code: each file under `rules` is one rule, a function from the
//! tree to the breaches it finds.
//!
//! **Invariant:** a rule reads the [`Tree`] alone, never the disk, so that its tests can plant a
//! breach in a tree of two files and see it caught.

mod breach;
pub mod rules;
mod source;
pub mod tidy;
mod tree;

pub use breach::Breach;
pub use source::{Line, Source};
pub use tree::{File, Package, Tree};
