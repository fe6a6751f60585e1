//! Pulling: ask, make sure there is room, fetch, check, put in place.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
};

use crate::{
    ByteCount, Cancel, Entry, Error, Phase, Progress, PullProgress, Result, Settings, Sha256,
    lock::Lock,
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
    pub(crate) settings: &'a Settings,
    /// A directory for whatever lies around meanwhile. It may not exist yet; it goes when the pull is done.
    pub(crate) scratch: &'a Path,
    /// The length of the whole file, once someone has said it.
    pub(crate) total: Option<ByteCount>,
    /// Whether a hash will tell if the bytes are right. If not, no byte of doubtful origin may be kept.
    pub(crate) hash_known: bool,
    pub(crate) progress: &'a dyn PullProgress,
    pub(crate) cancel: &'a Cancel,
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

    /// Does something on the network until it works, fails for good, or patience ends. `gained` says
    /// whether the try that just failed got any further; then counting starts again.
    pub(crate) fn persist<S>(
        &self,
        state: &mut S,
        mut attempt: impl FnMut(&mut S) -> Result<()>,
        gained: impl Fn(&S) -> u64,
    ) -> Result<()> {
        let patience = self.settings.patience;
        let mut failures = 0;
        let mut furthest = gained(state);
        loop {
            let error = match attempt(state) {
                Err(error) if error.is_passing() => error,
                settled => return settled,
            };
            if gained(state) > furthest {
                furthest = gained(state);
                failures = 0;
            }
            failures += 1;
            if failures >= patience.tries {
                return Err(error);
            }
            tracing::debug!(failures, %error, "a fetch failed and is tried again");
            let doublings = (failures - 1).min(5);
            self.cancel.sleep(patience.pause.saturating_mul(1 << doublings))?;
        }
    }

    /// The next message of a thread that reads the network, unless there is silence for too long.
    pub(crate) fn hear<T>(&self, messages: &mpsc::Receiver<T>, place: &str) -> Result<Option<T>> {
        let mut silence = std::time::Duration::ZERO;
        loop {
            self.cancel.check()?;
            match messages.recv_timeout(crate::cancel::GLANCE) {
                Ok(message) => return Ok(Some(message)),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(None),
                Err(mpsc::RecvTimeoutError::Timeout) => silence += crate::cancel::GLANCE,
            }
            if silence >= self.settings.patience.silence {
                return Err(Error::Network {
                    place: place.to_owned(),
                    says: format!("nothing was heard for {} s", silence.as_secs()),
                });
            }
        }
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
        settings,
        scratch: &place.scratch,
        total: entry.size,
        hash_known: false,
        progress,
        cancel,
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
    let _ = fs::remove_dir_all(errand.scratch);
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
