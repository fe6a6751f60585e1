//! Reading a file through and hashing it.

use std::{fs::File, io::Read, path::Path};

use crate::{ByteCount, Cancel, Error, Phase, Progress, PullProgress, Result, Sha256, digest::Hasher};

/// Large enough that hashing, not reading, takes the time.
pub(crate) const CHUNK: usize = 256 * 1024;

/// A model whose bytes were read and found to be the ones that were pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its length.
    pub size: ByteCount,
    /// Its hash.
    pub sha256: Sha256,
}

/// Who watches a long read, and who may stop it.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) phase: Phase,
    /// What was dealt with before.
    pub(crate) before: u64,
    pub(crate) total: Option<ByteCount>,
    pub(crate) progress: &'a dyn PullProgress,
    pub(crate) cancel: &'a Cancel,
}

/// Feeds the next `length` bytes of `file` to `hasher`; returns how many there were.
pub(crate) fn hash_some(
    file: &mut File,
    path: &Path,
    length: u64,
    hasher: &mut Hasher,
    watch: Watch<'_>,
) -> Result<u64> {
    let mut chunk = vec![0; CHUNK];
    let mut rest = file.take(length);
    let mut done = 0;
    loop {
        watch.cancel.check()?;
        let read = rest.read(&mut chunk).map_err(Error::io("read", path))?;
        if read == 0 {
            return Ok(done);
        }
        hasher.update(&chunk[..read]);
        done += read as u64;
        watch.progress.at(Progress {
            phase: watch.phase,
            done: ByteCount(watch.before + done),
            total: watch.total,
        });
    }
}

/// The length and hash of a whole file.
pub(crate) fn hash_file(path: &Path, watch: Watch<'_>) -> Result<Verified> {
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    let mut hasher = Hasher::default();
    let size = hash_some(&mut file, path, u64::MAX, &mut hasher, watch)?;
    Ok(Verified {
        size: ByteCount(size),
        sha256: hasher.finish(),
    })
}
