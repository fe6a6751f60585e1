//! Jobs and queues in one SQLite file, which several processes may share.
//!
//! All statements run on a thread of their own, so that no async worker ever waits for the disk.
//! The journal is a write-ahead log, so readers do not wait for writers; every commit is flushed,
//! so what was promised outlives a power cut.

mod jobs;
mod queue;
mod schema;
mod thread;

use std::{path::Path, sync::Arc, time::Duration};

use busbar_core::{Clock, Result};
use tokio::sync::Notify;

use crate::RECEIVES;
use thread::Thread;

/// Jobs and queues in one SQLite file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sqlite {
    thread: Arc<Thread>,
    clock: Arc<dyn Clock>,
    options: SqliteOptions,
    /// A message was sent by this process.
    sent: Arc<Notify>,
}

/// How the file is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How long a statement waits for another process's write before it says `Overloaded`.
    pub busy: Duration,
    /// How often a message is handed out before it moves to the dead letters.
    pub receives: u32,
    /// How often a waiting reader looks for what other processes sent.
    pub look_every: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            busy: Duration::from_secs(2),
            receives: RECEIVES,
            look_every: Duration::from_millis(200),
        }
    }
}

impl Sqlite {
    /// Opens the file, made and brought to this version's schema where needed. It blocks.
    ///
    /// # Errors
    /// `Unavailable` where it cannot be opened, is no database, or was written by a newer
    /// version of this program.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, options: SqliteOptions) -> Result<Self> {
        let thread = Thread::start(path, options.busy, schema::migrate)?;
        Ok(Self {
            thread: Arc::new(thread),
            clock,
            options,
            sent: Arc::new(Notify::new()),
        })
    }
}
