//! `hf:owner/repo/path[@revision]`: a file of a repository on a Hugging Face hub or a mirror of it.
//!
//! What the hub knows of the file (its length and hash) is asked with the `hf-hub` crate; the bytes are
//! fetched by this crate's own client, because that goes on where it was cut and can be stopped. The
//! crate's 0.5 line is used on purpose: 1.0.0 looks into the environment by itself and adds two hundred
//! crates, which more than doubles the time to build this one. Its `metadata` is not used in either
//! line: 1.0.0's fails for large files, and 0.5's takes the token along wherever the hub redirects.

use std::{
    fmt,
    path::Path,
    sync::{Arc, mpsc::sync_channel},
    thread,
};

use hf_hub::{
    Cache, Repo, RepoType,
    api::sync::{Api, ApiBuilder},
};
use serde::Deserialize;

use super::{Facts, Origin, http};
use crate::{ByteCount, Error, Result, Sha256, name::inner_path, partial::Partial, pull::Errand};

/// A file on the hub.
#[derive(Clone, Debug)]
struct HubFile {
    repo: String,
    path: String,
    revision: Option<String>,
}

pub(super) fn parse(rest: &str, _: &Path) -> Result<Arc<dyn Origin>, String> {
    let (file, revision) = match rest.split_once('@') {
        Some((file, revision)) => (file, Some(revision)),
        None => (rest, None),
    };
    // All of this becomes a web address: nothing in it may have a meaning there.
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-/+".contains(c))
    };
    let file = inner_path(file)?;
    if !plain(&file) || !revision.is_none_or(|revision| inner_path(revision).is_ok() && plain(revision)) {
        return Err("may have letters, digits, '.', '_', '-' and '+' only".to_owned());
    }
    let mut pieces = file.splitn(3, '/');
    let (Some(owner), Some(repo), Some(path)) = (pieces.next(), pieces.next(), pieces.next()) else {
        return Err("must be owner/repo/path".to_owned());
    };
    Ok(Arc::new(HubFile {
        repo: format!("{owner}/{repo}"),
        path: path.to_owned(),
        revision: revision.map(str::to_owned),
    }))
}

/// What the hub tells of a repository, as far as it matters here.
#[derive(Deserialize)]
struct Listing {
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
}

impl HubFile {
    fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    fn address(&self, endpoint: &str) -> String {
        // A branch may have slashes; in an address it is one piece.
        let revision = self.revision().replace('/', "%2F");
        format!("{endpoint}/{}/resolve/{revision}/{}", self.repo, self.path)
    }

    fn listing(&self, api: &Api) -> Result<Listing, Box<dyn std::error::Error + Send + Sync>> {
        let repo = Repo::with_revision(self.repo.clone(), RepoType::Model, self.revision().to_owned());
        let request = api.repo(repo).info_request().query("blobs", "true");
        Ok(request.call()?.body_mut().read_json()?)
    }

    /// Asked on a thread of its own: the crate's client waits for ever on a silent hub.
    fn ask(&self, facts: &mut Facts, errand: &Errand<'_>) -> Result<()> {
        let (tell, answers) = sync_channel(1);
        let file = self.clone();
        let hub = errand.settings.hub.clone();
        let cache = errand.scratch.join("hub");
        thread::spawn(move || {
            let api = ApiBuilder::from_cache(Cache::new(cache))
                .with_endpoint(hub.endpoint().to_owned())
                .with_token(hub.token().map(|token| token.reveal().to_owned()))
                .with_progress(false)
                .build();
            let _ = tell.send(api.map_err(Box::from).and_then(|api| file.listing(&api)));
        });
        let place = self.to_string();
        let listing = match errand.hear(&answers, &place)? {
            Some(Ok(listing)) => listing,
            Some(Err(error)) => return Err(failure(place, &*error)),
            None => return Err(network(place, "the hub's answer could not be read")),
        };
        let Some(found) = listing
            .siblings
            .into_iter()
            .find(|file| file.rfilename == self.path)
        else {
            return Err(Error::Gone { place });
        };
        *facts = Facts {
            size: found.size.map(ByteCount),
            // Small files are kept by git itself, under a hash of another kind.
            sha256: found.lfs.and_then(|lfs| Sha256::parse(&lfs.sha256).ok()),
        };
        Ok(())
    }
}

impl Origin for HubFile {
    fn facts(&self, errand: &Errand<'_>) -> Result<Facts> {
        let mut facts = Facts::default();
        errand.persist(&mut facts, |facts| self.ask(facts, errand), |_| 0)?;
        Ok(facts)
    }

    fn fetch(&self, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<()> {
        let hub = &errand.settings.hub;
        let get = http::Get {
            address: &self.address(hub.endpoint()),
            place: &self.to_string(),
            token: hub.token(),
        };
        http::download(&get, partial, errand)
    }
}

impl fmt::Display for HubFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hf:{}/{}", self.repo, self.path)?;
        match &self.revision {
            Some(revision) => write!(f, "@{revision}"),
            None => Ok(()),
        }
    }
}

fn failure(place: String, error: &(dyn std::error::Error + Send + Sync + 'static)) -> Error {
    match error.downcast_ref::<ureq::Error>() {
        Some(ureq::Error::StatusCode(status)) => http::status_failure(place, *status),
        Some(ureq::Error::Json(error)) => Error::Refused {
            place,
            says: format!("the hub's answer makes no sense ({error}); is it a hub?"),
        },
        _ => network(place, &error.to_string()),
    }
}

fn network(place: String, says: &str) -> Error {
    Error::Network {
        place,
        says: says.to_owned(),
    }
}
