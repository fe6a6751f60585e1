//! The tables, and how an older file becomes one of this version.
//!
//! A file says in `migrations` which steps it has seen. A step is never changed once it was
//! released; a new one is added.

use std::time::{SystemTime, UNIX_EPOCH};

use busbar_core::{Error, ErrorKind, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::thread::failed;

/// The steps, oldest first. A file's version is how many of them it has seen.
const STEPS: &[&str] = &["
    CREATE TABLE jobs (
        id      TEXT PRIMARY KEY,
        tenant  TEXT NOT NULL,
        kind    TEXT NOT NULL,
        state   TEXT NOT NULL,
        version INTEGER NOT NULL,
        due     INTEGER NOT NULL,
        record  TEXT NOT NULL
    ) STRICT;
    CREATE INDEX jobs_of_a_tenant ON jobs (tenant, id);
    CREATE INDEX jobs_waiting ON jobs (kind, id) WHERE state = 'queued';
    CREATE INDEX jobs_due ON jobs (due);
    CREATE TABLE keys (
        tenant      TEXT NOT NULL,
        key         TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        job         TEXT NOT NULL,
        until       INTEGER NOT NULL,
        PRIMARY KEY (tenant, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX keys_until ON keys (until);
    CREATE TABLE messages (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        queue    TEXT NOT NULL,
        body     TEXT NOT NULL,
        visible  INTEGER NOT NULL,
        receives INTEGER NOT NULL DEFAULT 0,
        sent     INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX messages_visible ON messages (queue, visible, id);
"];

/// Brings the file to this version's schema. Several processes may do so at once.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let version = version(&transaction).map_err(failed)?;
    let Some(missing) = STEPS.get(version..) else {
        let known = STEPS.len();
        let message = format!(
            "the database has schema version {version} and this program knows up to {known}: \
             start the newer program that wrote it, or restore an older copy of the database"
        );
        return Err(Error::new(ErrorKind::Unavailable, message).with_code("schema_too_new"));
    };
    for (step, number) in missing.iter().zip(version + 1..) {
        apply(&transaction, step, number).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

fn version(transaction: &Transaction<'_>) -> rusqlite::Result<usize> {
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
            version INTEGER PRIMARY KEY,
            applied INTEGER NOT NULL
        ) STRICT",
    )?;
    transaction.query_one("SELECT coalesce(max(version), 0) FROM migrations", [], |row| {
        row.get::<_, i64>(0)
            .map(|version| usize::try_from(version).unwrap_or(usize::MAX))
    })
}

fn apply(transaction: &Transaction<'_>, step: &str, number: usize) -> rusqlite::Result<()> {
    transaction.execute_batch(step)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    transaction.execute(
        "INSERT INTO migrations (version, applied) VALUES (?1, ?2)",
        params![number, now],
    )?;
    Ok(())
}
