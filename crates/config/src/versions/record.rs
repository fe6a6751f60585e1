//! One version as it is kept: a TOML file that says where it came from, what became of it, and what it
//! says without its secrets.

use serde::{Deserialize, Serialize};
use toml::Table;

use super::{Offered, fingerprint};
use crate::secrets::redacted;

/// More reasons than this are not kept.
const MOST_REASONS: usize = 64;

/// A version of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Its number: 1, 2, 3 …
    pub number: u64,
    /// When it was offered, seconds since 1970.
    pub at: u64,
    /// Where it came from.
    pub origin: String,
    /// What those who keep it call it.
    pub label: Option<String>,
    /// A hash of what it says.
    pub fingerprint: String,
    /// What became of it.
    pub fate: Fate,
    /// What it says, without secrets; nothing where it could not be read.
    pub table: Option<Table>,
}

/// What became of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It served.
    Served,
    /// It was refused, for these reasons.
    Refused(Vec<String>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    at: u64,
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<Table>,
}

impl Version {
    pub(super) fn new(number: u64, offered: &Offered<'_>) -> Self {
        let fate = match &offered.fate {
            Fate::Refused(reasons) => Fate::Refused(reasons.iter().take(MOST_REASONS).cloned().collect()),
            Fate::Served => Fate::Served,
        };
        Self {
            number,
            at: offered.at,
            origin: offered.origin.clone(),
            label: offered.label.clone(),
            fingerprint: offered.table.map(fingerprint).unwrap_or_default(),
            fate,
            table: offered.table.map(redacted),
        }
    }

    /// Whether it served, so that it can be gone back to.
    pub fn is_good(&self) -> bool {
        self.fate == Fate::Served && self.table.is_some()
    }

    /// The beginning of its hash, for people.
    pub fn short(&self) -> &str {
        self.fingerprint.get(..8).unwrap_or("-")
    }

    pub(super) fn tells_the_same_as(&self, offered: &Offered<'_>) -> bool {
        let other = Self::new(self.number, offered);
        self.fingerprint == other.fingerprint && self.fate == other.fate && self.label == other.label
    }

    pub(super) fn written(&self) -> String {
        let written = Written {
            at: self.at,
            origin: self.origin.clone(),
            label: self.label.clone(),
            fingerprint: self.fingerprint.clone(),
            refused: match &self.fate {
                Fate::Served => None,
                Fate::Refused(reasons) => Some(reasons.clone()),
            },
            configuration: self.table.clone(),
        };
        // Every table that was read as TOML can be written as such.
        toml::to_string(&written).unwrap_or_default()
    }
}

/// A version from its file; `None` where the file is damaged.
pub(super) fn read(text: &str, number: u64) -> Option<Version> {
    let written: Written = toml::from_str(text).ok()?;
    let told = written
        .configuration
        .as_ref()
        .map(fingerprint)
        .unwrap_or_default();
    (told == written.fingerprint).then_some(Version {
        number,
        at: written.at,
        origin: written.origin,
        label: written.label,
        fingerprint: written.fingerprint,
        fate: match written.refused {
            None => Fate::Served,
            Some(reasons) => Fate::Refused(reasons),
        },
        table: written.configuration,
    })
}
