//! Local text generation on llama.cpp.

pub mod grammar;
pub mod text;
pub mod tools;
pub mod vocab;
