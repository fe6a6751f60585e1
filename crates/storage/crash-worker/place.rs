//! Where stores are: in a folder, or elsewhere.

use std::{fmt, path::PathBuf, sync::Arc};

use busbar_core::{Clock, Result};
use busbar_storage::{Files, Sqlite, SqliteOptions};

use crate::elsewhere::{Elsewhere, Stores};

/// Where stores are.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// At an emulator.
    Elsewhere(Elsewhere),
}

impl Place {
    /// The stores there, which exist already where it is no folder.
    pub(crate) fn open(&self, clock: Arc<dyn Clock>) -> Result<Stores> {
        let folder = match self {
            Self::Elsewhere(elsewhere) => return elsewhere.open(clock),
            Self::Folder(folder) => folder,
        };
        let database = folder.join("jobs.sqlite");
        let sqlite = Arc::new(Sqlite::open(&database, clock, SqliteOptions::default())?);
        Ok(Stores {
            jobs: sqlite.clone(),
            queue: sqlite,
            files: Arc::new(Files::open(&folder.join("files"))?),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Elsewhere(Elsewhere { address, name }) => write!(f, "{address}/{name}"),
        }
    }
}
