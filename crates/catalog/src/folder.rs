//! Models that are folders: every file is pulled, checked and recorded as a model of one file is, and the
//! folder is whole when all of them are.

use std::{fmt::Write as _, path::PathBuf};

use crate::{
    ByteCount, Cancel, Entry, PullProgress, Result, Settings, Status, Verified,
    digest::Hasher,
    lock::Lock,
    pull,
    store::{self, Place},
};

/// The files of an entry, each with its place.
pub(crate) struct Folder<'a> {
    whole: Place,
    entry: &'a Entry,
    files: Vec<(Place, Entry)>,
}

impl<'a> Folder<'a> {
    /// `None` for a model of one file.
    pub(crate) fn of(entry: &'a Entry, place: impl FnOnce() -> Place) -> Option<Self> {
        if entry.folder.is_empty() {
            return None;
        }
        let whole = place();
        let files = entry
            .files()
            .map(|(below, file)| (whole.below(below, &file), file));
        let files = files.collect();
        Some(Self { whole, entry, files })
    }

    pub(crate) fn status(&self) -> Status {
        let (mut have, mut all) = (0, true);
        for (place, file) in &self.files {
            match place.status(file) {
                Status::Present { size, .. } => have += size.get(),
                Status::Partial { have: some } => {
                    have += some.get();
                    all = false;
                }
                Status::Absent => all = false,
                Status::Unusable { why } => {
                    let why = format!("{}: {why}", place.model.display());
                    return Status::Unusable { why };
                }
            }
        }
        match (all, have) {
            (true, _) => Status::Present {
                path: self.whole.directory.clone(),
                size: ByteCount(have),
            },
            (false, 0) => Status::Absent,
            (false, have) => Status::Partial {
                have: ByteCount(have),
            },
        }
    }

    pub(crate) fn pull(
        &self,
        settings: &Settings,
        progress: &dyn PullProgress,
        cancel: &Cancel,
    ) -> Result<PathBuf> {
        for (place, file) in &self.files {
            pull::pull(place, file, settings, progress, cancel)?;
        }
        Ok(self.whole.directory.clone())
    }

    /// The hash is that of the list of the files' hashes.
    pub(crate) fn verify(&self, progress: &dyn PullProgress, cancel: &Cancel) -> Result<Verified> {
        let _lock = Lock::wait(&self.whole.lock, progress, cancel)?;
        let (mut size, mut list) = (0, String::new());
        for (place, file) in &self.files {
            let found = store::verify_file(place, file, progress, cancel)?;
            size += found.size.get();
            // Writing to a `String` cannot fail.
            let _written = writeln!(list, "{} {}", found.sha256, file.file);
        }
        let mut hasher = Hasher::default();
        hasher.update(list.as_bytes());
        tracing::debug!(model = %self.entry.name, files = self.files.len(), "verified");
        Ok(Verified {
            size: ByteCount(size),
            sha256: hasher.finish(),
        })
    }
}
