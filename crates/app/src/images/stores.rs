//! Where jobs are kept: beneath the data directory, or in services that other machines reach too; each of
//! the three ports by itself.

use std::{cell::OnceCell, fs, path::PathBuf, sync::Arc};

use busbar_config::Storage;
use busbar_core::{Clock, Error, ErrorKind, Notes, Result};
use busbar_jobs::{Artifacts, JobStore, Jobs, Policy, Queue};
use busbar_providers::{
    http::Client,
    services::{Account, Distribution},
};
use busbar_storage::{DynamoDb, Files, S3, Sqlite, SqliteOptions, Sqs};

use super::folder;

/// The record of jobs and queues, in the folder of jobs.
const RECORDS: &str = "jobs.sqlite";
/// Their files, there.
const FILES: &str = "files";

/// Whether there is a record of jobs to look at.
pub(crate) fn are_there(storage: &Storage) -> bool {
    storage.jobs.is_some() || folder(&storage.home).join(RECORDS).is_file()
}

/// Where their files lie, for people.
pub(crate) fn files(storage: &Storage) -> PathBuf {
    let elsewhere = storage.files.as_ref().map(PathBuf::from);
    elsewhere.unwrap_or_else(|| folder(&storage.home).join(FILES))
}

/// The jobs, and the origin of their files' addresses where that is not ours: of the distribution's, where there
/// is one. It blocks.
///
/// # Errors
/// Where they cannot be kept there.
pub(crate) fn open(
    storage: &Storage,
    distribution: Option<Distribution>,
    clock: Arc<dyn Clock>,
    policy: Policy,
) -> Result<(Jobs, Option<String>)> {
    let folder = folder(&storage.home);
    fs::create_dir_all(&folder).map_err(|source| {
        let message = format!(
            "the folder for jobs, {}, cannot be made: {source}",
            folder.display()
        );
        Error::new(ErrorKind::Unavailable, message)
            .with_code("storage_unwritable")
            .with_source(source)
    })?;
    let account = account(storage)?;
    // One file has both, and is opened once.
    let path = folder.join(RECORDS);
    let sqlite = OnceCell::new();
    let here = || match sqlite.get() {
        Some(opened) => Ok(Arc::clone(opened)),
        None => {
            let opened = Arc::new(Sqlite::open(&path, clock.clone(), SqliteOptions::default())?);
            Ok::<_, Error>(Arc::clone(sqlite.get_or_init(|| opened)))
        }
    };
    let records: Arc<dyn JobStore> = match (&storage.jobs, &account) {
        (Some(table), Some(account)) => Arc::new(DynamoDb::new(account, table)?),
        _ => here()?,
    };
    let queue: Arc<dyn Queue> = match (&storage.queues, &account) {
        (Some(prefix), Some(account)) => Arc::new(Sqs::new(account, prefix, clock.clone())?),
        _ => here()?,
    };
    let (files, from): (Arc<dyn Artifacts>, _) = match (&storage.files, &account) {
        (Some(place), Some(account)) => {
            let bucket = S3::new(account, place)?.behind(distribution);
            let from = bucket.origin();
            (Arc::new(bucket), from)
        }
        _ => (Arc::new(Files::open(&folder.join(FILES))?), None),
    };
    Ok((Jobs::new(records, queue, files, clock, policy), from))
}

/// What several processes know together, where they share a table. Asks nobody.
///
/// # Errors
/// Where there can be no such place.
pub(crate) fn notes(storage: &Storage) -> Result<Option<Arc<dyn Notes>>> {
    let Some((table, account)) = storage.jobs.as_ref().zip(account(storage)?) else {
        return Ok(None);
    };
    Ok(Some(Arc::new(DynamoDb::new(&account, table)?)))
}

/// Whose table, queues and bucket they are, where there are any. Asks nobody.
fn account(storage: &Storage) -> Result<Option<Account>> {
    let places = [&storage.jobs, &storage.queues, &storage.files];
    if places.iter().all(|place| place.is_none()) {
        return Ok(None);
    }
    let client = Client::new().map_err(|source| {
        Error::new(ErrorKind::Unavailable, "no HTTP client can be made").with_source(source)
    })?;
    let account = Account::new(&storage.region, storage.endpoint.as_deref(), client);
    Ok(Some(account))
}
