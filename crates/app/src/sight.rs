//! Models that look at pictures: which are to be run, and how they are loaded.

use std::path::{Path, PathBuf};

use busbar_catalog::{Kind, Wanted};
use busbar_config::Config;

use crate::{Result, Shelf};

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
            let here = default.and_then(|entry| Self::named(entry.name.as_str(), shelf).ok());
            return Ok(here.into_iter().collect());
        }
        let listed = config.models.vision.iter();
        listed
            .map(|text| match text.split_once('=') {
                Some((id, path)) => Ok(Self::file(id, Path::new(path))),
                None => Self::named(text, shelf),
            })
            .collect()
    }

    fn named(name: &str, shelf: &Shelf) -> Result<Self> {
        Ok(match shelf.catalog.resolve(name)? {
            Wanted::Entry(entry) => Self {
                id: entry.name.to_string(),
                title: entry.title.clone(),
                licence: entry.licence.name.clone(),
                path: shelf.store.path(entry)?,
                description: None,
            },
            Wanted::File(path) => {
                let stem = path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                Self::file(&stem, &path)
            }
        })
    }

    /// A file; its description stands beside it, with the same name and the ending `toml`.
    fn file(id: &str, path: &Path) -> Self {
        Self {
            id: id.to_owned(),
            title: id.to_owned(),
            licence: "unknown".to_owned(),
            path: path.to_owned(),
            description: Some(path.with_extension("toml")),
        }
    }
}
