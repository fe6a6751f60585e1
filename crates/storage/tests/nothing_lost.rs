//! Whatever is done to a queue, in whatever order: what was sent is deleted, waiting or among the
//! dead letters, and never nowhere.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use busbar_jobs::{Delivery, Queue, QueueName, Receive};
use busbar_storage::{Sqlite, SqliteOptions, memory::MemoryQueue};
use busbar_testkit::TestClock;
use proptest::prelude::*;

const RECEIVES: u32 = 3;
const LEASE: Duration = Duration::from_secs(30);

/// Something that is done to a queue; a number means one of the deliveries so far.
#[derive(Clone, Debug)]
enum Act {
    Send(u64),
    Receive(usize),
    Extend(usize, u64),
    Delete(usize),
    Bury(usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0_u64..40).prop_map(Act::Send),
        (1_usize..5).prop_map(Act::Receive),
        (0_usize..20, 0_u64..60).prop_map(|(one, lease)| Act::Extend(one, lease)),
        (0_usize..20).prop_map(Act::Delete),
        (0_usize..20).prop_map(Act::Bury),
        (1_u64..50).prop_map(Act::Wait),
    ]
}

async fn take(queue: &dyn Queue, name: &QueueName, most: usize) -> Vec<Delivery> {
    let ask = Receive {
        most,
        lease: LEASE,
        wait: Duration::ZERO,
    };
    queue.receive(name, ask).await.unwrap()
}

/// Does it all, and returns what was sent, what may have been deleted, and what is found.
async fn check(queue: &dyn Queue, clock: &TestClock, acts: &[Act]) {
    let name = QueueName::new("q");
    let mut sent = 0_usize;
    let mut seen: Vec<Delivery> = Vec::new();
    let mut deleted: BTreeSet<String> = BTreeSet::new();
    for act in acts {
        match *act {
            Act::Send(delay) => {
                let delay = Duration::from_secs(delay);
                queue.send(&name, sent.to_string(), delay).await.unwrap();
                sent += 1;
            }
            Act::Receive(most) => {
                let taken = take(queue, &name, most).await;
                assert!(taken.iter().all(|delivery| delivery.receives <= RECEIVES));
                seen.extend(taken);
            }
            Act::Wait(seconds) => clock.advance(Duration::from_secs(seconds)),
            Act::Extend(one, lease) if one < seen.len() => {
                let lease = Duration::from_secs(lease);
                queue.extend(&name, &seen[one].receipt, lease).await.unwrap();
            }
            Act::Delete(one) if one < seen.len() => {
                queue.delete(&name, &seen[one].receipt).await.unwrap();
                deleted.insert(seen[one].body.clone());
            }
            Act::Bury(one) if one < seen.len() => queue.bury(&name, &seen[one]).await.unwrap(),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for place in [&name, &name.dead()] {
        for _ in 0..RECEIVES + 1 {
            clock.advance(LEASE * 3);
            loop {
                let taken = take(queue, place, 10).await;
                if taken.is_empty() {
                    break;
                }
                found.extend(taken.into_iter().map(|delivery| delivery.body));
            }
        }
    }
    for message in (0..sent).map(|number| number.to_string()) {
        let is_somewhere = found.contains(&message) || deleted.contains(&message);
        assert!(is_somewhere, "message {message} is nowhere");
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(test);
}

proptest! {
    #[test]
    fn a_queue_in_memory_loses_nothing(acts in proptest::collection::vec(act(), 1..60)) {
        let clock = Arc::new(TestClock::new());
        let queue = MemoryQueue::new(Arc::<TestClock>::clone(&clock), RECEIVES);
        run(check(&queue, &clock, &acts));
    }
}

proptest! {
    // Each case is a database of its own.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_queue_in_sqlite_loses_nothing(acts in proptest::collection::vec(act(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::new());
        let options = SqliteOptions {
            receives: RECEIVES,
            ..SqliteOptions::default()
        };
        let time = Arc::<TestClock>::clone(&clock);
        let queue = Sqlite::open(&folder.path().join("q.sqlite"), time, options).unwrap();
        run(check(&queue, &clock, &acts));
    }
}
