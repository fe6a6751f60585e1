//! Calls of tools in the text that a model writes: how each family of models writes them, reading
//! them out of a stream, and the grammar of a call that must come.
//!
//! **Invariant:** what may still turn out to be a call is not shown as text, and what turns out to
//! be none is shown whole.

mod call;
mod form;
mod ids;
mod json;
mod parser;
mod style;

#[cfg(test)]
mod tests;

pub use ids::CallIds;
pub use parser::{Piece, ToolParser};
pub use style::ToolStyle;
