//! Small files beside the model: what was pulled, and how far an unfinished pull got.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, Result, Sha256};

/// What was verified when the model was put in its place. Without it a file is not taken for whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) file: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) source: Vec<String>,
    pub(crate) licence: String,
}

impl Record {
    /// The hash, unless someone has edited it into nonsense.
    pub(crate) fn hash(&self) -> Option<Sha256> {
        Sha256::parse(&self.sha256).ok()
    }
}

/// How far an unfinished pull got. It belongs to a `.part` file and is worth nothing without it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sidecar {
    /// What was being pulled: places, and the hash if it is known. Another pull starts over.
    pub(crate) of: Vec<String>,
    /// Lengths of the parts that are complete, in order.
    pub(crate) complete: Vec<u64>,
    /// What the server calls the version of the part under way (an entity tag or a date).
    pub(crate) version: Option<String>,
}

/// Reads one of them; nothing if there is none, or it cannot be read as one.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(toml::from_str(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // Bytes that are no text: as good as absent.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

/// Writes one of them, so that a crash leaves the old or the new one, never half.
pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = toml::to_string(value)
        .map_err(|error| Error::io("write", path)(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = Path::new(&fresh);
    let mut file = File::create(fresh).map_err(Error::io("create", fresh))?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(crate::space::write_failed(fresh, text.len() as u64))?;
    fs::rename(fresh, path).map_err(Error::io("rename", fresh))?;
    sync_directory_of(path)
}

/// Makes a rename in the directory last. Only Unix lets a directory be opened for it.
pub(crate) fn sync_directory_of(path: &Path) -> Result<()> {
    let Some(directory) = path.parent().filter(|_| cfg!(unix)) else {
        return Ok(());
    };
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(Error::io("sync", directory))
}

/// Removes a file that may not be there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}
