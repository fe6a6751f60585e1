//! The versions of a configuration that were offered: those that served, and those that were refused and
//! why. Kept without secrets, beside the models, a file each, or on another shelf; the oldest are removed.
//!
//! Every file is written whole beside its place, forced to disk and then renamed, under a lock that the
//! system drops with its holder: whoever is killed at any moment leaves the files that were there.

mod folder;
mod record;

use std::{any::Any, path::Path, sync::Arc};

use busbar_core::{Error, ErrorKind, Result, Shelf};
use sha2::{Digest as _, Sha256};
use toml::Table;

use crate::secrets::redacted;
use folder::Folder;
pub use record::{Fate, Version};

/// The folder of the data directory that versions have for themselves.
const FOLDER: &str = "configurations";
/// Others may be offered the same at the same moment.
const TRIES: usize = 100;

/// The versions of one configuration.
#[derive(Clone, Debug)]
pub struct Versions {
    shelf: Arc<dyn Shelf>,
    keep: usize,
}

/// A configuration that was offered.
#[derive(Clone, Debug)]
pub struct Offered<'a> {
    /// What it says, secrets and all.
    pub table: Option<&'a Table>,
    /// Where it came from, for people.
    pub origin: String,
    /// What those who keep it call this version.
    pub label: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// When, seconds since 1970.
    pub at: u64,
}

/// A server is at work for as long as this is held.
#[derive(Debug)]
#[must_use = "it says so for as long as it is held"]
pub struct Attended(#[expect(dead_code, reason = "held, not read")] Box<dyn Any + Send + Sync>);

/// Which version serves, and whether a person chose it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The version that serves, or did last.
    pub serving: Option<u64>,
    /// The one that was gone back to, while the source says nothing new.
    pub chosen: Option<Chosen>,
}

/// A version that a person went back to.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// Which one.
    pub number: u64,
    /// What the source said then: once it says something else, that is taken.
    pub instead_of: Option<String>,
}

/// What says whether two tables are the same: a hash of what is kept of them.
pub fn fingerprint(table: &Table) -> String {
    let text = redacted(table).to_string();
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Versions {
    /// Those of the configuration of this identity, in a folder. Nothing is written yet.
    pub fn of(home: &Path, identity: &str, keep: usize) -> Self {
        let folder = Folder::new(home.join(FOLDER).join(Self::key(identity)), identity);
        Self::on(Arc::new(folder), keep)
    }

    /// Those on this shelf.
    pub fn on(shelf: Arc<dyn Shelf>, keep: usize) -> Self {
        Self { shelf, keep }
    }

    /// What the versions of the configuration of this identity are called where there are others.
    pub fn key(identity: &str) -> String {
        let digest = Sha256::digest(identity.as_bytes());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Where they are, for people.
    pub fn place(&self) -> String {
        self.shelf.place()
    }

    /// Whether they can be had.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn reached(&self) -> Result<()> {
        self.shelf.state().map(drop)
    }

    /// All that can be read, the oldest first. What is damaged is left out.
    pub fn all(&self) -> Vec<Version> {
        let texts = self.shelf.texts().unwrap_or_default();
        texts
            .iter()
            .filter_map(|(number, text)| record::read(text, *number))
            .collect()
    }

    /// The numbers of those that are there, whole or not.
    pub fn numbers(&self) -> Vec<u64> {
        self.shelf.numbers().unwrap_or_default()
    }

    /// One of them, if it is there and whole.
    pub fn get(&self, number: u64) -> Option<Version> {
        record::read(&self.shelf.text(number).ok()??, number)
    }

    /// Which version serves.
    pub fn state(&self) -> State {
        self.known_state().unwrap_or_default()
    }

    /// The same; `None` where it cannot be found out.
    pub fn known_state(&self) -> Option<State> {
        let text = self.shelf.state().ok()?;
        Some(
            text.and_then(|text| toml::from_str(&text).ok())
                .unwrap_or_default(),
        )
    }

    /// Whether they are on this machine, so that they may be looked at all the time.
    pub fn are_near(&self) -> bool {
        self.shelf.is_attended().is_some()
    }

    /// The version that served last and can be served again.
    pub fn last_good(&self) -> Option<Version> {
        let served = self.state().serving.and_then(|number| self.get(number));
        served.filter(Version::is_good).or_else(|| {
            let mut numbers = self.numbers().into_iter().rev();
            numbers.find_map(|number| self.get(number).filter(Version::is_good))
        })
    }

    /// The one that served before the one that serves: what to go back to where nobody says.
    pub fn before(&self) -> Option<Version> {
        let serving = self.state().serving?;
        let current = self.get(serving)?;
        let mut earlier = self.numbers().into_iter().rev().filter(|n| *n < serving);
        earlier.find_map(|number| {
            let version = self.get(number)?;
            (version.is_good() && version.fingerprint != current.fingerprint).then_some(version)
        })
    }

    /// Keeps what was offered and what became of it. What became of it already is not kept again: the
    /// version is the one that is there.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn record(&self, offered: &Offered<'_>) -> Result<Version> {
        for _ in 0..TRIES {
            let last = self.shelf.numbers()?.last().copied();
            let known = [last, self.state().serving].into_iter().flatten();
            let same = known
                .filter_map(|number| self.get(number))
                .find(|version| version.tells_the_same_as(offered));
            if let Some(version) = same {
                return Ok(version);
            }
            let version = Version::new(last.unwrap_or(0) + 1, offered);
            // Else somebody was quicker, perhaps with the same.
            if self.shelf.add(version.number, &version.written())? {
                self.prune();
                return Ok(version);
            }
        }
        let message = "too many keep versions of this configuration at once";
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    /// Notes which version serves, and which one was chosen.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn note(&self, state: &State) -> Result<()> {
        if *state == self.state() {
            return Ok(());
        }
        let text = toml::to_string(state).map_err(|source| {
            Error::internal("which version serves cannot be written down").with_source(source)
        })?;
        self.shelf.set_state(&text)
    }

    /// Says that a server is at work with these versions, for as long as the result is held.
    ///
    /// # Errors
    /// Where that cannot be written.
    pub fn attend(&self) -> Result<Attended> {
        self.shelf.attend().map(Attended)
    }

    /// Whether a server is at work with them; `None` where that cannot be known: others may share them.
    pub fn are_attended(&self) -> Option<bool> {
        self.shelf.is_attended()
    }

    /// The oldest go, but never the one that serves or was chosen.
    fn prune(&self) {
        let numbers = self.numbers();
        let state = self.state();
        let needed = [state.serving, state.chosen.map(|chosen| chosen.number)];
        let surplus = numbers.len().saturating_sub(self.keep);
        let oldest = numbers
            .into_iter()
            .filter(|number| !needed.contains(&Some(*number)));
        for number in oldest.take(surplus) {
            // One that stays is tried again with the next version.
            let _tried = self.shelf.remove(number);
        }
    }
}

#[cfg(test)]
mod tests;
