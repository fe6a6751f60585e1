//! What was pulled by its place: entries that the store writes down itself, so that the next command
//! knows their names.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    Cancel, Catalog, Entry, EntryName, Error, PullProgress, Result, Store, entry,
    lock::Lock,
    means::Means,
    place::{Found, Place},
    record,
};

/// The catalog as it is written.
#[derive(Default, Serialize, Deserialize)]
struct List {
    #[serde(default, rename = "model")]
    models: Vec<Kept>,
}

/// An entry of it.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    title: String,
    kind: String,
    format: String,
    file: String,
    source: String,
    licence: Terms,
}

#[derive(Serialize, Deserialize)]
struct Terms {
    name: String,
    url: String,
}

impl Store {
    /// The entry for a model at a place: `hf:owner/repo/file.gguf`, `hf:owner/repo[:Q4_K_M]` or an address.
    /// Nothing where the text names no place. The hub is asked which file is meant and on what terms.
    /// Blocks.
    ///
    /// # Errors
    /// The place has no such model, several, or cannot be reached; its name is taken; or
    /// [`Error::Cancelled`].
    pub fn at(
        &self,
        catalog: &Catalog,
        place: &str,
        name: Option<&str>,
        cancel: &Cancel,
    ) -> Result<Option<Entry>> {
        let Some(read) = Place::read(place) else {
            return Ok(None);
        };
        let scratch = self.locks().join("asking");
        let means = Means {
            settings: self.settings(),
            scratch: &scratch,
            cancel,
        };
        let kept = kept(read.find(means)?, name);
        let wrong = |error| match error {
            Error::Catalog { faults, .. } => Error::Place {
                place: place.to_owned(),
                says: faults
                    .first()
                    .map_or_else(String::new, |fault| format!("cannot be pulled: {}", fault.says)),
            },
            other => other,
        };
        let text = written(&List { models: vec![kept] })?;
        let mut entries = entry::entries(place, &text, Path::new("/")).map_err(wrong)?;
        let Some(entry) = entries.pop() else {
            return Ok(None);
        };
        match catalog.entry(entry.name.as_str()) {
            Ok(other) if other.source.places() != entry.source.places() => {
                Err(Error::Taken { name: entry.name })
            }
            Ok(other) => Ok(Some(other.clone())),
            Err(_) => Ok(Some(entry)),
        }
    }

    /// Writes an entry down, so that the model has its name from now on.
    ///
    /// # Errors
    /// The disk refuses, or what is written there makes no sense.
    pub fn remember(&self, entry: &Entry, progress: &dyn PullProgress, cancel: &Cancel) -> Result<()> {
        let [source] = &entry.source.places()[..] else {
            return Ok(());
        };
        let kept = Kept {
            name: entry.name.to_string(),
            title: entry.title.clone(),
            kind: entry.kind.as_str().to_owned(),
            format: entry.format.as_str().to_owned(),
            file: entry.file.to_string(),
            source: source.clone(),
            licence: Terms {
                name: entry.licence.name.clone(),
                url: entry.licence.url.clone(),
            },
        };
        self.change(progress, cancel, |list| {
            list.models.retain(|other| other.name != kept.name);
            list.models.push(kept);
        })
    }

    /// Takes a name off the list again. One that is not on it is no matter.
    ///
    /// # Errors
    /// As [`remember`](Self::remember).
    pub fn forget(&self, name: &EntryName, progress: &dyn PullProgress, cancel: &Cancel) -> Result<()> {
        if !self.pulled().exists() {
            return Ok(());
        }
        self.change(progress, cancel, |list| {
            list.models.retain(|other| other.name != name.as_str());
        })
    }

    fn change(
        &self,
        progress: &dyn PullProgress,
        cancel: &Cancel,
        how: impl FnOnce(&mut List),
    ) -> Result<()> {
        let (path, locks) = (self.pulled(), self.locks());
        fs::create_dir_all(&locks).map_err(Error::io("make the directory", &locks))?;
        // No entry can be called so: names are lower-case.
        let _lock = Lock::wait(&locks.join("PULLED"), progress, cancel)?;
        let mut list: List = match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|source| {
                let nonsense = std::io::Error::new(std::io::ErrorKind::InvalidData, source);
                Error::io("read", &path)(nonsense)
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => List::default(),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        how(&mut list);
        record::write(&path, &list)
    }
}

fn kept(found: Found, name: Option<&str>) -> Kept {
    let title = format!("{} from {}", found.file, found.from);
    Kept {
        name: name.map_or_else(|| named(&found.file), str::to_owned),
        title,
        kind: "text".to_owned(),
        format: "gguf".to_owned(),
        file: found.file,
        source: found.source,
        licence: Terms {
            name: found
                .licence
                .unwrap_or_else(|| "not said; see its page".to_owned()),
            url: found.page,
        },
    }
}

/// A file's name as one that people type: `Qwen2.5-0.5B+x.gguf` is `qwen2.5-0.5b-x`.
fn named(file: &str) -> String {
    const LONGEST: usize = 64;
    let stem = file
        .get(..file.len().saturating_sub(".gguf".len()))
        .unwrap_or(file);
    let letter = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || "._-".contains(c) => c,
        _ => '-',
    };
    stem.chars().take(LONGEST).map(letter).collect()
}

fn written(list: &List) -> Result<String> {
    toml::to_string(list).map_err(|source| Error::Place {
        place: "the entry".to_owned(),
        says: source.to_string(),
    })
}
