//! The files of versions: written beside their place, forced to disk, renamed. What is in them is no
//! concern here.

use std::{
    any::Any,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use busbar_core::{Error, ErrorKind, Result, Shelf};
use tempfile::Builder;

const STATE: &str = "state.toml";
const LOCK: &str = "lock";
/// Held by every server that works with these versions.
const ATTENDED: &str = "server";
/// Says whose versions these are, for people who look into the folder.
const NOTE: &str = "source.txt";
/// What is being written is called so until it is whole.
const UNFINISHED: &str = ".unfinished-";
/// A file is not larger than this; a configuration of that size is none.
const LARGEST: u64 = 4 << 20;

/// A folder of versions.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    note: String,
}

impl Folder {
    pub(super) fn new(path: PathBuf, note: &str) -> Self {
        Self {
            path,
            note: format!("{note}\n"),
        }
    }

    /// Nobody else writes while this is held.
    fn lock(&self) -> io::Result<File> {
        fs::create_dir_all(&self.path)?;
        let file = self.open(LOCK)?;
        file.lock()?;
        self.sweep();
        let note = self.path.join(NOTE);
        if !note.exists() {
            self.write(NOTE, &self.note)?;
        }
        Ok(file)
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        // The file stays when the lock goes: two processes must not lock two files of one name.
        options.create(true).truncate(false).write(true);
        options.open(self.path.join(name))
    }

    fn file(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:06}.toml"))
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let mut file = Builder::new().prefix(UNFINISHED).tempfile_in(&self.path)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(self.path.join(name)).map_err(|error| error.error)?;
        sync(&self.path)
    }

    /// Whoever was killed while writing has left what he had; the lock says that nobody is at it.
    fn sweep(&self) {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let _tried = fs::remove_file(entry.path());
            }
        }
    }
}

impl Shelf for Folder {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn numbers(&self) -> Result<Vec<u64>> {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return Ok(Vec::new());
        };
        let number = |entry: io::Result<fs::DirEntry>| {
            let name = entry.ok()?.file_name();
            name.to_str()?.strip_suffix(".toml")?.parse().ok()
        };
        let mut numbers: Vec<u64> = entries.filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn text(&self, number: u64) -> Result<Option<String>> {
        Ok(read(&self.file(number)))
    }

    fn texts(&self) -> Result<Vec<(u64, String)>> {
        let numbers = self.numbers()?.into_iter();
        Ok(numbers
            .filter_map(|number| Some((number, read(&self.file(number))?)))
            .collect())
    }

    fn add(&self, number: u64, text: &str) -> Result<bool> {
        let _alone = self.lock().map_err(unwritable)?;
        if self.numbers()?.last().is_some_and(|last| *last >= number) {
            return Ok(false);
        }
        self.write(&format!("{number:06}.toml"), text)
            .map_err(unwritable)?;
        Ok(true)
    }

    fn remove(&self, number: u64) -> Result<()> {
        // One that cannot be removed is tried again with the next version.
        let _tried = fs::remove_file(self.file(number));
        Ok(())
    }

    fn state(&self) -> Result<Option<String>> {
        Ok(read(&self.path.join(STATE)))
    }

    fn set_state(&self, text: &str) -> Result<()> {
        let _alone = self.lock().map_err(unwritable)?;
        self.write(STATE, text).map_err(unwritable)
    }

    /// A lock that servers share.
    fn attend(&self) -> Result<Box<dyn Any + Send + Sync>> {
        let attend = || {
            fs::create_dir_all(&self.path)?;
            let file = self.open(ATTENDED)?;
            file.lock_shared()?;
            Ok(file)
        };
        Ok(Box::new(attend().map_err(unwritable)?))
    }

    fn is_attended(&self) -> Option<bool> {
        let file = OpenOptions::new().write(true).open(self.path.join(ATTENDED));
        Some(file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock))))
    }
}

fn unwritable(source: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, source.to_string()).with_source(source)
}

fn read(path: &Path) -> Option<String> {
    let size = fs::metadata(path).ok()?.len();
    (size <= LARGEST).then(|| fs::read_to_string(path).ok())?
}

/// Forces the names in a folder to disk, where the system can.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Folders cannot be opened here.
#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}
