//! `hf:owner/repo/path[@revision]`: a file of a repository on a Hugging Face hub or a mirror of it.
//!
//! What the hub knows of the file (its length and hash) is asked with the `hf-hub` crate; the bytes are
//! fetched by this crate's own client, because that goes on where it was cut and can be stopped. The
//! crate's 0.5 line is used on purpose: 1.0.0 cannot read the metadata of large files (it follows the
//! redirect that carries them), looks into the environment by itself, and adds two hundred crates.

use std::{
    fmt,
    path::Path,
    sync::{Arc, mpsc::sync_channel},
    thread,
};

use hf_hub::{
    Cache, Repo, RepoType,
    api::sync::{ApiBuilder, ApiError},
};

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

impl HubFile {
    fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    fn address(&self, endpoint: &str) -> String {
        // A branch may have slashes; in an address it is one piece.
        let revision = self.revision().replace('/', "%2F");
        format!("{endpoint}/{}/resolve/{revision}/{}", self.repo, self.path)
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
            let repo = Repo::with_revision(file.repo.clone(), RepoType::Model, file.revision().to_owned());
            let answer = api.and_then(|api| api.metadata(&api.repo(repo).url(&file.path)));
            let _ = tell.send(answer);
        });
        let place = self.to_string();
        let metadata = match errand.hear(&answers, &place)? {
            Some(Ok(metadata)) => metadata,
            Some(Err(error)) => return Err(failure(place, &error)),
            None => return Err(network(place, "the hub's answer could not be read")),
        };
        *facts = Facts {
            size: Some(ByteCount(metadata.size() as u64)).filter(|size| size.get() > 0),
            // Large files are tagged with their SHA-256, small ones with git's own hash.
            sha256: Sha256::parse(metadata.etag()).ok(),
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

fn failure(place: String, error: &ApiError) -> Error {
    let ApiError::RequestError(request) = error else {
        return Error::Refused {
            place,
            says: format!("the hub's answer makes no sense: {error}"),
        };
    };
    match **request {
        ureq::Error::StatusCode(status) => http::status_failure(place, status),
        ref other => network(place, &other.to_string()),
    }
}

fn network(place: String, says: &str) -> Error {
    Error::Network {
        place,
        says: says.to_owned(),
    }
}
