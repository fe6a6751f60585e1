//! What is SQLite's own: the schema's version, files that are none, folders that may not be
//! written.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{path::Path, sync::Arc};

use busbar_core::{ErrorKind, Result};
use busbar_jobs::{ArtifactName, Artifacts as _, Ids, MediaType};
use busbar_storage::{Files, Sqlite, SqliteOptions};
use busbar_testkit::TestClock;
use bytes::Bytes;

fn open(path: &Path) -> Result<Sqlite> {
    Sqlite::open(path, Arc::new(TestClock::new()), SqliteOptions::default())
}

fn name() -> ArtifactName {
    let ids = Ids::new(Arc::new(TestClock::new()));
    ids.artifact(ids.job(), MediaType::Png)
}

#[track_caller]
fn check_code<T: std::fmt::Debug>(result: Result<T>, code: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some(code), "{error}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn a_database_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.sqlite");
    open(&path).unwrap();
    open(&path).unwrap();
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.sqlite");
    open(&path).unwrap();
    let later = rusqlite::Connection::open(&path).unwrap();
    later
        .execute("INSERT INTO migrations (version, applied) VALUES (1000, 0)", [])
        .unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.code(), Some("schema_too_new"));
    assert!(error.message().contains("version 1000"), "{error}");
    let version: i64 = later
        .query_row("SELECT max(version) FROM migrations", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1000);
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.sqlite");
    std::fs::write(
        &path,
        "this is a letter to a friend, and long enough to look like something",
    )
    .unwrap();
    check_code(open(&path), "storage_damaged");
    check_code(
        open(&folder.path().join("nowhere/jobs.sqlite")),
        "storage_unwritable",
    );
}

#[tokio::test]
async fn a_place_where_no_file_can_be_written_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::open(&folder.path().join("files")).unwrap();
    let name = name();
    // A file where the job's folder has to be: it fails for every user, root too.
    let place = folder.path().join("files").join(name.job().to_string());
    std::fs::write(place, "in the way").unwrap();
    let put = files.put(name, Bytes::from_static(b"png")).await;
    let error = put.unwrap_err();
    assert!(error.is_retryable() && error.code().is_some(), "{error:?}");
}

#[cfg(unix)]
#[test]
fn a_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let _open = open(&folder.path().join("jobs.sqlite")).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let rights = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(rights & 0o077, 0);
    }
}
