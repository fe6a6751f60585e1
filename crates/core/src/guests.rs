//! Models that whoever runs this process brings and takes away one by one while it serves.

use std::fmt::Debug;

use crate::{BoxFuture, Result};

/// A model that was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// What it is asked by.
    pub name: String,
    /// Where its files are on this machine.
    pub place: String,
}

/// Whoever takes them in.
pub trait Guests: Debug + Send + Sync + 'static {
    /// Loads one; it serves once this resolves.
    ///
    /// # Errors
    /// With code `guest_is_here` where there is one of this name, `guest_does_not_fit` where there is no room
    /// for it; what is wrong with its files.
    fn receive(&self, guest: Guest) -> BoxFuture<'_, Result<()>>;

    /// Takes one out of service; requests under way are finished.
    ///
    /// # Errors
    /// `NotFound` where there is none of this name.
    fn dismiss<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Those that are here, by their names.
    fn present(&self) -> Vec<Guest>;
}

/// The code of a refusal: one of this name is here.
pub const GUEST_IS_HERE: &str = "guest_is_here";
/// The code of a refusal: there is no room for it.
pub const GUEST_DOES_NOT_FIT: &str = "guest_does_not_fit";
