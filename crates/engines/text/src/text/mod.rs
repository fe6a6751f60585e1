//! From the bytes of tokens to the events of an answer: whole characters, stop texts, tool calls.
//!
//! **Invariant:** what is released is never taken back, so nothing is released that may still turn
//! out to be part of something else.

pub mod output;
pub mod stop;
pub mod utf8;

pub use output::{Flow, OutputPipe};
