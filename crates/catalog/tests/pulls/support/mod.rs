//! What the tests of the store share: a home, a catalog with one entry, and something that listens.

pub(crate) mod site;
#[cfg(unix)]
pub(crate) mod wheel;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use busbar_catalog::{
    Cancel, Catalog, Entry, Patience, Phase, Progress, PullProgress, Result, Settings, Store,
};

/// Bytes that compress badly and repeat nowhere.
pub(crate) fn content(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// An entry as the user's own catalog would have it; `lines` are added to it.
pub(crate) fn entry_with(source: &str, lines: &str) -> Entry {
    let text = format!(
        "[[model]]\nname = \"m\"\ntitle = \"M\"\nkind = \"text\"\nformat = \"gguf\"\nfile = \"m.gguf\"\n\
         source = {source}\n{lines}\nlicence = {{ name = \"MIT\", url = \"https://example.com/mit\" }}\n"
    );
    let catalog = tempfile::NamedTempFile::new().unwrap();
    fs::write(&catalog, text).unwrap();
    let catalog = Catalog::builtin().unwrap().extended_by(&catalog).unwrap();
    catalog.entry("m").unwrap().clone()
}

pub(crate) fn size_and_hash(bytes: &[u8]) -> String {
    format!("size = {}\nsha256 = \"{}\"", bytes.len(), sha256(bytes))
}

/// A store in a directory of its own, with a short patience.
pub(crate) struct Home {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Home {
    pub(crate) fn new(settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path()).with_settings(settings);
        Self { directory, store }
    }

    pub(crate) fn pull(&self, entry: &Entry) -> Result<PathBuf> {
        self.store.pull(entry, &Seen::default(), &Cancel::new())
    }

    /// All files under it but locks, with their paths inside it.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(self.directory.path(), &mut found);
        let mut names: Vec<String> = found
            .iter()
            .map(|path| {
                path.strip_prefix(self.directory.path())
                    .unwrap()
                    .display()
                    .to_string()
            })
            .filter(|path| !path.contains(".locks"))
            .collect();
        names.sort();
        names
    }

    pub(crate) fn partial(&self) -> PathBuf {
        self.directory.path().join("models/m/m.gguf.part")
    }
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

pub(crate) fn quick() -> Patience {
    Patience {
        tries: 3,
        pause: Duration::from_millis(1),
        silence: Duration::from_secs(20),
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        patience: quick(),
        ..Settings::default()
    }
}

/// Remembers all progress.
#[derive(Default)]
pub(crate) struct Seen(Mutex<Vec<Progress>>);

impl Seen {
    pub(crate) fn all(&self) -> Vec<Progress> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn phases(&self) -> Vec<Phase> {
        let mut phases: Vec<Phase> = self.all().iter().map(|progress| progress.phase).collect();
        phases.dedup();
        phases
    }
}

impl PullProgress for Seen {
    fn at(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}

/// Calls something at every step.
pub(crate) struct Hook<F>(pub(crate) F);

impl<F: Fn(Progress) + Sync> PullProgress for Hook<F> {
    fn at(&self, progress: Progress) {
        (self.0)(progress);
    }
}

/// Waits for something that another thread or process is about to do.
pub(crate) fn eventually(what: &str, happened: impl Fn() -> bool) {
    for _ in 0..3000 {
        if happened() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain for {what}");
}
