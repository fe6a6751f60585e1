//! A repository on a hub, and what the hub lists of it.

use std::{fmt, sync::mpsc::sync_channel, thread};

use hf_hub::{
    Cache, Repo, RepoType,
    api::sync::{Api, ApiBuilder},
};
use serde::{Deserialize, de::IgnoredAny};

use crate::{Error, Result, means::Means, name::inner_path, source::http};

/// `owner/repo`, of the default branch or of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) revision: Option<String>,
}

/// What the hub tells of a repository, as far as it matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct Listing {
    pub(crate) siblings: Vec<Sibling>,
    #[serde(default, rename = "cardData")]
    card: Option<Card>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Sibling {
    pub(crate) rfilename: String,
    pub(crate) size: Option<u64>,
    pub(crate) lfs: Option<Lfs>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Lfs {
    pub(crate) sha256: String,
}

/// What its owner says of it. Anything may stand there, so nothing is relied on.
#[derive(Debug, Deserialize)]
struct Card {
    #[serde(default)]
    license: Said,
    #[serde(default)]
    license_name: Said,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Said {
    Text(String),
    Other(IgnoredAny),
}

impl Default for Said {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl Said {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text).filter(|text| !text.is_empty()).map(String::as_str),
            Self::Other(_) => None,
        }
    }
}

impl Listing {
    /// The terms by their name, where the repository says so.
    pub(crate) fn licence(&self) -> Option<&str> {
        let card = self.card.as_ref()?;
        // `other` has its own name beside it.
        let said = card.license.text().filter(|said| *said != "other");
        said.or(card.license_name.text()).filter(|said| !said.is_empty())
    }
}

impl Repository {
    /// Reads `owner/repo[/path][@revision]`; the path is handed back.
    pub(crate) fn parse(text: &str) -> Result<(Self, Option<String>), String> {
        let (path, revision) = match text.split_once('@') {
            Some((path, revision)) => (path, Some(revision)),
            None => (text, None),
        };
        // All of this becomes a web address: nothing in it may have a meaning there.
        let plain = |text: &str| {
            text.chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-/+".contains(c))
        };
        let path = inner_path(path)?;
        if !plain(&path) || !revision.is_none_or(|revision| inner_path(revision).is_ok() && plain(revision)) {
            return Err("may have letters, digits, '.', '_', '-' and '+' only".to_owned());
        }
        let mut pieces = path.splitn(3, '/');
        let (Some(owner), Some(repo)) = (pieces.next(), pieces.next()) else {
            return Err("must be owner/repo/path".to_owned());
        };
        let repository = Self {
            name: format!("{owner}/{repo}"),
            revision: revision.map(str::to_owned),
        };
        Ok((repository, pieces.next().map(str::to_owned)))
    }

    fn branch(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    pub(super) fn address(&self, endpoint: &str, path: &str) -> String {
        // A branch may have slashes; in an address it is one piece.
        let revision = self.branch().replace('/', "%2F");
        format!("{endpoint}/{}/resolve/{revision}/{path}", self.name)
    }

    /// A file of it, as a catalog would write it.
    pub(crate) fn place(&self, path: &str) -> String {
        let place = format!("hf:{}/{path}", self.name);
        match &self.revision {
            Some(revision) => format!("{place}@{revision}"),
            None => place,
        }
    }

    /// What the hub lists of it. Asked on a thread of its own: the crate's client waits for ever on a
    /// silent hub. `place` is what it is called in errors.
    pub(crate) fn listing(&self, place: &str, means: Means<'_>) -> Result<Listing> {
        let mut listing = None;
        means.persist(
            &mut listing,
            |listing| {
                *listing = Some(self.ask(place, means)?);
                Ok(())
            },
            |_| 0,
        )?;
        listing.ok_or_else(|| network(place.to_owned(), "the hub said nothing"))
    }

    fn ask(&self, place: &str, means: Means<'_>) -> Result<Listing> {
        let (tell, answers) = sync_channel(1);
        let repository = self.clone();
        let hub = means.settings.hub.clone();
        let cache = means.scratch.join("hub");
        thread::spawn(move || {
            let api = ApiBuilder::from_cache(Cache::new(cache))
                .with_endpoint(hub.endpoint().to_owned())
                .with_token(hub.token().map(|token| token.reveal().to_owned()))
                .with_progress(false)
                .build();
            let _ = tell.send(api.map_err(Box::from).and_then(|api| repository.call(&api)));
        });
        match means.hear(&answers, place)? {
            Some(Ok(listing)) => Ok(listing),
            Some(Err(error)) => Err(failure(place.to_owned(), &*error)),
            None => Err(network(place.to_owned(), "the hub's answer could not be read")),
        }
    }

    fn call(&self, api: &Api) -> Result<Listing, Box<dyn std::error::Error + Send + Sync>> {
        let repo = Repo::with_revision(self.name.clone(), RepoType::Model, self.branch().to_owned());
        let request = api.repo(repo).info_request().query("blobs", "true");
        Ok(request.call()?.body_mut().read_json()?)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
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
