//! The ports of `busbar-jobs`, kept: [`Sqlite`] records jobs and queues in one file that several
//! processes share, [`Files`] keeps artifacts in a folder, and `memory` does both for tests and
//! for servers that need not remember.
//!
//! **Invariant:** no rule of a job's life is here. A store writes what it is given, over exactly
//! the version it is told.

mod files;
pub mod memory;
mod sqlite;

pub use files::Files;
pub use sqlite::{Sqlite, SqliteOptions};

/// How often a message is handed out before it moves to the dead letters. A job's own limit of
/// failed starts is reached long before; this is for messages that no worker comes to an end with.
pub const RECEIVES: u32 = 100;

/// How many messages are handed out at once at most, as with SQS.
const AT_ONCE: usize = 10;
