//! What a server starts with: what the source says; or the version that a person went back to; or, where
//! what the source says is wrong, the last version that served.

use std::{path::PathBuf, sync::Arc};

use busbar_config::{Config, Loaded, Source, Sources, State, Version, Versions, find, glance};

use busbar_storage::NoteShelf;

use super::{
    candidate::Candidate,
    elsewhere::Elsewhere,
    offer::Offer,
    reasons::{reasons, unkept},
    worker::aside,
};
use crate::{
    Error, Result,
    images::stores,
    load::{Kept, Role, Wanted},
};

/// A configuration to serve, and where the next one comes from.
#[derive(Debug)]
pub struct Configured {
    /// The configuration in force, with how it came about.
    pub loaded: Loaded,
    pub(crate) wanted: Wanted,
    pub(crate) sources: Sources,
    pub(crate) offer: Offer,
    pub(crate) file: Option<PathBuf>,
    pub(crate) elsewhere: Option<Elsewhere>,
    /// Where it comes from, for people.
    pub(crate) origin: Option<String>,
    pub(crate) versions: Option<Versions>,
    pub(crate) standing: Standing,
}

/// Why this configuration is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The source says so.
    Offered,
    /// A person went back to this version.
    Chosen(u64),
    /// What the source says is wrong, for these reasons; this version served last.
    LastGood(u64, Vec<String>),
}

/// Where a configuration and its versions are, whether it is right or not.
struct Whereabouts {
    source: Option<Source>,
    file: Option<PathBuf>,
    versions: Option<Versions>,
    environment: String,
}

impl Whereabouts {
    /// The same without versions that cannot be had. Whoever does not know what was chosen must not write
    /// that nothing was.
    fn reached(mut self) -> Self {
        if let Some(Err(error)) = self.versions.as_ref().map(Versions::reached) {
            tracing::warn!(%error, "this process knows no versions of the configuration: they cannot be had");
            self.versions = None;
        }
        self
    }
}

/// Finds out what is to be served, and how much of the work a process of this role does itself.
///
/// # Errors
/// Everything that is wrong with the configuration, where no version of before can serve instead.
pub async fn configure(sources: Sources, role: Role) -> Result<Configured> {
    let (offer, place, elsewhere) = offered(&sources).await?;
    let (place, (candidate, standing)) = {
        let (sources, offer) = (sources.clone(), offer.clone());
        aside(move || {
            let place = place.reached();
            let chosen = choose(&sources, &offer, &place, role)?;
            Ok((place, chosen))
        })
        .await?
    };
    // Before anybody is told that all is well; later the first request would find out.
    candidate.wanted.fetch_keys().await?;
    let of_file = || place.file.as_ref().map(|file| file.display().to_string());
    let kept = elsewhere.as_ref().map(|elsewhere| elsewhere.place().to_owned());
    Ok(Configured {
        origin: kept.or_else(of_file),
        loaded: candidate.loaded,
        wanted: candidate.wanted,
        sources,
        offer,
        file: place.file,
        elsewhere,
        versions: place.versions,
        standing,
    })
}

/// What is configured now, whoever keeps it: for those who look at it without serving it.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn current(sources: &Sources) -> Result<Loaded> {
    let (offer, ..) = offered(sources).await?;
    offer.check(sources)
}

/// The versions of the configuration that these sources lead to, as far as they can be read.
pub fn versions(sources: &Sources) -> Option<Versions> {
    let offer = Offer::of(busbar_config::read(sources).into());
    whereabouts(sources, &offer).versions
}

/// Goes back to a version: by its number, or to the one before the one that serves. A server that is at
/// work takes it up; one that starts later does so too, unless the source says something new by then.
///
/// # Errors
/// There is no such version, or it never served; it cannot be noted.
pub fn roll_back(sources: &Sources, number: Option<u64>) -> Result<Version> {
    let offer = Offer::of(busbar_config::read(sources).into());
    let place = whereabouts(sources, &offer);
    let wrong = |message: String| Error::Model(busbar_core::Error::invalid("version", message));
    let Some(versions) = place.versions else {
        return Err(wrong(
            "there is no configuration file, so there are no versions of it".into(),
        ));
    };
    let version = match number {
        Some(number) => versions.get(number).ok_or_else(|| {
            wrong(format!(
                "there is no version {number}; `busbar config history` lists those there are"
            ))
        })?,
        None => versions
            .before()
            .ok_or_else(|| wrong("there is no version before the one that serves".into()))?,
    };
    if !version.is_good() {
        let message = format!(
            "version {} was refused; only one that served can serve again",
            version.number
        );
        return Err(wrong(message));
    }
    // What is kept elsewhere said last what was recorded last.
    let said = match place.source.and_then(|source| source.kind) {
        Some(_) => versions.all().pop().map(|last| last.fingerprint),
        None => Some(offer.fingerprint(&place.environment)),
    };
    let state = State {
        chosen: Some(busbar_config::Chosen {
            number: version.number,
            instead_of: said,
        }),
        ..versions.state()
    };
    versions.note(&state).map_err(unkept)?;
    Ok(version)
}

