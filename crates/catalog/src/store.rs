//! Where models lie on this machine, and which of them are whole.
//!
//! ```text
//! HOME/models/NAME/FILE             the model: here only once it is whole
//! HOME/models/NAME/busbar.toml      what was verified when it was put here
//! HOME/models/NAME/FILE.part        bytes of an unfinished pull…
//! HOME/models/NAME/FILE.part.toml   …and what they are bytes of
//! HOME/models/NAME/scratch/         wheels, until they are unpacked
//! HOME/models/NAME/PART/FILE        of a model that is a folder…
//! HOME/models/NAME/PART/FILE.toml   …and what was verified, for each file
//! HOME/models/.locks/NAME           held while any of these change
//! HOME/models/.pulled.toml          a catalog of what was pulled by its place instead of a name
//! ```

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    ByteCount, Cancel, Catalog, Entry, Error, FileName, Phase, PullProgress, Result, Settings, Verified,
    Wanted,
    folder::Folder,
    lock::Lock,
    pull,
    record::{self, Record},
    verify::{self, Watch},
};

/// The models on this machine. Cheap to make; it holds nothing open.
#[derive(Clone, Debug)]
pub struct Store {
    home: PathBuf,
    settings: Settings,
}

/// How much of a model is here. Nothing is hashed to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing.
    Absent,
    /// A pull was begun and can go on.
    Partial {
        /// Bytes that are here.
        have: ByteCount,
    },
    /// All of it; it was verified when it came.
    Present {
        /// Where.
        path: PathBuf,
        /// How long.
        size: ByteCount,
    },
    /// There is a file, but it is not the one that was verified. A pull replaces it.
    Unusable {
        /// Why.
        why: String,
    },
}

impl Store {
    /// The store under a directory that need not exist yet.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self {
            home: home.into(),
            settings: Settings::default(),
        }
    }

    /// The same store with other settings for pulls.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// How much of a model is here.
    pub fn status(&self, entry: &Entry) -> Status {
        match Folder::of(entry, || self.place(entry)) {
            Some(folder) => folder.status(),
            None => self.place(entry).status(entry),
        }
    }

    /// Makes a model present, and returns where it is. At once if it is already. Blocks; goes on where
    /// an earlier pull was stopped; waits for another process that pulls the same.
    ///
    /// # Errors
    /// The source, the network, the disk, the hash; or [`Error::Cancelled`].
    pub fn pull(&self, entry: &Entry, progress: &dyn PullProgress, cancel: &Cancel) -> Result<PathBuf> {
        match Folder::of(entry, || self.place(entry)) {
            Some(folder) => folder.pull(&self.settings, progress, cancel),
            None => pull::pull(&self.place(entry), entry, &self.settings, progress, cancel),
        }
    }

    /// Where an archive with a model in it (`model.tar.gz`) is unpacked; it is now, where it was not.
    /// Blocks.
    ///
    /// # Errors
    /// It is none, or is not to be trusted; or there is no room.
    pub fn unpacked(&self, archive: &Path) -> Result<PathBuf> {
        crate::archive::unpack(archive, &self.home)
    }

    /// How much more the disk has room for.
    ///
    /// # Errors
    /// The disk cannot be asked.
    pub fn free_space(&self) -> Result<ByteCount> {
        let existing = self.home.ancestors().find(|path| path.exists());
        crate::space::free(existing.unwrap_or(&self.home))
    }

    /// Where a model is that is here and whole: its file, or its folder.
    ///
    /// # Errors
    /// It is not; the message says how to get it.
    pub fn path(&self, entry: &Entry) -> Result<PathBuf> {
        let name = entry.name.clone();
        match self.status(entry) {
            Status::Present { path, .. } => Ok(path),
            Status::Absent | Status::Partial { .. } => Err(Error::NotPulled(name)),
            Status::Unusable { why } => Err(Error::Unusable { name, why }),
        }
    }

    /// Where the model is that a name or a path means.
    ///
    /// # Errors
    /// There is no such name or file, or the model is not here.
    pub fn locate(&self, catalog: &Catalog, name_or_path: &str) -> Result<PathBuf> {
        match catalog.resolve(name_or_path)? {
            Wanted::Entry(entry) => self.path(entry),
            Wanted::File(path) => Ok(path),
        }
    }

    /// Reads a model through and compares it with what was pulled. One that fails is not taken for
    /// whole any more. Blocks as long as the disk needs.
    ///
    /// # Errors
    /// It is not here, or has changed; or [`Error::Cancelled`].
    pub fn verify(&self, entry: &Entry, progress: &dyn PullProgress, cancel: &Cancel) -> Result<Verified> {
        self.path(entry)?;
        match Folder::of(entry, || self.place(entry)) {
            Some(folder) => folder.verify(progress, cancel),
            None => {
                let place = self.place(entry);
                let _lock = Lock::wait(&place.lock, progress, cancel)?;
                verify_file(&place, entry, progress, cancel)
            }
        }
    }

    /// Removes a model and whatever is left of unfinished pulls; returns the bytes that this set free.
    ///
    /// # Errors
    /// Another process works on it, or the disk refuses.
    pub fn remove(&self, entry: &Entry) -> Result<ByteCount> {
        let place = self.place(entry);
        if !place.directory.exists() {
            return Ok(ByteCount(0));
        }
        fs::create_dir_all(&place.locks).map_err(Error::io("make the directory", &place.locks))?;
        let _lock = Lock::now(&place.lock, entry)?;
        let freed = bytes_under(&place.directory);
        match fs::remove_dir_all(&place.directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", &place.directory)(error))
            }
            _ => Ok(ByteCount(freed)),
        }
    }

    /// The catalog of what was pulled by its place.
    pub(crate) fn pulled(&self) -> PathBuf {
        self.home.join("models").join(".pulled.toml")
    }

    pub(crate) fn locks(&self) -> PathBuf {
        self.home.join("models").join(".locks")
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    fn place(&self, entry: &Entry) -> Place {
        Place::new(&self.home, entry)
    }
}

