//! Is there room? Asked before the first byte, not found out at the last.

use std::{io, path::Path};

use crate::{ByteCount, Error, Result};

/// Left over on purpose: a disk filled to the last byte breaks everything else on the machine.
const MARGIN: u64 = 32 * 1024 * 1024;

/// Fails unless `needed` bytes fit under the directory `at`.
pub(crate) fn require(at: &Path, needed: u64) -> Result<()> {
    let needed = needed.saturating_add(MARGIN);
    let free = free(at)?;
    if needed <= free.get() {
        return Ok(());
    }
    Err(Error::NoSpace {
        at: at.to_owned(),
        needed: ByteCount(needed),
        free,
    })
}

/// What a failed write means: a full disk is told apart from a broken one.
pub(crate) fn write_failed(path: &Path, needed: u64) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| {
        let full = matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        );
        if !full {
            return Error::io("write", path)(source);
        }
        let free = path.parent().and_then(|at| free(at).ok()).unwrap_or_default();
        Error::NoSpace {
            at: path,
            needed: ByteCount(needed),
            free,
        }
    }
}

pub(crate) fn free(at: &Path) -> Result<ByteCount> {
    fs4::available_space(at)
        .map(ByteCount)
        .map_err(Error::io("ask for the free space of", at))
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Write, path::Path};

    use super::{require, write_failed};
    use crate::Error;

    #[test]
    fn what_cannot_fit_is_refused_with_both_numbers() {
        let error = require(Path::new("."), u64::MAX).unwrap_err();
        let Error::NoSpace { needed, free, .. } = error else {
            panic!("the error is {error}");
        };
        assert!(needed > free && free.get() > 0);
        assert!(require(Path::new("."), 0).is_ok());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_disk_that_fills_up_meanwhile_is_told_apart_from_a_broken_one() {
        let full = Path::new("/dev/full");
        let refused = File::options()
            .write(true)
            .open(full)
            .unwrap()
            .write_all(b"x")
            .unwrap_err();
        assert!(matches!(write_failed(full, 1)(refused), Error::NoSpace { .. }));
        let broken = std::io::Error::other("bad sector");
        assert!(matches!(write_failed(full, 1)(broken), Error::Io { .. }));
    }
}
