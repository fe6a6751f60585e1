//! `file:path`: a file on this machine, copied in. Relative paths start where the catalog lies.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};

use super::{Facts, Origin};
use crate::{ByteCount, Error, Phase, Result, partial::Partial, pull::Errand, verify::CHUNK};

/// A path on this machine.
#[derive(Debug)]
struct LocalFile {
    path: PathBuf,
}

pub(super) fn parse(rest: &str, base: &Path) -> Result<Arc<dyn Origin>, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.contains('\0') {
        return Err("names no file".to_owned());
    }
    Ok(Arc::new(LocalFile {
        path: base.join(path),
    }))
}

impl LocalFile {
    fn open(&self) -> Result<File> {
        match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Gone {
                place: self.to_string(),
            }),
            opened => opened.map_err(Error::io("open", &self.path)),
        }
    }
}

impl Origin for LocalFile {
    fn facts(&self, _: &Errand<'_>) -> Result<Facts> {
        let found = self
            .open()?
            .metadata()
            .map_err(Error::io("look at", &self.path))?;
        if !found.is_file() {
            return Err(Error::Refused {
                place: self.to_string(),
                says: "it is no file".to_owned(),
            });
        }
        Ok(Facts {
            size: Some(ByteCount(found.len())),
            sha256: None,
        })
    }

    fn fetch(&self, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<()> {
        self.facts(errand)?;
        let mut file = self.open()?;
        let found = file.metadata().map_err(Error::io("look at", &self.path))?;
        // Another time of change means another content: bytes of the old one must not stay.
        let changed = found
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let version = changed.map(|time| format!("{} {}", found.len(), time.as_nanos()));
        if version.is_none() || partial.version() != version.as_deref() {
            partial.restart_part()?;
        }
        partial.set_version(version)?;
        partial.expect(found.len())?;
        let from = SeekFrom::Start(partial.offset());
        file.seek(from).map_err(Error::io("read", &self.path))?;
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk).map_err(Error::io("read", &self.path))? {
                0 => return Ok(()),
                read => partial.append(&chunk[..read], Phase::Fetching)?,
            }
        }
    }
}

impl fmt::Display for LocalFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file:{}", self.path.display())
    }
}
