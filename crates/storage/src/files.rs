//! Artifacts through an object store: a folder of this machine here, a bucket elsewhere.

use std::{
    io,
    ops::Range,
    path::{Path as Folder, PathBuf},
    sync::Arc,
};

use busbar_core::{BoxFuture, Error, ErrorKind, Result};
use busbar_jobs::{ArtifactName, Artifacts, Body, JobId, Stored, Timestamp};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _, local::LocalFileSystem,
    memory::InMemory, path::Path,
};

use crate::beyond;

/// Artifacts in an object store.
#[derive(Clone, Debug)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    /// Where they lie, where that is a folder of this machine.
    folder: Option<PathBuf>,
}

impl Files {
    /// Artifacts in a folder, which is made where it is not there. Files are written beside
    /// their place, flushed to the disk, and moved to it.
    ///
    /// # Errors
    /// `Unavailable` where the folder cannot be made or read.
    pub fn open(folder: &Folder) -> Result<Self> {
        let unusable = |source: io::Error| {
            let message = format!(
                "the folder for files, {}, cannot be used: {source}",
                folder.display()
            );
            Error::new(ErrorKind::Unavailable, message)
                .with_code("storage_unwritable")
                .with_source(source)
        };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(failed)?
            .with_automatic_cleanup(true)
            .with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            folder: Some(folder.to_owned()),
        })
    }

    /// Artifacts that live as long as this process.
    pub fn in_memory() -> Self {
        Self::on(Arc::new(InMemory::new()))
    }

    /// Artifacts in any object store.
    pub fn on(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, folder: None }
    }

    async fn read(&self, name: ArtifactName, range: Option<Range<u64>>) -> Result<Body> {
        if range.as_ref().is_some_and(|range| range.is_empty()) {
            return Err(beyond());
        }
        let options = GetOptions {
            range: range.clone().map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let got = match self.store.get_opts(&path(name), options).await {
            Ok(got) => got,
            // Stores say in different ways that a range is wrong; how large the file is, all say alike.
            Err(error) => {
                let size = self.stored(name).await?.bytes;
                let wrong = range.is_some_and(|range| range.start >= size);
                return Err(if wrong { beyond() } else { failed(error) });
            }
        };
        Ok(Body {
            stored: stored(&got.meta),
            range: got.range.clone(),
            chunks: got.into_stream().map_err(failed).boxed(),
        })
    }

    async fn stored(&self, name: ArtifactName) -> Result<Stored> {
        let meta = self.store.head(&path(name)).await.map_err(failed)?;
        Ok(stored(&meta))
    }

    async fn remove_one(&self, path: &Path) -> Result<()> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    async fn remove_folder(&self, job: JobId) -> Result<usize> {
        /// So many names are in memory at a time.
        const BATCH: usize = 100;
        let folder = Path::from(job.to_string());
        let mut removed = 0;
        loop {
            let listed = self.store.list(Some(&folder)).take(BATCH);
            let batch: Vec<ObjectMeta> = listed.try_collect().await.map_err(failed)?;
            if batch.is_empty() {
                self.remove_leavings(job).await?;
                return Ok(removed);
            }
            for file in &batch {
                self.remove_one(&file.location).await?;
            }
            removed += batch.len();
        }
    }

    /// A process that was killed while it wrote leaves a part of a file beside its place, which
    /// no list shows.
    async fn remove_leavings(&self, job: JobId) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let folder = folder.join(job.to_string());
        let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder)).await;
        match removed {
            Ok(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed(object_store::Error::Generic {
                    store: "folder",
                    source: Box::new(error),
                }))
            }
            _ => Ok(()),
        }
    }
}

impl Artifacts for Files {
    fn put(&self, name: ArtifactName, content: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let put = self.store.put(&path(name), content.into()).await;
            put.map(drop).map_err(failed)
        })
    }

    fn get(&self, name: ArtifactName, range: Option<Range<u64>>) -> BoxFuture<'_, Result<Body>> {
        Box::pin(self.read(name, range))
    }

    fn head(&self, name: ArtifactName) -> BoxFuture<'_, Result<Stored>> {
        Box::pin(self.stored(name))
    }

    fn remove(&self, name: ArtifactName) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.remove_one(&path(name)).await })
    }

    fn remove_all(&self, job: JobId) -> BoxFuture<'_, Result<usize>> {
        Box::pin(self.remove_folder(job))
    }
}

fn path(name: ArtifactName) -> Path {
    Path::from(name.to_string())
}

fn stored(meta: &ObjectMeta) -> Stored {
    let modified = u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or_default();
    Stored {
        bytes: meta.size,
        modified: Timestamp::from_millis(modified),
        // A name is given once and its content never changes, so its size tells enough.
        etag: meta.e_tag.clone().unwrap_or_else(|| format!("{:x}", meta.size)),
    }
}

/// What an object store's failure means to whoever asked.
fn failed(error: object_store::Error) -> Error {
    if matches!(error, object_store::Error::NotFound { .. }) {
        return Error::new(ErrorKind::NotFound, "there is no such file").with_source(error);
    }
    let (code, what) = match io_kind(&error) {
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            ("storage_full", "there is no room left for files")
        }
        Some(
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::FileTooLarge,
        ) => ("storage_unwritable", "the folder for files may not be written"),
        _ if matches!(error, object_store::Error::PermissionDenied { .. }) => {
            ("storage_unwritable", "the store for files may not be written")
        }
        _ => ("storage_failed", "the store for files failed"),
    };
    Error::new(ErrorKind::Unavailable, what)
        .with_code(code)
        .with_source(error)
}

/// The system's own error beneath the store's, however deep.
fn io_kind(error: &object_store::Error) -> Option<io::ErrorKind> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: io::ErrorKind, code: &str) {
        let error = failed(object_store::Error::Generic {
            store: "test",
            source: Box::new(io::Error::from(kind)),
        });
        assert_eq!(error.code(), Some(code));
        assert!(error.is_retryable());
    }

    #[test]
    fn a_full_disk_and_one_that_may_not_be_written_are_told_apart() {
        check(io::ErrorKind::StorageFull, "storage_full");
        check(io::ErrorKind::QuotaExceeded, "storage_full");
        check(io::ErrorKind::ReadOnlyFilesystem, "storage_unwritable");
        check(io::ErrorKind::PermissionDenied, "storage_unwritable");
        check(io::ErrorKind::Other, "storage_failed");
    }
}
