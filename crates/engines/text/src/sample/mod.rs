//! Which token comes next: penalties, truncation, temperature and the draw.
//!
//! **Invariant:** pure. The same logits, history, parameters and place give the same token; no
//! state is shared between answers, so what runs beside an answer cannot change it.

mod dice;
mod history;
mod logprobs;
mod sampler;

pub use dice::Dice;
pub use history::History;
pub use logprobs::{Ranked, ranked};
pub use sampler::{Parameters, Sampler};
