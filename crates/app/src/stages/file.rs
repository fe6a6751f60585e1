//! The file that stages are kept in. Several processes may change it: each does so alone, and whoever reads
//! sees it before or after, never in between, whenever the power fails.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use busbar_core::{Error, ErrorKind, Result, Staged, Stages};
use serde::{Deserialize, Serialize};

const NAME: &str = "registry.json";
const LOCK: &str = "registry.lock";
/// What this program writes and reads.
const FORMAT: u32 = 1;

/// The file that stages are kept in.
#[derive(Clone, Debug)]
pub(crate) struct StageFile {
    folder: PathBuf,
}

/// What tells one state of the file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(Option<(SystemTime, u64)>);

#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    classify: WrittenStages,
}

#[derive(Default, Serialize, Deserialize)]
struct WrittenStages {
    candidate: Option<WrittenStaged>,
    production: Option<WrittenStaged>,
    before: Vec<WrittenStaged>,
}

#[derive(Serialize, Deserialize)]
struct WrittenStaged {
    model: String,
    version: Option<String>,
}

impl StageFile {
    /// The one in the data directory; it need not be there.
    pub(crate) fn at(home: &Path) -> Self {
        Self {
            folder: home.to_owned(),
        }
    }

    /// The stages; without a file, none.
    ///
    /// # Errors
    /// `Unavailable` where it cannot be read, or is not ours.
    pub(crate) fn read(&self) -> Result<Stages> {
        let text = match fs::read(self.path()) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stages::default()),
            Err(error) => return Err(self.broken("cannot be read", &error)),
        };
        let written: Written =
            serde_json::from_slice(&text).map_err(|error| self.broken("is damaged", &error))?;
        if written.format != FORMAT {
            return Err(self.broken("was written by a newer version of this program", &written.format));
        }
        Ok(written.classify.into())
    }

    /// Changes the stages, alone.
    ///
    /// # Errors
    /// The change's own; `Unavailable` where the file cannot be read or written: then nothing has changed.
    pub(crate) fn change(&self, change: impl FnOnce(&Stages) -> Result<Stages>) -> Result<Stages> {
        let cannot = |error: io::Error| self.broken("cannot be written", &error);
        fs::create_dir_all(&self.folder).map_err(cannot)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join(LOCK))
            .map_err(cannot)?;
        // Until it is closed, at the end of this function or of this process.
        lock.lock().map_err(cannot)?;
        let before = self.read()?;
        let after = change(&before)?;
        if after != before {
            self.write(&after).map_err(cannot)?;
        }
        Ok(after)
    }

    /// What it looks like from outside.
    pub(crate) fn mark(&self) -> Mark {
        let seen = fs::metadata(self.path());
        Mark(
            seen.ok()
                .and_then(|seen| Some((seen.modified().ok()?, seen.len()))),
        )
    }

    /// Beside it first, and then in its place.
    fn write(&self, stages: &Stages) -> io::Result<()> {
        let written = Written {
            format: FORMAT,
            classify: stages.into(),
        };
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        serde_json::to_writer_pretty(&mut file, &written)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(self.path())?;
        // The name too is there only once the folder is written.
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self) -> PathBuf {
        self.folder.join(NAME)
    }

    fn broken(&self, what: &str, why: &dyn std::fmt::Display) -> Error {
        let path = self.path();
        let message = format!("the registry of models, {}, {what}: {why}", path.display());
        Error::new(ErrorKind::Unavailable, message).with_code("registry_broken")
    }
}

impl From<WrittenStages> for Stages {
    fn from(written: WrittenStages) -> Self {
        Self {
            candidate: written.candidate.map(Staged::from),
            production: written.production.map(Staged::from),
            before: written.before.into_iter().map(Staged::from).collect(),
        }
    }
}

impl From<&Stages> for WrittenStages {
    fn from(stages: &Stages) -> Self {
        Self {
            candidate: stages.candidate.as_ref().map(WrittenStaged::from),
            production: stages.production.as_ref().map(WrittenStaged::from),
            before: stages.before.iter().map(WrittenStaged::from).collect(),
        }
    }
}

impl From<WrittenStaged> for Staged {
    fn from(written: WrittenStaged) -> Self {
        Self {
            model: written.model.into(),
            version: written.version,
        }
    }
}

impl From<&Staged> for WrittenStaged {
    fn from(staged: &Staged) -> Self {
        Self {
            model: staged.model.to_string(),
            version: staged.version.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::StageChange;

    use super::*;

    fn promote(model: &str) -> StageChange {
        StageChange::Promote(Some(Staged {
            model: model.into(),
            version: None,
        }))
    }

    #[test]
    fn what_was_changed_is_there_afterwards_and_a_refused_change_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("not yet");
        let file = StageFile::at(&home);
        let absent = file.mark();
        assert_eq!(file.read().unwrap(), Stages::default());
        let after = file.change(|before| before.after(promote("a"))).unwrap();
        assert_eq!(StageFile::at(&home).read().unwrap(), after);
        let there = file.mark();
        assert_ne!(absent, there);
        let refused = file.change(|before| before.after(StageChange::Rollback(None)));
        assert_eq!(refused.unwrap_err().code(), Some("no_previous"));
        assert_eq!((file.mark(), file.read().unwrap()), (there, after));
        let names = fs::read_dir(&home)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, [NAME, LOCK], "nothing is left beside it");
    }

    #[test]
    fn a_file_of_somebody_else_is_neither_read_nor_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["{\"form", "{}", "{\"format\": 9, \"classify\": {\"before\": []}}"] {
            fs::write(folder.path().join(NAME), text).unwrap();
            let changed = StageFile::at(folder.path()).change(|before| before.after(promote("a")));
            assert_eq!(changed.unwrap_err().code(), Some("registry_broken"), "{text}");
            assert_eq!(fs::read_to_string(folder.path().join(NAME)).unwrap(), text);
        }
    }

    #[test]
    fn changes_of_many_at_once_all_happen() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let file = StageFile::at(folder.path());
                scope.spawn(move || {
                    file.change(|before| before.after(promote(&n.to_string())))
                        .unwrap()
                });
            }
        });
        let stages = StageFile::at(folder.path()).read().unwrap();
        assert_eq!(
            stages.before.len(),
            7,
            "one is in production, and the others were before it"
        );
    }
}
