//! Models that come as one archive, `model.tar.gz`: unpacked once, into a folder named by its hash.
//!
//! **Invariant:** nothing is written outside that folder and no link is made, whatever an archive says; and
//! it cannot fill a disk or take for ever.

use std::{
    cell::Cell,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Component, Path, PathBuf},
    rc::Rc,
};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::{ByteCount, Error, Result, Sha256, space};

/// The folder of the data directory in which archives are unpacked.
const FOLDER: &str = "unpacked";
/// Names, notes and padding between two files.
const BETWEEN_FILES: u64 = 64 << 10;
/// Folders within folders.
const DEEPEST: usize = 16;

/// How large an archive may be once it is unpacked.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Files and folders.
    entries: usize,
    /// Bytes of all files for each byte of the archive; model weights hardly shrink at all.
    ratio: u64,
    /// Bytes that may be there however small the archive is.
    floor: u64,
    /// Bytes that may be there however large it is.
    ceiling: u64,
}

const BOUNDS: Bounds = Bounds {
    entries: 10_000,
    ratio: 50,
    floor: 64 << 20,
    ceiling: 256 << 30,
};

/// Whether a path looks like such an archive.
pub fn is_archive(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    name.ends_with(".tar.gz") || name.ends_with(".tgz")
}

/// Unpacks an archive under a data directory, once, and returns where. Blocks.
///
/// # Errors
/// It is none, is damaged, would put something elsewhere than into its folder, or is too large; or the
/// disk's own.
pub(crate) fn unpack(archive: &Path, home: &Path) -> Result<PathBuf> {
    unpack_within(archive, home, BOUNDS)
}

fn unpack_within(archive: &Path, home: &Path, bounds: Bounds) -> Result<PathBuf> {
    if !archive.is_file() {
        return Err(Error::NoFile(archive.to_owned()));
    }
    let hash = Sha256::of_file(archive)
        .map_err(Error::io("read", archive))?
        .to_string();
    let all = home.join(FOLDER);
    let target = all.join(&hash[..16]);
    // Only a whole one ever gets this name.
    if target.is_dir() {
        return Ok(target);
    }
    fs::create_dir_all(&all).map_err(Error::io("make", &all))?;
    let part = all.join(format!("{}.{}.part", &hash[..16], std::process::id()));
    let _ = fs::remove_dir_all(&part);
    fs::create_dir(&part).map_err(Error::io("make", &part))?;
    let done = Unpacking::begin(archive, &part, bounds).and_then(Unpacking::run);
    match done.and_then(|()| settle(&part, &target)) {
        Ok(()) => Ok(target),
        Err(error) => {
            // What is left of it is of no use to anybody.
            let _ = fs::remove_dir_all(&part);
            Err(error)
        }
    }
}

/// Gives the folder its name, unless another process was quicker.
fn settle(part: &Path, target: &Path) -> Result<()> {
    match fs::rename(part, target) {
        Ok(()) => Ok(()),
        Err(_) if target.is_dir() => fs::remove_dir_all(part).map_err(Error::io("remove", part)),
        Err(error) => Err(Error::io("rename", part)(error)),
    }
}

/// Unpacks no more than was allowed: names and notes between files are kept in memory while they are read.
struct Metered<R> {
    inner: R,
    allowance: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let allowed = usize::try_from(self.allowance.get()).unwrap_or(usize::MAX);
        if allowed == 0 && !buffer.is_empty() {
            return Err(io::Error::other("more stands between its files than may"));
        }
        let room = buffer.len().min(allowed);
        let read = self.inner.read(&mut buffer[..room])?;
        self.allowance.set(self.allowance.get() - read as u64);
        Ok(read)
    }
}

struct Unpacking<'a> {
    archive: &'a Path,
    file: File,
    into: &'a Path,
    /// Bytes that may still be written.
    left: u64,
    entries: usize,
}

