//! Model files: what can be had, where it comes from, and what of it is on this machine.
//!
//! A [`Catalog`] is a list of entries; a [`Store`] pulls an [`Entry`] into a directory, whole or not
//! at all. Everything here blocks, so call it from a thread that may wait: a [`Cancel`] ends it early
//! and a [`PullProgress`] hears how far it is.
//!
//! **Invariant:** nothing here reads the environment (settings are passed in), prints, or opens a
//! model to look inside. A file that is taken for whole has had its length and hash checked.

mod archive;
mod cancel;
mod catalog;
mod digest;
mod entry;
mod error;
mod folder;
mod lock;
mod means;
mod name;
mod partial;
mod place;
mod progress;
mod pull;
mod pulled;
mod record;
mod settings;
mod size;
mod source;
mod space;
mod store;
mod verify;

pub use archive::is_archive;
pub use cancel::Cancel;
pub use catalog::{Catalog, Wanted};
pub use digest::Sha256;
pub use entry::{Entry, FolderFile, Format, ImageDefaults, Kind, Licence};
pub use error::{Error, Fault, Result};
pub use name::{EntryName, FileName};
pub use progress::{Phase, Progress, PullProgress, Silent};
pub use settings::{Hub, HubToken, Patience, Settings};
pub use size::ByteCount;
pub use source::Source;
pub use store::{Status, Store};
pub use verify::Verified;
