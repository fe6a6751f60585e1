//! Models that make pictures: which are to be run, from which files, and how.
//!
//! Loads nothing.

use std::path::PathBuf;

use busbar_catalog::{ImageDefaults, Kind, Wanted};
use busbar_config::{Config, ImageModel, Images};

use crate::{Error, Result, Shelf};

/// A model that makes pictures and is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct ImagePlan {
    /// The name clients ask for.
    pub id: String,
    /// The name people read.
    pub title: String,
    /// The licence of the weights.
    pub licence: String,
    /// Its files.
    pub files: ImageFiles,
    /// The name to pull it by, where the catalog has it.
    pub catalog_name: Option<String>,
    /// What a request is given that says nothing, where the model's own files do not tell.
    pub defaults: ImageDefaults,
    /// How it is run.
    pub engine: Images,
}

/// Where a model's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageFiles {
    /// In a folder.
    Folder(PathBuf),
    /// In the program itself.
    BuiltIn,
    /// Where the workers are; this process does not look.
    Elsewhere,
}

impl ImagePlan {
    /// All that the configuration lists, in its order; none where it lists none.
    ///
    /// # Errors
    /// Those that are not here, all at once, each with how to get it.
    pub fn all(config: &Config, shelf: &Shelf) -> Result<Vec<Self>> {
        let (mut plans, mut missing) = (Vec::new(), Vec::new());
        for model in &config.models.images {
            match Self::of(model, config, shelf) {
                Ok(plan) => plans.push(plan),
                Err(error) => missing.push(error),
            }
        }
        match missing.len() {
            0 => Ok(plans),
            1 => Err(missing.remove(0).into()),
            _ => Err(Error::Models(missing)),
        }
    }

    /// The names of all that the configuration lists, for a process that leaves the work to others.
    pub fn names(config: &Config, shelf: &Shelf) -> Vec<Self> {
        let elsewhere = |model: &ImageModel| {
            let entry = shelf.catalog.entry(&model.id).ok();
            Self {
                title: entry.map_or_else(|| model.id.clone(), |entry| entry.title.clone()),
                licence: entry.map_or_else(|| "unknown".to_owned(), |entry| entry.licence.name.clone()),
                ..Self::bare(model.id.clone(), ImageFiles::Elsewhere, config)
            }
        };
        config.models.images.iter().map(elsewhere).collect()
    }

    /// The model that is a part of the program, where it was built with one.
    pub fn built_in(config: &Config) -> Option<Self> {
        #[cfg(feature = "emoji")]
        return busbar_builtin::emoji_diffusion().map(|model| Self {
            title: model.title.to_owned(),
            licence: model.licence.to_owned(),
            ..Self::bare(model.name.to_owned(), ImageFiles::BuiltIn, config)
        });
        #[cfg(not(feature = "emoji"))]
        {
            let _unused = config;
            None
        }
    }

    /// The model of that name: one that the configuration lists, one of the catalog, or a folder.
    /// Without a name, the first that is listed; without any, the one that is built in, or the
    /// catalog's first that is here.
    ///
    /// # Errors
    /// There is no such model, or it is not here; the message says how to get it.
    pub fn one(config: &Config, shelf: &Shelf, name: Option<&str>) -> Result<Self> {
        let listed = &config.models.images;
        if let Some(name) = name {
            let built_in = Self::built_in(config).filter(|plan| plan.id == name);
            if let Some(plan) = built_in {
                return Ok(plan);
            }
            let read = ImageModel::read(name);
            let model = listed.iter().find(|model| model.id == name).unwrap_or(&read);
            return Ok(Self::of(model, config, shelf)?);
        }
        if let Some(first) = listed.first() {
            return Ok(Self::of(first, config, shelf)?);
        }
        let here = || {
            let entries = shelf.catalog.entries().iter();
            let mut images = entries.filter(|entry| entry.kind == Kind::Image);
            images.find_map(|entry| Self::of(&ImageModel::read(entry.name.as_str()), config, shelf).ok())
        };
        Self::built_in(config).or_else(here).ok_or_else(none)
    }

    fn of(model: &ImageModel, config: &Config, shelf: &Shelf) -> busbar_catalog::Result<Self> {
        let id = model.id.clone();
        let folder = |path: PathBuf| Self::bare(id.clone(), ImageFiles::Folder(path), config);
        let wanted = match &model.folder {
            Some(path) => path.to_string_lossy().into_owned(),
            None => model.id.clone(),
        };
        match shelf.catalog.resolve(&wanted)? {
            Wanted::File(path) => Ok(folder(path)),
            Wanted::Entry(entry) => Ok(Self {
                title: entry.title.clone(),
                licence: entry.licence.name.clone(),
                catalog_name: Some(entry.name.to_string()),
                defaults: entry.image.clone(),
                // An alias is as good as the name.
                ..Self::bare(
                    entry.name.to_string(),
                    ImageFiles::Folder(shelf.store.path(entry)?),
                    config,
                )
            }),
        }
    }

    fn bare(id: String, files: ImageFiles, config: &Config) -> Self {
        Self {
            title: id.clone(),
            id,
            licence: "unknown".to_owned(),
            files,
            catalog_name: None,
            defaults: ImageDefaults::default(),
            engine: config.images.clone(),
        }
    }
}

fn none() -> Error {
    let message = "there is no model that makes pictures; fetch one, such as `busbar models pull sd-turbo`, and name it";
    busbar_core::Error::new(busbar_core::ErrorKind::NotFound, message)
        .with_code("model_not_found")
        .into()
}
