//! Answers that must have a form: which tokens may come next under JSON, a JSON schema or a tool
//! call.
//!
//! A form is compiled once and kept; each answer then has its own [`Constraint`] that is asked for
//! a [`TokenMask`] before a token is chosen and told which one it was. The parsing is that of the
//! `llguidance` crate; its sizes and times are bounded here.
//!
//! **Invariant:** nothing here sees a logit or a model.

mod compiler;
mod constraint;
mod form;
mod overlap;
mod refusal;
mod schema;
mod trie;

#[cfg(test)]
mod tests;

pub use compiler::Grammars;
pub use constraint::{Constraint, TokenMask};
pub use form::{CallForm, Form};
