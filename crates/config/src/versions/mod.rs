//! The versions of a configuration that were offered: those that served, and those that were refused and
//! why. Kept beside the models, a file each, without secrets; the oldest are removed.
//!
//! Every file is written whole beside its place, forced to disk and then renamed, under a lock that the
//! system drops with its holder: whoever is killed at any moment leaves the files that were there.

mod folder;
mod record;

use std::{
    io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use toml::Table;

use crate::secrets::redacted;
use folder::Folder;
pub use record::{Fate, Version};

/// The folder of the data directory that versions have for themselves.
const FOLDER: &str = "configurations";

/// The versions of one configuration.
#[derive(Clone, Debug)]
pub struct Versions {
    folder: Folder,
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
pub struct Attended(#[expect(dead_code, reason = "held, not read")] std::fs::File);

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
    /// Those of the configuration of this identity. Nothing is written yet.
    pub fn of(home: &Path, identity: &str, keep: usize) -> Self {
        let digest = Sha256::digest(identity.as_bytes());
        let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self {
            folder: Folder::new(home.join(FOLDER).join(name), identity),
            keep,
        }
    }

    /// Where they are.
    pub fn place(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// All that can be read, the oldest first. What is damaged is left out.
    pub fn all(&self) -> Vec<Version> {
        let numbers = self.folder.numbers();
        numbers
            .into_iter()
            .filter_map(|number| self.get(number))
            .collect()
    }

    /// One of them, if it is there and whole.
    pub fn get(&self, number: u64) -> Option<Version> {
        record::read(&self.folder.version(number)?, number)
    }

    /// Which version serves.
    pub fn state(&self) -> State {
        let text = self.folder.state();
        text.and_then(|text| toml::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// The version that served last and can be served again.
    pub fn last_good(&self) -> Option<Version> {
        let served = self.state().serving.and_then(|number| self.get(number));
        served.filter(Version::is_good).or_else(|| {
            let mut numbers = self.folder.numbers().into_iter().rev();
            numbers.find_map(|number| self.get(number).filter(Version::is_good))
        })
    }

    /// The one that served before the one that serves: what to go back to where nobody says.
    pub fn before(&self) -> Option<Version> {
        let serving = self.state().serving?;
        let current = self.get(serving)?;
        let mut earlier = self.folder.numbers().into_iter().rev().filter(|n| *n < serving);
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
    pub fn record(&self, offered: &Offered<'_>) -> io::Result<Version> {
        let _alone = self.folder.lock()?;
        let numbers = self.folder.numbers();
        let state = self.state();
        let last = numbers.last().copied();
        let known = [last, state.serving].into_iter().flatten();
        let same = known
            .filter_map(|number| self.get(number))
            .find(|version| version.tells_the_same_as(offered));
        let version = match same {
            Some(version) => version,
            None => {
                let version = Version::new(last.unwrap_or(0) + 1, offered);
                self.folder.write_version(version.number, &version.written())?;
                version
            }
        };
        self.prune();
        Ok(version)
    }

    /// Notes which version serves, and which one was chosen.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn note(&self, state: &State) -> io::Result<()> {
        let _alone = self.folder.lock()?;
        if *state == self.state() {
            return Ok(());
        }
        let text = toml::to_string(state).map_err(io::Error::other)?;
        self.folder.write_state(&text)
    }

    /// Says that a server is at work with these versions, for as long as the result is held.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn attend(&self) -> io::Result<Attended> {
        self.folder.attend().map(Attended)
    }

    /// Whether a server is at work with them.
    pub fn are_attended(&self) -> bool {
        self.folder.is_attended()
    }

    /// The oldest go, but never the one that serves or was chosen.
    fn prune(&self) {
        let numbers = self.folder.numbers();
        let state = self.state();
        let needed = [state.serving, state.chosen.map(|chosen| chosen.number)];
        let surplus = numbers.len().saturating_sub(self.keep);
        let oldest = numbers
            .into_iter()
            .filter(|number| !needed.contains(&Some(*number)));
        for number in oldest.take(surplus) {
            self.folder.remove_version(number);
        }
    }
}

#[cfg(test)]
mod tests;
