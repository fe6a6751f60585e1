//! Models that look at pictures: which are to be run, and from which files. Loads nothing.

use std::path::{Path, PathBuf};

use busbar_catalog::{Entry, Kind, Sha256, Wanted};
use busbar_config::Config;

use crate::{Error, Result, Shelf};

/// So much of a file's hash tells its version from all others that anyone has.
const VERSION_DIGITS: usize = 12;

/// A model that looks at pictures and is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SightPlan {
    /// The name clients ask for.
    pub id: String,
    /// The name people read.
    pub title: String,
    /// The licence of the weights.
    pub licence: String,
    /// Its file.
    pub path: PathBuf,
    /// How pictures are made ready for it, where the engine does not know it by its name.
    pub description: Option<PathBuf>,
}

impl SightPlan {
    /// All that the configuration lists. Where it lists no model at all, the catalog's default, if it is
    /// here: nobody who only wants text has to fetch it.
    ///
    /// # Errors
    /// One that is listed is not here; the message says how to get it.
    pub fn all(config: &Config, shelf: &Shelf) -> Result<Vec<Self>> {
        if config.models.vision.is_empty() {
            // Whoever lists models gets those, and no others.
            if !config.models.text.is_empty() || !config.providers.is_empty() {
                return Ok(Vec::new());
            }
            let default = shelf.catalog.default_of(Kind::Vision);
            let here = default.and_then(|entry| Self::entry(entry, shelf).ok());
            return Ok(here.into_iter().collect());
        }
        let listed = config.models.vision.iter();
        listed.map(|text| Self::listed(text, shelf)).collect()
    }

    /// The model of that name, where there is one: one that the configuration lists, or one of the
    /// catalog that is here. Never a file, since the name may come from anybody.
    ///
    /// # Errors
    /// It is known, and not here; the message says how to get it.
    pub fn called(name: &str, config: &Config, shelf: &Shelf) -> Result<Option<Self>> {
        for text in &config.models.vision {
            let listed = Self::listed(text, shelf);
            if let Some(plan) = listed.ok().filter(|plan| plan.id == name) {
                return Ok(Some(plan));
            }
        }
        match shelf.catalog.entry(name) {
            Ok(entry) if entry.kind == Kind::Vision => Self::entry(entry, shelf).map(Some),
            _ => Ok(None),
        }
    }

    /// For a command: the model of that name or file; without one, the first that is listed, else the
    /// catalog's default.
    ///
    /// # Errors
    /// There is none, or it is not here; the message says how to get it.
    pub fn one(config: &Config, shelf: &Shelf, name: Option<&str>) -> Result<Self> {
        let Some(name) = name else {
            let first = config.models.vision.first();
            let default = || Some(shelf.catalog.default_of(Kind::Vision)?.name.as_str());
            // A catalog without a default has no name to look up, and says which names there are.
            let text = first.map(String::as_str).or_else(default).unwrap_or_default();
            return Self::listed(text, shelf);
        };
        match Self::called(name, config, shelf)? {
            Some(plan) => Ok(plan),
            None => Self::listed(name, shelf),
        }
    }

    /// Which version of the model its file is. Reads it through.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn version(&self) -> Result<String> {
        let hash = Sha256::of_file(&self.path).map_err(|source| Error::Io {
            doing: format!("reading {}", self.path.display()),
            source,
        })?;
        let mut version = hash.to_string();
        version.truncate(VERSION_DIGITS);
        Ok(version)
    }

    /// As a configuration lists it: a name, a file, or `name=file`.
    fn listed(text: &str, shelf: &Shelf) -> Result<Self> {
        if let Some((id, path)) = text.split_once('=') {
            return Ok(Self::file(id, Path::new(path)));
        }
        match shelf.catalog.resolve(text)? {
            Wanted::Entry(entry) => Self::entry(entry, shelf),
            Wanted::File(path) => {
                let stem = path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                Ok(Self::file(&stem, &path))
            }
        }
    }

    fn entry(entry: &Entry, shelf: &Shelf) -> Result<Self> {
        Ok(Self {
            id: entry.name.to_string(),
            title: entry.title.clone(),
            licence: entry.licence.name.clone(),
            path: shelf.store.path(entry)?,
            description: None,
        })
    }

    /// A file; its description stands beside it, with the same name and the ending `toml`. Without one it
    /// may be a model that is known by its name.
    fn file(id: &str, path: &Path) -> Self {
        let beside = path.with_extension("toml");
        Self {
            id: id.to_owned(),
            title: id.to_owned(),
            licence: "unknown".to_owned(),
            path: path.to_owned(),
            description: beside.is_file().then_some(beside),
        }
    }
}
