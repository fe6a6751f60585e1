//! Every store faces the same contracts.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{sync::Arc, time::Duration};

use busbar_core::Notes;
use busbar_jobs::{Artifacts, JobStore, Queue};
use busbar_storage::{
    Files, NoteShelf, Sqlite, SqliteOptions,
    memory::{MemoryNotes, MemoryQueue, MemoryStore},
};
use busbar_testkit::{
    TestClock,
    conformance::{artifacts, job_store, notes, queue, shelf},
};

const RECEIVES: u32 = 4;

fn queue_on(clock: &Arc<TestClock>, queue: Arc<dyn Queue>) -> queue::Subject {
    queue::Subject {
        queue,
        receives: RECEIVES,
        pass: |subject, time| subject.clock.as_ref().unwrap().advance(time),
        clock: Some(Arc::clone(clock)),
    }
}

fn sqlite(folder: &tempfile::TempDir, clock: &Arc<TestClock>) -> Arc<Sqlite> {
    let options = SqliteOptions {
        receives: RECEIVES,
        ..SqliteOptions::default()
    };
    let clock = Arc::<TestClock>::clone(clock);
    Arc::new(Sqlite::open(&folder.path().join("jobs.sqlite"), clock, options).unwrap())
}

#[tokio::test]
async fn a_queue_in_memory_keeps_the_contract() {
    let clock = Arc::new(TestClock::new());
    let memory = MemoryQueue::new(Arc::<TestClock>::clone(&clock), RECEIVES);
    queue::all(&queue_on(&clock, Arc::new(memory))).await;
}

#[tokio::test]
async fn a_queue_in_sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::new());
    queue::all(&queue_on(&clock, sqlite(&folder, &clock))).await;
}

#[tokio::test]
async fn jobs_in_memory_keep_the_contract() {
    let store: Arc<dyn JobStore> = Arc::new(MemoryStore::new());
    job_store::all(&store).await;
}

#[tokio::test]
async fn jobs_in_sqlite_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn JobStore> = sqlite(&folder, &Arc::new(TestClock::new()));
    job_store::all(&store).await;
}

#[tokio::test]
async fn notes_in_memory_keep_the_contract() {
    let kept: Arc<dyn Notes> = Arc::new(MemoryNotes::new());
    notes::all(&kept).await;
}

#[test]
fn versions_among_notes_keep_the_contract_of_shelves() {
    let kept: Arc<dyn Notes> = Arc::new(MemoryNotes::new());
    shelf::all(|| Arc::new(NoteShelf::new(kept.clone(), "test").unwrap()));
}

#[tokio::test]
async fn files_in_memory_keep_the_contract() {
    let files: Arc<dyn Artifacts> = Arc::new(Files::in_memory());
    artifacts::all(&files).await;
}

#[tokio::test]
async fn files_in_a_folder_keep_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let files: Arc<dyn Artifacts> = Arc::new(Files::open(folder.path()).unwrap());
    artifacts::all(&files).await;
}

/// Two processes on one file, as two openings of it.
#[tokio::test(flavor = "multi_thread")]
async fn two_openings_of_one_database_share_their_messages() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::new());
    let (sender, reader) = (sqlite(&folder, &clock), sqlite(&folder, &clock));
    let name = busbar_jobs::QueueName::new("shared");
    let ask = busbar_jobs::Receive {
        most: 1,
        lease: Duration::from_secs(30),
        wait: Duration::from_secs(30),
    };
    let waiting = reader.receive(&name, ask);
    let sent = sender.send(&name, "m".into(), Duration::ZERO);
    let (taken, sent) = tokio::join!(waiting, sent);
    sent.unwrap();
    assert_eq!(taken.unwrap().len(), 1);
}