/// Compares a file with its record. The lock is held by whoever calls.
pub(crate) fn verify_file(
    place: &Place,
    entry: &Entry,
    progress: &dyn PullProgress,
    cancel: &Cancel,
) -> Result<Verified> {
    let Some(record) = place.present(entry) else {
        return Err(Error::NotPulled(entry.name.clone()));
    };
    let watch = Watch {
        phase: Phase::Verifying,
        before: 0,
        total: Some(ByteCount(record.size)),
        progress,
        cancel,
    };
    let found = verify::hash_file(&place.model, watch)?;
    if record.hash() == Some(found.sha256) {
        return Ok(found);
    }
    record::remove(&place.record)?;
    Err(Error::Unusable {
        name: entry.name.clone(),
        why: format!(
            "the sha256 of {} is {}, and {} was pulled: the file has changed on disk",
            entry.file, found.sha256, record.sha256
        ),
    })
}

/// The paths of one entry.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) model: PathBuf,
    pub(crate) record: PathBuf,
    pub(crate) part: PathBuf,
    pub(crate) sidecar: PathBuf,
    pub(crate) scratch: PathBuf,
    pub(crate) locks: PathBuf,
    pub(crate) lock: PathBuf,
}

impl Place {
    fn new(home: &Path, entry: &Entry) -> Self {
        let models = home.join("models");
        let directory = models.join(entry.name.as_str());
        let locks = models.join(".locks");
        Self {
            model: directory.join(&entry.file),
            record: directory.join("busbar.toml"),
            part: directory.join(format!("{}.part", entry.file)),
            sidecar: directory.join(format!("{}.part.toml", entry.file)),
            scratch: directory.join("scratch"),
            lock: locks.join(entry.name.as_str()),
            directory,
            locks,
        }
    }

    /// The paths of a file of the folder that this is: its record is its own.
    pub(crate) fn below(&self, below: &str, file: &Entry) -> Self {
        let directory = match below {
            "" => self.directory.clone(),
            below => self.directory.join(below),
        };
        let beside = |ending: &str| directory.join(format!("{}.{ending}", file.file));
        Self {
            model: directory.join(&file.file),
            record: beside("toml"),
            part: beside("part"),
            sidecar: beside("part.toml"),
            scratch: directory.join("scratch"),
            lock: self.lock.clone(),
            locks: self.locks.clone(),
            directory,
        }
    }

    /// The record of a model that is here and is the one that the entry means.
    pub(crate) fn present(&self, entry: &Entry) -> Option<Record> {
        self.whole(entry)?.ok()
    }

    pub(crate) fn status(&self, entry: &Entry) -> Status {
        match self.whole(entry) {
            Some(Ok(record)) => Status::Present {
                path: self.model.clone(),
                size: ByteCount(record.size),
            },
            Some(Err(why)) => Status::Unusable { why },
            None => match fs::metadata(&self.part) {
                Ok(part) if part.len() > 0 => Status::Partial {
                    have: ByteCount(part.len()),
                },
                _ => Status::Absent,
            },
        }
    }

    /// Nothing if there is no file; else its record, or why it is not taken for whole.
    fn whole(&self, entry: &Entry) -> Option<Result<Record, String>> {
        let length = match fs::metadata(&self.model) {
            Ok(found) if found.is_file() => found.len(),
            Ok(_) => return Some(Err("something that is no file has its name".to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => return Some(Err(format!("it cannot be read: {error}"))),
        };
        let record = match record::read::<Record>(&self.record) {
            Ok(Some(record)) => record,
            Ok(None) => return Some(Err("there is no record that it was ever verified".to_owned())),
            Err(error) => return Some(Err(error.to_string())),
        };
        if record.size != length {
            let why = format!("it has {length} bytes, and {} were pulled", record.size);
            return Some(Err(why));
        }
        let other = record.file != entry.file.as_str()
            || record.hash().is_none()
            || entry
                .sha256
                .is_some_and(|expected| record.hash() != Some(expected));
        if other {
            return Some(Err("it is another version than the catalog means".to_owned()));
        }
        Some(Ok(record))
    }

    /// Removes the file of a former version. Its name comes from a file on disk, so it is not trusted.
    pub(crate) fn remove_former(&self, name: &str) -> Result<()> {
        match FileName::parse(name) {
            Ok(name) => record::remove(&self.directory.join(name)),
            Err(_) => Ok(()),
        }
    }
}

/// The bytes of all files under a directory; what cannot be read counts as nothing.
pub(crate) fn bytes_under(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else {
        return 0;
    };
    let lengths = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_under(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    lengths.sum()
}
