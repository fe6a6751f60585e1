//! Results that are kept as files: their names, and the port to where they lie.

use std::{
    fmt::{self, Debug},
    ops::Range,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use busbar_core::{BoxFuture, Error, Result};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{JobId, Timestamp, ids};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaType {
    /// A picture without loss.
    Png,
    /// A picture with loss.
    Jpeg,
    /// A picture, either way.
    Webp,
    /// One JSON value.
    Json,
    /// A JSON value a line.
    Jsonl,
    /// Anything.
    Binary,
}

/// Every media type, its ending and its name.
const MEDIA: &[(MediaType, &str, &str)] = &[
    (MediaType::Png, "png", "image/png"),
    (MediaType::Jpeg, "jpg", "image/jpeg"),
    (MediaType::Webp, "webp", "image/webp"),
    (MediaType::Json, "json", "application/json"),
    (MediaType::Jsonl, "jsonl", "application/jsonl"),
    (MediaType::Binary, "bin", "application/octet-stream"),
];

impl MediaType {
    /// The ending of such a file's name, without a dot.
    pub fn extension(self) -> &'static str {
        MEDIA.iter().find(|row| row.0 == self).map_or("bin", |row| row.1)
    }

    /// The content type.
    pub fn content_type(self) -> &'static str {
        MEDIA
            .iter()
            .find(|row| row.0 == self)
            .map_or("application/octet-stream", |row| row.2)
    }

    fn of_extension(extension: &str) -> Option<Self> {
        MEDIA.iter().find(|row| row.1 == extension).map(|row| row.0)
    }
}

/// An artifact's name: `<job>/<uuid>.<ending>`. Nothing that a client chose is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ArtifactName {
    job: JobId,
    id: Uuid,
    media: MediaType,
}

impl ArtifactName {
    /// The name of one file of a job.
    pub fn new(job: JobId, id: Uuid, media: MediaType) -> Self {
        Self { job, id, media }
    }

    /// Whose it is.
    pub fn job(&self) -> JobId {
        self.job
    }

    /// What it is.
    pub fn media(&self) -> MediaType {
        self.media
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.{}", self.job, self.id, self.media.extension())
    }
}

impl FromStr for ArtifactName {
    type Err = Error;

    /// Reads a name as a client sends it back.
    ///
    /// # Errors
    /// `Invalid` for anything that this crate would not have written itself, so that no name
    /// leads out of the store.
    fn from_str(text: &str) -> Result<Self> {
        let parts = text
            .split_once('/')
            .and_then(|(job, file)| Some((job, file.split_once('.')?)));
        let unknown = || Error::invalid("name", "this is not the name of an artifact");
        let (job, (id, extension)) = parts.ok_or_else(unknown)?;
        let name = Self {
            job: job.parse()?,
            id: ids::parse(id)?,
            media: MediaType::of_extension(extension).ok_or_else(unknown)?,
        };
        // A UUID has several spellings; a file has one name.
        if name.to_string() == text {
            Ok(name)
        } else {
            Err(unknown())
        }
    }
}

impl From<ArtifactName> for String {
    fn from(name: ArtifactName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for ArtifactName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// A result that a job kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Where it lies.
    pub name: ArtifactName,
    /// How large it is.
    pub bytes: u64,
    /// A small picture of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<ArtifactName>,
}

/// What is known of a stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// How large it is.
    pub bytes: u64,
    /// When it was written.
    pub modified: Timestamp,
    /// Changes when the content does. Artifacts never change, so it stays.
    pub etag: String,
}

/// A file, or the part of it that was asked for, as it comes.
pub struct Body {
    /// What is known of the whole file.
    pub stored: Stored,
    /// Which bytes of it come.
    pub range: Range<u64>,
    /// The bytes.
    pub chunks: BoxStream<'static, Result<Bytes>>,
}

impl Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("stored", &self.stored)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// Where artifacts lie. `testkit::conformance::artifacts` is the contract.
pub trait Artifacts: Debug + Send + Sync + 'static {
    /// Stores a whole file: afterwards it is there entirely and durably, or not at all.
    ///
    /// # Errors
    /// `Unavailable` with the code `storage_full` where there is no room, `storage_unwritable`
    /// where it may not write: both are worth another try, later or on another worker.
    fn put(&self, name: ArtifactName, content: Bytes) -> BoxFuture<'_, Result<()>>;

    /// Reads a file, or a part of it. A range that ends behind the file ends with it.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a range that begins behind the end or is empty.
    fn get(&self, name: ArtifactName, range: Option<Range<u64>>) -> BoxFuture<'_, Result<Body>>;

    /// What is known of a file.
    ///
    /// # Errors
    /// `NotFound`.
    fn head(&self, name: ArtifactName) -> BoxFuture<'_, Result<Stored>>;

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// `Unavailable`.
    fn remove(&self, name: ArtifactName) -> BoxFuture<'_, Result<()>>;

    /// Removes every file of a job, those of attempts that came to nothing too, and says how
    /// many there were.
    ///
    /// # Errors
    /// `Unavailable`.
    fn remove_all(&self, job: JobId) -> BoxFuture<'_, Result<usize>>;

    /// What writes addresses that open files without us, for the moment; `None`: nothing does,
    /// and whoever answers clients hands the files out.
    ///
    /// # Errors
    /// `Unavailable`.
    fn addresses(&self) -> BoxFuture<'_, Result<Option<Arc<dyn Addresses>>>> {
        Box::pin(async { Ok(None) })
    }
}

/// Writes addresses that open files where they lie. It waits for nothing.
pub trait Addresses: Debug + Send + Sync + 'static {
    /// The address of a file, which opens it from a moment on and for so long.
    ///
    /// # Errors
    /// Where none can be written.
    fn of(&self, name: ArtifactName, from: Timestamp, valid_for: Duration) -> Result<String>;
}

/// Makes small pictures of pictures; whoever knows pixels implements it.
pub trait Thumbnails: Debug + Send + Sync + 'static {
    /// A small picture, or `None` where this is nothing to make one of.
    ///
    /// # Errors
    /// Where the file is not what it says it is.
    fn thumbnail(
        &self,
        content: Bytes,
        media: MediaType,
    ) -> BoxFuture<'_, Result<Option<(Bytes, MediaType)>>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "019b0000-0000-7000-8000-000000000001/6c7a1f5e-1111-4222-8333-444455556666.png";

    #[track_caller]
    fn check_refused(text: &str) {
        assert!(text.parse::<ArtifactName>().is_err(), "{text} was taken");
    }

    #[test]
    fn a_name_reads_back_as_it_was_written() {
        let name: ArtifactName = NAME.parse().unwrap();
        assert_eq!(name.to_string(), NAME);
        assert_eq!(name.media().content_type(), "image/png");
    }

    #[test]
    fn no_name_leads_out_of_the_store() {
        check_refused("../../secret");
        check_refused("019b0000-0000-7000-8000-000000000001/../x.png");
        check_refused(&format!("/{NAME}"));
        check_refused(&format!("{NAME}/"));
        check_refused(&NAME.replace("png", "exe"));
        check_refused(&NAME.replace("6c7a", "6C7A"));
        check_refused(&NAME.replace('-', ""));
        check_refused("");
    }
}
