//! Chance, passed in.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::hash;

/// Throws dice. Logic never makes up a number by itself, so that tests can repeat what happened.
pub trait Dice: Debug + Send + Sync + 'static {
    /// The next number, any of all.
    fn throw(&self) -> u64;
}

/// Dice that fall the same way for the same seed (splitmix64, Steele and others 2014).
#[derive(Debug)]
pub struct Seeded(AtomicU64);

impl Seeded {
    /// Dice of a seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Dice for Seeded {
    fn throw(&self) -> u64 {
        hash::mix(self.0.fetch_add(hash::GOLDEN, Relaxed).wrapping_add(hash::GOLDEN))
    }
}
