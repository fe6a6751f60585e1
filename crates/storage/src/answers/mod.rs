//! Answers in files of a folder, up to a number of bytes, those that were not wanted for longest going first.
//!
//! Writing is the work of one thread: whoever has an answer to keep hands it over and goes on, and where too
//! many wait it is not kept. A file is written beside its place and renamed; nothing is forced to disk, so
//! that a crash may leave a part of one. Each says by a hash what it must be, and one that is not is removed.

mod file;
mod index;
mod writer;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

use busbar_core::{AnswerKey, AnswerStore, BoxFuture, Clock};

use index::Index;
use writer::{Order, Writer};

/// More than this many answers do not wait to be written.
const MOST_WAITING: usize = 256;

/// Answers in files.
#[derive(Debug)]
pub struct AnswerFiles {
    shared: Arc<Shared>,
    orders: mpsc::SyncSender<Order>,
    /// Held for as long as the folder is ours.
    _lock: fs::File,
}

/// What the writer and those who read share.
#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    index: Mutex<Index>,
}

impl Shared {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, key: &AnswerKey) -> PathBuf {
        file::place(&self.folder, key)
    }

    /// Takes an answer out: it was not whole, or there is no room for it.
    fn remove(&self, key: &AnswerKey) {
        self.index().remove(key);
        // One that is gone already is as good.
        let _gone = fs::remove_file(self.path(key));
    }

    fn read(&self, key: &AnswerKey) -> Option<Vec<u8>> {
        let whole = fs::read(self.path(key))
            .ok()
            .and_then(|bytes| file::content(key, &bytes));
        if whole.is_none() {
            self.remove(key);
        }
        whole
    }
}

impl AnswerFiles {
    /// Answers in this folder, `most` bytes of them. What is there already is looked through meanwhile.
    ///
    /// # Errors
    /// The folder cannot be used; another process uses it.
    pub fn open(folder: &Path, most: u64, clock: Arc<dyn Clock>) -> io::Result<Self> {
        file::make_folder(folder)?;
        let lock = fs::File::create(folder.join("lock"))?;
        lock.try_lock()
            .map_err(|_| io::Error::other("another process keeps its answers there"))?;
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            index: Mutex::new(Index::new(most)),
        });
        let (orders, taken) = mpsc::sync_channel(MOST_WAITING);
        let writer = Writer::new(Arc::clone(&shared), clock);
        thread::Builder::new()
            .name("answers".to_owned())
            .spawn(move || writer.run(&taken))?;
        Ok(Self {
            shared,
            orders,
            _lock: lock,
        })
    }

    /// Waits until everything that was handed over before is written. Blocks.
    pub fn settle(&self) {
        let (tell, told) = mpsc::channel();
        if self.orders.send(Order::Tell(tell)).is_ok() {
            // A writer that is gone has nothing left to write.
            let _settled = told.recv();
        }
    }

    /// Bytes that the files take at present.
    pub fn size(&self) -> u64 {
        self.shared.index().size()
    }
}

impl AnswerStore for AnswerFiles {
    fn put(&self, key: AnswerKey, write: Box<dyn FnOnce() -> Vec<u8> + Send>) {
        // Where the disk does not keep up, the cache is the first to do without.
        let _full = self.orders.try_send(Order::Keep(key, write));
    }

    fn get(&self, key: &AnswerKey) -> Option<BoxFuture<'static, Option<Vec<u8>>>> {
        if !self.shared.index().want(key) {
            return None;
        }
        let (shared, key) = (Arc::clone(&self.shared), *key);
        Some(Box::pin(async move {
            let reading = tokio::task::spawn_blocking(move || shared.read(&key));
            reading.await.ok().flatten()
        }))
    }
}

#[cfg(test)]
mod tests;
