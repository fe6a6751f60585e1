//! The port of what several processes know together: small texts by name, each written only over the one
//! that was read.

use std::{fmt::Debug, time::SystemTime};

use crate::{BoxFuture, Result};

/// A text as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// Of this writing alone: whoever writes over it shows that this is what he has read.
    pub mark: String,
}

/// A text to be written.
#[derive(Clone, Copy)]
pub struct Writing<'a> {
    /// What it is found by: a kind, `#`, and which one of it.
    pub name: &'a str,
    /// What it says; some hundred kilobytes at most.
    pub text: &'a str,
    /// The mark of the one that it is written over; `None`: there is none.
    pub over: Option<&'a str>,
    /// From then on it may be forgotten, and soon will be; `None`: it stays.
    pub until: Option<SystemTime>,
}

/// A place for notes.
pub trait Notes: Debug + Send + Sync + 'static {
    /// What was written last under a name, by whomever.
    ///
    /// # Errors
    /// The place is out of reach.
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Note>>>;

    /// Writes, and says the new mark; `None`: somebody else has written or removed since, and nothing was done.
    ///
    /// # Errors
    /// The place is out of reach, or has no room for a text of this length. Whether it was written is not
    /// known then.
    fn write<'a>(&'a self, writing: Writing<'a>) -> BoxFuture<'a, Result<Option<String>>>;

    /// Removes what is there, whatever it says.
    ///
    /// # Errors
    /// The place is out of reach.
    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>>;
}

// What is written may be a secret.
impl Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Note")
            .field("mark", &self.mark)
            .finish_non_exhaustive()
    }
}

impl Debug for Writing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writing")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
