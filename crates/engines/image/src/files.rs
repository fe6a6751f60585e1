//! A model's files by their paths in its folder, wherever they lie: on a disk or in the program itself.
//!
//! Nothing is read before it is asked for, and weights are never copied as a whole: files are mapped,
//! and what is compiled in is a part of the program's own mapping.

use std::{borrow::Cow, path::PathBuf};

use busbar_core::{Error, ErrorKind, Result};
use candle_core::{Device, Result as CandleResult, Tensor, safetensors};
use serde::de::DeserializeOwned;

/// Where a model's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFiles(Place);

/// Files that are compiled in: the path of each in the model's folder, and its bytes.
pub type Embedded = &'static [(&'static str, &'static [u8])];

#[derive(Clone, PartialEq, Eq)]
enum Place {
    Folder(PathBuf),
    Program(Embedded),
}

impl ModelFiles {
    /// The files of a folder.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self(Place::Folder(path.into()))
    }

    /// Files that are compiled in.
    pub fn embedded(files: Embedded) -> Self {
        Self(Place::Program(files))
    }

    /// Whether there is a file of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        match &self.0 {
            Place::Folder(folder) => folder.join(name).is_file(),
            Place::Program(files) => find(files, name).is_some(),
        }
    }

    /// A whole file.
    ///
    /// # Errors
    /// `Unavailable` where it is not there or cannot be read.
    pub(crate) fn read(&self, name: &str) -> Result<Cow<'static, [u8]>> {
        match &self.0 {
            Place::Folder(folder) => {
                let path = folder.join(name);
                let read = std::fs::read(&path).map_err(|error| {
                    let message = format!("`{}` cannot be read", path.display());
                    Error::new(ErrorKind::Unavailable, message).with_source(error)
                });
                read.map(Cow::Owned)
            }
            Place::Program(files) => find(files, name).map(Cow::Borrowed).ok_or_else(|| {
                let message = format!("`{name}` is not among the files of the model");
                Error::new(ErrorKind::Unavailable, message)
            }),
        }
    }

    /// A file that is JSON.
    ///
    /// # Errors
    /// `Unavailable` where it is not there, or says something else.
    pub(crate) fn parse<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        serde_json::from_slice(&self.read(name)?).map_err(|error| {
            let message = format!("`{}` is not what it should be: {error}", self.shown(name));
            Error::new(ErrorKind::Unavailable, message)
        })
    }

    /// What a file is called in messages.
    pub(crate) fn shown(&self, name: &str) -> String {
        match &self.0 {
            Place::Folder(folder) => folder.join(name).display().to_string(),
            Place::Program(_) => name.to_owned(),
        }
    }

    /// The tensors of these files together.
    pub(crate) fn tensors(&self, names: &[String]) -> CandleResult<Tensors> {
        match &self.0 {
            Place::Folder(folder) => {
                let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
                // SAFETY: the files are only read, and who changes a model's files while it loads
                // has broken the model whatever we do.
                let mapped = unsafe { safetensors::MmapedSafetensors::multi(&paths)? };
                Ok(Tensors::Mapped(mapped))
            }
            Place::Program(files) => {
                let slices = names.iter().filter_map(|name| find(files, name));
                let slices: CandleResult<_> = slices.map(safetensors::SliceSafetensors::new).collect();
                Ok(Tensors::Program(slices?))
            }
        }
    }
}

impl From<PathBuf> for ModelFiles {
    fn from(folder: PathBuf) -> Self {
        Self::folder(folder)
    }
}

impl From<&std::path::Path> for ModelFiles {
    fn from(folder: &std::path::Path) -> Self {
        Self::folder(folder)
    }
}

/// Without the bytes.
impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => f.debug_tuple("Folder").field(folder).finish(),
            Self::Program(files) => write!(f, "Program({} files)", files.len()),
        }
    }
}

fn find(files: Embedded, name: &str) -> Option<&'static [u8]> {
    files
        .iter()
        .find(|(path, _)| *path == name)
        .map(|(_, bytes)| *bytes)
}

/// Tensors by name, read when they are asked for.
pub(crate) enum Tensors {
    Mapped(safetensors::MmapedSafetensors),
    Program(Vec<safetensors::SliceSafetensors<'static>>),
}

impl Tensors {
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::Mapped(files) => files.get(name).is_ok(),
            Self::Program(files) => files.iter().any(|file| file.get(name).is_ok()),
        }
    }

    /// A tensor in main memory.
    pub(crate) fn load(&self, name: &str) -> CandleResult<Tensor> {
        match self {
            Self::Mapped(files) => files.load(name, &Device::Cpu),
            Self::Program(files) => {
                let has = |file: &&safetensors::SliceSafetensors<'_>| file.get(name).is_ok();
                let file = files.iter().find(has);
                let absent = || candle_core::Error::msg(format!("there is no tensor `{name}`"));
                file.ok_or_else(absent)?.load(name, &Device::Cpu)
            }
        }
    }
}
