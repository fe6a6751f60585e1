//! The port of where the versions of a configuration are kept: texts by number, and which of them serves.

use std::{any::Any, fmt::Debug};

use crate::Result;

/// A place for versions. Every call may block: on a disk, on a network.
pub trait Shelf: Debug + Send + Sync + 'static {
    /// Where it is, for people.
    fn place(&self) -> String;

    /// The numbers of those that are there, in order.
    ///
    /// # Errors
    /// The place is out of reach. So it is with all the others.
    fn numbers(&self) -> Result<Vec<u64>>;

    /// What one of them says; `None` where it is not there, or cannot be read.
    ///
    /// # Errors
    /// See above.
    fn text(&self, number: u64) -> Result<Option<String>>;

    /// What all of them say that can be read, in order.
    ///
    /// # Errors
    /// See above.
    fn texts(&self) -> Result<Vec<(u64, String)>>;

    /// Puts one there, whole or not at all. `false`: there is one of this number or after it, and nothing
    /// was done.
    ///
    /// # Errors
    /// See above.
    fn add(&self, number: u64, text: &str) -> Result<bool>;

    /// Takes one away.
    ///
    /// # Errors
    /// See above.
    fn remove(&self, number: u64) -> Result<()>;

    /// Which one serves, as it was written last.
    ///
    /// # Errors
    /// See above.
    fn state(&self) -> Result<Option<String>>;

    /// Writes which one serves.
    ///
    /// # Errors
    /// See above.
    fn set_state(&self, text: &str) -> Result<()>;

    /// Says that a server works with these versions, for as long as the result is held.
    ///
    /// # Errors
    /// See above.
    fn attend(&self) -> Result<Box<dyn Any + Send + Sync>>;

    /// Whether one does; `None` where that cannot be known.
    fn is_attended(&self) -> Option<bool>;
}
