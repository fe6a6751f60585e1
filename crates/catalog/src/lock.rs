//! One process at a time on a model's directory. The system drops the lock when a process dies.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use crate::{ByteCount, Cancel, Entry, Error, Phase, Progress, PullProgress, Result, cancel::GLANCE};

/// Held while the files of an entry are written or removed.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it, after whoever has it, however long that lasts.
    pub(crate) fn wait(path: &Path, progress: &dyn PullProgress, cancel: &Cancel) -> Result<Self> {
        loop {
            if let Some(lock) = Self::attempt(path)? {
                return Ok(lock);
            }
            progress.at(Progress {
                phase: Phase::Waiting,
                done: ByteCount(0),
                total: None,
            });
            cancel.sleep(GLANCE)?;
        }
    }

    /// Takes it, or fails if someone has it.
    pub(crate) fn now(path: &Path, entry: &Entry) -> Result<Self> {
        Self::attempt(path)?.ok_or_else(|| Error::Busy(entry.name.clone()))
    }

    fn attempt(path: &Path) -> Result<Option<Self>> {
        // The file stays when the lock goes: removing it would let two processes lock two files of one name.
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let file = options
            .open(path)
            .map_err(Error::io("open the lock file", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(Error::io("lock", path)(source)),
        }
    }
}
