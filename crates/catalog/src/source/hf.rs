//! `hf:owner/repo/path[@revision]`: a file of a repository on a Hugging Face hub or a mirror of it.
//!
//! What the hub knows of the file (its length and hash) is asked with the `hf-hub` crate; the bytes are
//! fetched by this crate's own client, because that goes on where it was cut and can be stopped. The
//! crate's 0.5 line is used on purpose: 1.0.0 looks into the environment by itself and adds two hundred
//! crates, which more than doubles the time to build this one. Its `metadata` is not used in either
//! line: 1.0.0's fails for large files, and 0.5's takes the token along wherever the hub redirects.

pub(crate) mod repository;

use std::{fmt, path::Path, sync::Arc};

use self::repository::Repository;
use super::{Facts, Origin, http};
use crate::{ByteCount, Error, Result, Sha256, partial::Partial, pull::Errand};

/// A file on the hub.
#[derive(Clone, Debug)]
struct HubFile {
    repository: Repository,
    path: String,
}

pub(super) fn parse(rest: &str, _: &Path) -> Result<Arc<dyn Origin>, String> {
    match Repository::parse(rest)? {
        (repository, Some(path)) => Ok(Arc::new(HubFile { repository, path })),
        (_, None) => Err("must be owner/repo/path".to_owned()),
    }
}

impl Origin for HubFile {
    fn facts(&self, errand: &Errand<'_>) -> Result<Facts> {
        let place = self.to_string();
        let listing = self.repository.listing(&place, errand.means)?;
        let mut files = listing.siblings.into_iter();
        let Some(found) = files.find(|file| file.rfilename == self.path) else {
            return Err(Error::Gone { place });
        };
        Ok(Facts {
            size: found.size.map(ByteCount),
            // Small files are kept by git itself, under a hash of another kind.
            sha256: found.lfs.and_then(|lfs| Sha256::parse(&lfs.sha256).ok()),
        })
    }

    fn fetch(&self, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<()> {
        let hub = &errand.means.settings.hub;
        let get = http::Get {
            address: &self.repository.address(hub.endpoint(), &self.path),
            place: &self.to_string(),
            token: hub.token(),
        };
        http::download(&get, partial, errand)
    }
}

impl fmt::Display for HubFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository.place(&self.path))
    }
}
