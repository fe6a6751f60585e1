//! A model file while it grows: hashed as it is written, and able to go on after a crash.
//!
//! The bytes are in `NAME.part`; a sidecar beside it says what they are a part of. The file is only ever
//! appended to, or cut back to where the part under way began.

use std::{
    fs::{File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::{
    ByteCount, Error, Phase, Result,
    digest::Hasher,
    pull::Errand,
    record::{self, Sidecar},
    space,
    verify::{Verified, Watch, hash_some},
};

/// The growing file.
pub(crate) struct Partial<'a> {
    path: &'a Path,
    sidecar_path: &'a Path,
    errand: &'a Errand<'a>,
    file: File,
    sidecar: Sidecar,
    /// Of everything written so far.
    hasher: Hasher,
    length: u64,
    /// Of everything before the part under way: what to go back to.
    hasher_before: Hasher,
    length_before: u64,
}

impl<'a> Partial<'a> {
    /// Goes on with what an earlier pull of the same thing left, or starts anew.
    pub(crate) fn open(
        path: &'a Path,
        sidecar_path: &'a Path,
        of: Vec<String>,
        errand: &'a Errand<'a>,
    ) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let file = options.open(path).map_err(Error::io("open", path))?;
        let found = file.metadata().map_err(Error::io("look at", path))?.len();
        let mut partial = Self {
            path,
            sidecar_path,
            errand,
            file,
            sidecar: Sidecar::default(),
            hasher: Hasher::default(),
            length: 0,
            hasher_before: Hasher::default(),
            length_before: 0,
        };
        let left = record::read::<Sidecar>(sidecar_path)?;
        match left.filter(|left| left.of == of && left.complete.iter().sum::<u64>() <= found) {
            Some(left) => partial.take_up(left, found)?,
            None => partial.start(of)?,
        }
        Ok(partial)
    }

    fn start(&mut self, of: Vec<String>) -> Result<()> {
        // Emptied before the sidecar vouches for it, never after.
        self.cut_back()?;
        self.sidecar = Sidecar {
            of,
            ..Sidecar::default()
        };
        record::write(self.sidecar_path, &self.sidecar)
    }

    fn take_up(&mut self, left: Sidecar, found: u64) -> Result<()> {
        self.file.rewind().map_err(Error::io("read", self.path))?;
        let errand = self.errand;
        let watch = |before| Watch {
            phase: Phase::Resuming,
            before,
            total: errand.total,
            progress: errand.progress,
            cancel: errand.means.cancel,
        };
        let complete: u64 = left.complete.iter().sum();
        hash_some(&mut self.file, self.path, complete, &mut self.hasher, watch(0))?;
        self.hasher_before = self.hasher.clone();
        self.length_before = complete;
        hash_some(
            &mut self.file,
            self.path,
            found - complete,
            &mut self.hasher,
            watch(complete),
        )?;
        self.length = found;
        self.sidecar = left;
        Ok(())
    }

    /// How many parts need nothing more.
    pub(crate) fn complete_parts(&self) -> usize {
        self.sidecar.complete.len()
    }

    /// Bytes of the whole file so far.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Bytes of the part under way so far: where to go on.
    pub(crate) fn offset(&self) -> u64 {
        self.length - self.length_before
    }

    /// What the server called the version that these bytes are of.
    pub(crate) fn version(&self) -> Option<&str> {
        self.sidecar.version.as_deref()
    }

    /// Notes which version the next bytes are of.
    pub(crate) fn set_version(&mut self, version: Option<String>) -> Result<()> {
        if self.sidecar.version == version {
            return Ok(());
        }
        self.sidecar.version = version;
        record::write(self.sidecar_path, &self.sidecar)
    }

    /// The place says how long this part is: does that fit the promise, and the disk?
    pub(crate) fn expect(&self, part: u64) -> Result<()> {
        let whole = self.length_before.saturating_add(part);
        self.within(whole)?;
        let directory = self.path.parent().unwrap_or(self.path);
        space::require(directory, whole.saturating_sub(self.length))
    }

    /// Adds bytes, unless there are more than were promised or someone wants to stop.
    pub(crate) fn append(&mut self, bytes: &[u8], phase: Phase) -> Result<()> {
        self.errand.means.cancel.check()?;
        let length = self.length + bytes.len() as u64;
        self.within(length)?;
        let written = self.file.write_all(bytes);
        if written.is_err() {
            // Some of it may be there; only what was hashed may stay.
            self.cut_to(self.length)?;
        }
        let left = self
            .errand
            .total
            .map_or(length, ByteCount::get)
            .saturating_sub(self.length);
        written.map_err(space::write_failed(self.path, left))?;
        self.hasher.update(bytes);
        self.length = length;
        self.errand.tell(phase, length);
        Ok(())
    }

    /// Throws away what there is of the part under way.
    pub(crate) fn restart_part(&mut self) -> Result<()> {
        if self.offset() > 0 {
            self.cut_back()?;
        }
        self.set_version(None)
    }

    /// The part under way has all its bytes; they are on disk when this returns.
    pub(crate) fn finish_part(&mut self) -> Result<()> {
        self.file.sync_all().map_err(space::write_failed(self.path, 0))?;
        self.sidecar.complete.push(self.offset());
        self.sidecar.version = None;
        record::write(self.sidecar_path, &self.sidecar)?;
        self.hasher_before = self.hasher.clone();
        self.length_before = self.length;
        Ok(())
    }

    /// What the whole file came to.
    pub(crate) fn sum(&self) -> Verified {
        Verified {
            size: ByteCount(self.length),
            sha256: self.hasher.finish(),
        }
    }

    /// Throws everything away: it is wrong, and going on from it would stay wrong.
    pub(crate) fn discard(self) -> Result<()> {
        let paths: [PathBuf; 2] = [self.sidecar_path.to_owned(), self.path.to_owned()];
        drop(self.file);
        paths.iter().try_for_each(|path| record::remove(path))
    }

    fn within(&self, length: u64) -> Result<()> {
        match self.errand.total {
            Some(total) if length > total.get() => Err(Error::WrongLength {
                what: self.errand.entry.file.to_string(),
                expected: total,
                found: ByteCount(length),
            }),
            _ => Ok(()),
        }
    }

    fn cut_back(&mut self) -> Result<()> {
        self.cut_to(self.length_before)?;
        self.hasher = self.hasher_before.clone();
        self.length = self.length_before;
        Ok(())
    }

    fn cut_to(&mut self, length: u64) -> Result<()> {
        let cut = self
            .file
            .set_len(length)
            .and_then(|()| self.file.seek(SeekFrom::Start(length)));
        cut.map(drop).map_err(Error::io("shorten", self.path))
    }
}
