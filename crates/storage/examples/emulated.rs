//! The contracts of the ports, kept by an emulator's table, queues and bucket:
//! `emulated <address> jobs|queues|files|notes|versions|addresses [<file that moves the emulator's clock>]`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that needs somebody beside it"
)]

#[path = "../crash-worker/elsewhere.rs"]
mod elsewhere;
#[path = "../tests/emulated/prepare.rs"]
mod emulated;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, SystemTime},
};

use busbar_core::{Notes, Shelf};
use busbar_jobs::{Artifacts, Ids, MediaType, Timestamp};
use busbar_providers::services::Location;
use busbar_storage::{DynamoDb, NoteShelf};
use busbar_testkit::{
    TestClock,
    conformance::{artifacts, job_store, notes, queue, shelf},
};
use bytes::Bytes;
use elsewhere::{Elsewhere, Stores};
use serde_json::{Value, json};

/// How often a message is handed out.
const RECEIVES: u32 = 4;
/// The queues of the contract's checks.
const QUEUES: &[&str] = &[
    "sent", "empty", "one", "other", "lease", "extend", "back", "lost", "delete", "twice", "delay", "often",
    "bury", "stay", "many", "wait", "batch",
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (address, what) = (arguments[0].clone(), arguments[1].as_str());
    let name = format!("t{}", uuid::Uuid::new_v4().simple());
    let queues: Vec<String> = QUEUES
        .iter()
        .map(|check| format!("conformance-{check}"))
        .collect();
    let queues: Vec<&str> = queues.iter().map(String::as_str).collect();
    let queues = if what == "queues" { &queues[..] } else { &[] };
    emulated::prepare(&address, &name, queues, RECEIVES).await;
    let clock = Arc::new(TestClock::new());
    let elsewhere = Elsewhere { address, name };
    let Stores { jobs, queue, files } = elsewhere.open(Arc::<TestClock>::clone(&clock)).unwrap();
    match what {
        "jobs" => job_store::all(&jobs).await,
        "files" => artifacts::all(&files).await,
        "versions" => {
            let open = || {
                // Each with connections of its own: they live as long as the shelf's thread.
                let account = elsewhere::account(&elsewhere.address).unwrap();
                let table = DynamoDb::new(&account, &*elsewhere.name).unwrap();
                Arc::new(NoteShelf::new(Arc::new(table), "test").unwrap()) as Arc<dyn Shelf>
            };
            shelf::all(open);
        }
        "notes" => {
            let account = elsewhere::account(&elsewhere.address).unwrap();
            let table: Arc<dyn Notes> = Arc::new(DynamoDb::new(&account, &*elsewhere.name).unwrap());
            notes::all(&table).await;
        }
        // Somebody else tries them.
        "addresses" => return println!("{}", addresses(&elsewhere, &files).await),
        "queues" => {
            let file = PathBuf::from(&arguments[2]);
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let passed = Duration::from_secs_f64(text.parse().unwrap_or_default());
            EMULATORS_CLOCK.set(Mutex::new((file, passed))).unwrap();
            let subject = queue::Subject {
                queue,
                receives: RECEIVES,
                pass: |subject, time| {
                    subject.clock.as_ref().unwrap().advance(time);
                    let mut file = EMULATORS_CLOCK.get().unwrap().lock().unwrap();
                    file.1 += time;
                    std::fs::write(&file.0, file.1.as_secs_f64().to_string()).unwrap();
                },
                clock: Some(clock),
            };
            queue::all(&subject).await;
        }
        other => unreachable!("no port is called {other}"),
    }
    println!("{what}: kept");
}

/// The file that moves the emulator's clock, and how far it did.
static EMULATORS_CLOCK: OnceLock<Mutex<(PathBuf, Duration)>> = OnceLock::new();

/// Addresses of a picture that is there, one of them over; and one to put a file at, with the one that then
/// fetches it.
async fn addresses(at: &Elsewhere, files: &Arc<dyn Artifacts>) -> Value {
    const HOUR: Duration = Duration::from_secs(3600);
    let ids = Ids::new(Arc::new(TestClock::new()));
    let name = ids.artifact(ids.job(), MediaType::Png);
    files.put(name, Bytes::from_static(b"a picture")).await.unwrap();
    let open = files.addresses().await.unwrap().unwrap();
    let now = SystemTime::now();
    let account = elsewhere::account(&at.address).unwrap();
    let opener = account.objects().unwrap().opener().await.unwrap();
    let upload = Location::new(&format!("s3://{}/uploads/a b.txt", at.name)).unwrap();
    json!({
        "get": open.of(name, Timestamp::from(now), HOUR).unwrap(),
        "over": open.of(name, Timestamp::from(now - HOUR * 2), HOUR).unwrap(),
        "put": opener.put(&upload, now, HOUR).unwrap(),
        "get_put": opener.get(&upload, now, HOUR).unwrap(),
    })
}
