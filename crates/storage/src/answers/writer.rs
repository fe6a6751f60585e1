//! The thread that writes answers: first it looks through what is there, then it writes what it is handed.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, mpsc},
    time::{Duration, Instant, SystemTime},
};

use busbar_core::{AnswerKey, Clock};

use super::{Shared, file};

/// After a write that failed, none is tried for so long.
const PAUSE: Duration = Duration::from_secs(10);
/// And that it failed is said no more often than this.
const QUIET: Duration = Duration::from_secs(300);

/// What the thread is told to do.
pub(super) enum Order {
    /// Keep an answer.
    Keep(AnswerKey, Box<dyn FnOnce() -> Vec<u8> + Send>),
    /// Say when everything before is done.
    Tell(mpsc::Sender<()>),
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    failing: Option<Failing>,
}

/// The disk fails.
struct Failing {
    again: Instant,
    said: Instant,
    /// Answers that were not kept since it was said.
    lost: u64,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, clock: Arc<dyn Clock>) -> Self {
        Self {
            shared,
            clock,
            failing: None,
        }
    }

    /// Until nobody hands anything over any more.
    pub(super) fn run(mut self, orders: &mpsc::Receiver<Order>) {
        self.look_through();
        for order in orders {
            match order {
                Order::Keep(key, write) => self.keep(&key, write),
                Order::Tell(tell) => {
                    // Whoever asked may have gone.
                    let _unheard = tell.send(());
                }
            }
        }
    }

    /// Finds what is there from before, the oldest first; what is no answer's file is removed.
    fn look_through(&self) {
        let folder = &self.shared.folder;
        file::remove_unfinished(folder);
        let mut found = Vec::new();
        for folder in folders(folder) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let key = entry.file_name().to_str().and_then(file::key_of);
                let about = entry
                    .metadata()
                    .ok()
                    .filter(|about| about.len() >= file::HEAD as u64);
                match key.zip(about) {
                    Some((key, about)) => {
                        let at = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                        found.push((at, key, about.len()));
                    }
                    None => {
                        let _gone = fs::remove_file(entry.path());
                    }
                }
            }
        }
        found.sort_unstable();
        for (_, key, size) in found {
            let gone = self.shared.index().add(key, size);
            self.drop_all(&gone);
        }
    }

    fn keep(&mut self, key: &AnswerKey, write: Box<dyn FnOnce() -> Vec<u8> + Send>) {
        let now = self.clock.now();
        if let Some(failing) = self.failing.as_mut().filter(|failing| now < failing.again) {
            failing.lost += 1;
            return;
        }
        let content = write();
        let size = (file::HEAD + content.len()) as u64;
        if !self.shared.index().has_room_for(size) {
            return;
        }
        match file::write(&self.shared.folder, key, &content) {
            Ok(()) => {
                let gone = self.shared.index().add(*key, size);
                self.drop_all(&gone);
                if self.failing.take().is_some() {
                    tracing::info!("answers are kept on disk again");
                }
            }
            Err(error) => self.failed(now, &error),
        }
    }

    fn failed(&mut self, now: Instant, error: &io::Error) {
        let before = self.failing.take();
        let quiet = before.as_ref().is_some_and(|failing| now < failing.said + QUIET);
        let lost = 1 + before.as_ref().map_or(0, |failing| failing.lost);
        if !quiet {
            tracing::warn!(%error, lost, "answers cannot be kept on disk; requests are answered nevertheless");
        }
        self.failing = Some(Failing {
            again: now + PAUSE,
            said: before.filter(|_| quiet).map_or(now, |failing| failing.said),
            lost: if quiet { lost } else { 0 },
        });
    }

    fn drop_all(&self, gone: &[AnswerKey]) {
        for key in gone {
            // It may have been written anew meanwhile; nobody but this thread writes.
            if !self.shared.index().knows(key) {
                let _gone = fs::remove_file(self.shared.path(key));
            }
        }
    }
}

/// The folders of answers; whatever else lies there is left alone.
fn folders(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| {
        let name = entry.file_name();
        let name = name.to_str().unwrap_or_default();
        name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    named.map(|entry| entry.path()).collect()
}