impl<'a> Unpacking<'a> {
    fn begin(archive: &'a Path, into: &'a Path, bounds: Bounds) -> Result<Self> {
        let file = File::open(archive).map_err(Error::io("read", archive))?;
        let packed = file.metadata().map_err(Error::io("read", archive))?.len();
        let most = packed
            .saturating_mul(bounds.ratio)
            .max(bounds.floor)
            .min(bounds.ceiling);
        // At least what it has now; most archives of models are hardly larger unpacked.
        space::require(into, packed)?;
        Ok(Self {
            archive,
            file,
            into,
            left: most,
            entries: bounds.entries,
        })
    }

    fn run(mut self) -> Result<()> {
        let file = BufReader::new(self.file.try_clone().map_err(Error::io("read", self.archive))?);
        let allowance = Rc::new(Cell::new(BETWEEN_FILES));
        let mut archive = Archive::new(Metered {
            inner: MultiGzDecoder::new(file),
            allowance: allowance.clone(),
        });
        let mut entries = archive.entries().map_err(|error| self.damaged(&error))?;
        loop {
            allowance.set(BETWEEN_FILES);
            let Some(entry) = entries.next() else {
                return Ok(());
            };
            let mut entry = entry.map_err(|error| self.damaged(&error))?;
            allowance.set(entry.size().saturating_add(BETWEEN_FILES));
            self.entries = self
                .entries
                .checked_sub(1)
                .ok_or_else(|| self.wrong("has too many files"))?;
            let kind = entry.header().entry_type();
            if matches!(kind, EntryType::XGlobalHeader) {
                continue;
            }
            let Some(path) = self.place(&entry.path_bytes())? else {
                continue;
            };
            match kind {
                EntryType::Directory => fs::create_dir_all(&path).map_err(Error::io("make", &path))?,
                EntryType::Regular | EntryType::Continuous => {
                    let size = entry.size();
                    self.left = self.left.checked_sub(size).ok_or_else(|| self.too_large())?;
                    space::require(self.into, size)?;
                    self.write(&mut entry, &path, size)?;
                }
                // A link may lead anywhere, and what is written through it goes there.
                _ => return Err(self.wrong("has something in it that is neither a file nor a folder")),
            }
        }
    }

    fn write(&self, entry: &mut impl Read, path: &Path, size: u64) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        }
        // Never over one that is there.
        let mut file = match File::create_new(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(self.wrong("has the same file twice"));
            }
            Err(error) => return Err(Error::io("make", path)(error)),
        };
        let written = io::copy(entry, &mut file).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                space::write_failed(path, size)(error)
            }
            _ => self.damaged(&error),
        })?;
        match written == size {
            true => Ok(()),
            false => Err(self.wrong("is cut short, or larger than it says")),
        }
    }

    /// Where an entry goes; nowhere, where it is the folder itself.
    fn place(&self, name: &[u8]) -> Result<Option<PathBuf>> {
        let outside = || self.wrong("wants to put something elsewhere than into its folder");
        let name = std::str::from_utf8(name).map_err(|_| self.wrong("has a name that is no UTF-8"))?;
        // A separator on one platform, and a letter on others.
        if name.contains(['\\', '\0', ':']) {
            return Err(outside());
        }
        let (mut path, mut depth) = (self.into.to_owned(), 0);
        for component in Path::new(name).components() {
            match component {
                Component::CurDir => {}
                Component::Normal(part) => {
                    depth += 1;
                    path.push(part);
                }
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(outside()),
            }
        }
        if depth > DEEPEST {
            return Err(self.wrong("has folders too deep within each other"));
        }
        Ok((depth > 0).then_some(path))
    }

    fn too_large(&self) -> Error {
        self.wrong(&format!(
            "is larger unpacked than it may be: {} more than that",
            ByteCount(self.left)
        ))
    }

    fn damaged(&self, error: &io::Error) -> Error {
        self.wrong(&format!("is no tar.gz, or is damaged: {error}"))
    }

    fn wrong(&self, says: &str) -> Error {
        Error::Archive {
            path: self.archive.to_owned(),
            says: says.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