/// What the file says, and whoever it names.
async fn offered(sources: &Sources) -> Result<(Offer, Whereabouts, Option<Elsewhere>)> {
    let offer = Offer::of(busbar_config::read(sources).into());
    let place = whereabouts(sources, &offer);
    let elsewhere = place.source.as_ref().map(Elsewhere::of).transpose()?.flatten();
    let Some(mut elsewhere) = elsewhere else {
        return Ok((offer, place, None));
    };
    let said = elsewhere.ask().await;
    Ok((offer.with(said), place, Some(elsewhere)))
}

fn whereabouts(sources: &Sources, offer: &Offer) -> Whereabouts {
    let file = find(sources).ok().flatten();
    // Where a document cannot be read at all, variables and flags still say where files live.
    let documents = offer.documents().unwrap_or_default();
    let config = glance(sources, &documents);
    let versions = config.as_ref().and_then(|config| {
        let identity = config.source.identity(file.as_deref())?;
        if let Some(versions) = shared(config, &identity) {
            return Some(versions);
        }
        let home = home(sources, config)?;
        Some(Versions::of(&home, &identity, config.source.keep))
    });
    Whereabouts {
        file,
        versions,
        environment: config
            .as_ref()
            .and_then(|config| config.source.environment.clone())
            .unwrap_or_default(),
        source: config.map(|config| config.source),
    }
}

/// Whoever shares jobs, and reads what is kept elsewhere for all of them, shares its history. A file is a
/// machine's own, and so is what became of it.
fn shared(config: &Config, identity: &str) -> Option<Versions> {
    config.source.kind.as_ref()?;
    // What is wrong with the place is said by whoever keeps jobs there.
    let notes = stores::notes(&config.storage).ok().flatten()?;
    let shelf = NoteShelf::new(notes, &Versions::key(identity)).ok()?;
    Some(Versions::on(Arc::new(shelf), config.source.keep))
}

/// Where versions are kept: where variables, flags or the platform say that files live. A document counts
/// only where none of them does, since one that cannot be read could not say it.
fn home(sources: &Sources, config: &Config) -> Option<PathBuf> {
    let without = glance(sources, &[]).map(|config| config.storage.home);
    let homes = without.into_iter().chain([config.storage.home.clone()]);
    homes.into_iter().find(|home| !home.as_os_str().is_empty())
}

fn choose(
    sources: &Sources,
    offer: &Offer,
    place: &Whereabouts,
    role: Role,
) -> Result<(Candidate, Standing)> {
    let nothing = Kept::nothing(role);
    let now = offer.table(&place.environment).unwrap_or_default();
    let again = |version: &Version| Candidate::version(version, &now, sources, &nothing);
    if let Some(version) = chosen(place, offer)
        && let Ok(candidate) = again(&version)
    {
        return Ok((candidate, Standing::Chosen(version.number)));
    }
    let error = match Candidate::of(offer, sources, &nothing) {
        Ok(candidate) => return Ok((candidate, Standing::Offered)),
        Err(error) => error,
    };
    let last = place.versions.as_ref().and_then(Versions::last_good);
    match last.map(|version| (again(&version), version.number)) {
        Some((Ok(candidate), number)) => Ok((candidate, Standing::LastGood(number, reasons(&error)))),
        // Whatever is wrong with that one too, is not what the person has just written.
        _ => Err(error),
    }
}

/// The version that a person went back to, while the source says what it said then.
fn chosen(place: &Whereabouts, offer: &Offer) -> Option<Version> {
    let versions = place.versions.as_ref()?;
    let chosen = versions.state().chosen?;
    let same = chosen.instead_of? == offer.fingerprint(&place.environment);
    same.then(|| versions.get(chosen.number)).flatten()
}
