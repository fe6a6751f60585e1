//! The ports of `busbar-jobs`, kept: [`Sqlite`] records jobs and queues in one file that several
//! processes share, [`Files`] keeps artifacts in a folder, and `memory` does both for tests and
//! for servers that need not remember. For processes on several machines there are [`DynamoDb`],
//! [`Sqs`] and [`S3`], over the signed requests of `busbar-providers`.
//! [`AnswerFiles`] keeps answers of routes in files, [`NoteShelf`] a configuration's versions where all machines
//! find them.
//!
//! **Invariant:** no rule of a job's life is here. A store writes what it is given, over exactly
//! the version it is told.

mod answers;
mod dynamodb;
mod files;
pub mod memory;
mod note_shelf;
mod retry;
mod s3;
mod sqlite;
mod sqs;

use busbar_core::{Error, Result};
use busbar_providers::{
    services::{Account, Service},
    settings::Problem,
};

pub use answers::AnswerFiles;
pub use dynamodb::DynamoDb;
pub use files::Files;
pub use note_shelf::NoteShelf;
pub use s3::S3;
pub use sqlite::{Sqlite, SqliteOptions};
pub use sqs::Sqs;

/// How often a message is handed out before it moves to the dead letters. A job's own limit of
/// failed starts is reached long before; this is for messages that no worker comes to an end with.
pub const RECEIVES: u32 = 100;

/// How many messages are handed out at once at most, as with SQS.
const AT_ONCE: usize = 10;

fn service(account: &Account, name: &'static str) -> Result<Service> {
    account.service(name).map_err(misplaced)
}

fn misplaced(problem: Problem) -> Error {
    Error::invalid(format!("storage.{}", problem.field), problem.message)
}

fn beyond() -> Error {
    Error::invalid("range", "the range lies behind the end of the file")
}
