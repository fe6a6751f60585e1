//! The list of models that can be had by name.

use std::path::{Path, PathBuf};

use crate::{Entry, Error, Kind, Result, Store, entry, place::Place};

/// The models that can be had by name: the ones compiled in, and the user's own.
#[derive(Clone, Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
}

/// What a name or a path means.
#[derive(Clone, Debug)]
pub enum Wanted<'a> {
    /// A model of the catalog.
    Entry(&'a Entry),
    /// A file, or the folder of a picture model, that is here already and belongs to its owner.
    File(PathBuf),
}

impl Catalog {
    /// The one compiled in.
    ///
    /// # Errors
    /// Only if that one is broken, which a test rules out.
    pub fn builtin() -> Result<Self> {
        let entries = entry::entries("built in", include_str!("builtin.toml"), Path::new("/"))?;
        Ok(Self { entries })
    }

    /// With the entries of a file besides. One of the same name takes the other's place, and a default
    /// takes over from the other default of its kind. Relative `file:` sources start at the file's own
    /// directory.
    ///
    /// # Errors
    /// The file cannot be read, or says things that cannot be: all of them are reported.
    pub fn extended_by(self, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(Error::io("read the catalog", path))?;
        let base = path.parent().unwrap_or(Path::new(""));
        let base = std::path::absolute(base).map_err(Error::io("find the directory", base))?;
        self.merged(&path.display().to_string(), &text, &base)
    }

    fn merged(self, origin: &str, text: &str, base: &Path) -> Result<Self> {
        let added = entry::entries(origin, text, base)?;
        let mut entries = self.entries;
        entries.retain(|old| !added.iter().any(|new| new.name == old.name));
        for old in &mut entries {
            old.default &= !added.iter().any(|new| new.default && new.kind == old.kind);
        }
        entries.extend(added);
        let faults = entry::clashes(&entries);
        if faults.is_empty() {
            return Ok(Self { entries });
        }
        Err(Error::Catalog {
            origin: origin.to_owned(),
            faults,
        })
    }

    /// All of them, in the order they were written.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The one by this name or alias. Case does not matter.
    ///
    /// # Errors
    /// There is none; the error lists those that look like it.
    pub fn entry(&self, name: &str) -> Result<&Entry> {
        let wanted = name.to_ascii_lowercase();
        let found = self.entries.iter().find(|entry| entry.is_called(&wanted));
        found.ok_or_else(|| self.unknown(name))
    }

    /// The one to take when none of a kind is named.
    pub fn default_of(&self, kind: Kind) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.default && entry.kind == kind)
    }

    /// What a name or a path means: a name of the catalog first, then a place that a model was pulled
    /// from, then a file.
    ///
    /// # Errors
    /// It is neither. What looks like a path (it has a separator, or ends like a model file) is
    /// reported as a missing file, anything else as an unknown name.
    pub fn resolve(&self, name_or_path: &str) -> Result<Wanted<'_>> {
        let unknown = match self.entry(name_or_path) {
            Ok(entry) => return Ok(Wanted::Entry(entry)),
            Err(unknown) => unknown,
        };
        if let Some(place) = Place::read(name_or_path) {
            let from = |entry: &&Entry| place.is_of(&entry.source);
            let found = self.entries.iter().find(from);
            return found
                .map(Wanted::Entry)
                .ok_or_else(|| Error::PlaceNotPulled(name_or_path.to_owned()));
        }
        let path = Path::new(name_or_path);
        if path.is_file() || path.join("model_index.json").is_file() {
            return Ok(Wanted::File(path.to_owned()));
        }
        let file_like = ["gguf", "safetensors", "onnx", "pth"];
        let looks_like_path = name_or_path.contains(std::path::is_separator)
            || path
                .extension()
                .is_some_and(|end| file_like.iter().any(|known| end == *known));
        Err(if looks_like_path {
            Error::NoFile(path.to_owned())
        } else {
            unknown
        })
    }

    /// With what was pulled by its place; nothing where nothing was.
    ///
    /// # Errors
    /// The store's own list cannot be read, or somebody has written nonsense into it.
    pub fn with_pulled(self, store: &Store) -> Result<Self> {
        let list = store.pulled();
        if list.is_file() {
            self.extended_by(list)
        } else {
            Ok(self)
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let all: Vec<String> = self.entries.iter().map(|entry| entry.name.to_string()).collect();
        let wanted = name.to_ascii_lowercase();
        // The first word is nearly always the family: whoever asks for llama-3 wants to hear of the llamas.
        let family = wanted
            .split(|c: char| !c.is_ascii_alphabetic())
            .next()
            .unwrap_or_default();
        let alike = |entry: &&Entry| {
            entry.names().any(|own| {
                own.as_str().contains(&wanted) || (family.len() > 2 && own.as_str().starts_with(family))
            })
        };
        let near = if wanted.is_empty() {
            Vec::new()
        } else {
            self.entries
                .iter()
                .filter(alike)
                .map(|entry| entry.name.to_string())
                .collect()
        };
        Error::Unknown {
            name: name.to_owned(),
            near,
            all,
        }
    }
}
