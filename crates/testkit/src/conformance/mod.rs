//! The contracts of the traits, as tests that every implementation faces.

pub mod chat;
pub mod classify;
pub mod image;
