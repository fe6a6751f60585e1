//! Real processes, really killed: nothing that was accepted is lost, and nothing is made twice. In a folder;
//! or, where `TEST_EMULATOR` names one, in its table, queues and bucket.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../crash-worker/elsewhere.rs"]
mod elsewhere;
#[path = "emulated/prepare.rs"]
mod emulated;
#[path = "../crash-worker/place.rs"]
mod place;

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant, SystemTime},
};

use busbar_core::{Clock, Tenant};
use busbar_jobs::{
    Cursor, Depth, Filter, Job, JobKind, JobState, Jobs, Milestone, NewJob, Phase, Policy, QueueName,
};
use bytes::Bytes;
use elsewhere::{Elsewhere, Stores};
use futures_util::TryStreamExt as _;
use place::Place;
use serde_json::json;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(180);

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Where the stores of one test are; removed with it, or with the emulator.
struct Ground {
    place: Place,
    _folder: Option<TempDir>,
}

impl Ground {
    async fn fresh() -> Self {
        let Ok(address) = std::env::var("TEST_EMULATOR") else {
            let folder = tempfile::tempdir().unwrap();
            let place = Place::Folder(folder.path().to_owned());
            return Self {
                place,
                _folder: Some(folder),
            };
        };
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        emulated::prepare(&address, &name, &["jobs-count"], busbar_storage::RECEIVES).await;
        let place = Place::Elsewhere(Elsewhere { address, name });
        Self { place, _folder: None }
    }

    fn jobs(&self) -> Jobs {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let Stores { jobs, queue, files } = self.place.open(Arc::clone(&clock)).unwrap();
        let policy = Policy {
            tries: 200,
            ..Policy::default()
        };
        Jobs::new(jobs, queue, files, clock, policy)
    }
}

fn count(number: u32, key: &str) -> NewJob {
    NewJob {
        kind: JobKind::new("count"),
        recipe: json!({ "number": number }),
        inputs: vec![],
        key: Some(key.into()),
        hook: None,
        expires_in: None,
    }
}

/// A process that dies with the test.
struct Worker(Child);

impl Worker {
    fn start(ground: &Ground, what: &str, stop_at: usize) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_busbar-crash-worker"))
            .arg(ground.place.to_string())
            .args([what, &stop_at.to_string()])
            .stdout(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    /// Whether it stands still where it was told to; else it was done before.
    fn stands_still(&mut self) -> bool {
        let mut word = String::new();
        BufReader::new(self.0.stdout.take().unwrap())
            .read_line(&mut word)
            .unwrap();
        word.trim() == "here"
    }

    /// With SIGKILL.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _it_may_have_ended = self.0.kill();
        let _nobody_asks = self.0.wait();
    }
}

async fn all(jobs: &Jobs) -> Vec<Job> {
    let filter = Filter {
        tenant: Tenant::default(),
        phase: None,
        kind: None,
    };
    let mut found = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = jobs.list(filter.clone(), after, 20).await.unwrap();
        found.extend(page.jobs);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

async fn all_over(jobs: &Jobs) -> Vec<Job> {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = all(jobs).await;
        if found.iter().all(Job::is_over) {
            becomes_empty(jobs).await;
            return found;
        }
        assert!(Instant::now() < until, "some jobs never end: {found:#?}");
        sleep(Duration::from_millis(20));
    }
}

/// Done once, its files there with what belongs in them.
async fn check_done(jobs: &Jobs, job: &Job) {
    assert_eq!(job.phase(), Phase::Succeeded, "{job:#?}");
    let ends = job
        .history
        .iter()
        .filter(|event| event.what == Milestone::Succeeded);
    assert_eq!(ends.count(), 1);
    let JobState::Succeeded { output } = &job.state else {
        return;
    };
    assert_eq!(output.artifacts.len(), 2);
    for artifact in &output.artifacts {
        let file = jobs.artifacts().get(artifact.name, None).await.unwrap();
        let chunks: Vec<Bytes> = file.chunks.try_collect().await.unwrap();
        assert_eq!(chunks.concat(), job.recipe.to_string().as_bytes());
    }
}

/// The message of a job that is over is ended a moment later, by whoever has it.
async fn becomes_empty(jobs: &Jobs) {
    let queue = QueueName::of(&JobKind::new("count"));
    let until = Instant::now() + PATIENCE;
    while jobs.queue().depth(&queue).await.unwrap() != Depth::default() {
        assert!(
            Instant::now() < until,
            "a job that is over is handed out for ever"
        );
        sleep(Duration::from_millis(20));
    }
}

/// Kills a worker at one step of its work, and has another go on. `false`: it has no such step.
async fn survives_a_worker_killed_at(step: usize) -> bool {
    let ground = Ground::fresh().await;
    let jobs = ground.jobs();
    let given = jobs.submit(&Tenant::default(), count(7, "k")).await.unwrap().job;
    let mut mortal = Worker::start(&ground, "work", step);
    assert!(mortal.stands_still());
    let before = jobs.get(&given.tenant, given.id).await.unwrap();
    mortal.kill();
    let _steady = Worker::start(&ground, "work", 0);
    let over = all_over(&jobs).await;
    assert_eq!(over.len(), 1);
    assert_eq!(over[0].id, given.id);
    check_done(&jobs, &over[0]).await;
    if before.is_over() {
        assert_eq!(over[0].state, before.state, "what was done was done again");
    }
    jobs.delete(&given.tenant, given.id).await.unwrap();
    let left = jobs.artifacts().remove_all(given.id).await.unwrap();
    assert_eq!(left, 0, "files of killed starts outlive their job");
    if let Place::Folder(folder) = &ground.place {
        let left = std::fs::read_dir(folder.join("files").join(given.id.to_string()));
        assert!(left.is_err(), "a part of a file outlives its job");
    }
    !before.is_over()
}

#[test]
fn a_worker_killed_at_any_step_loses_nothing() {
    /// The last steps look at an empty queue again.
    const MORE: usize = 8;
    /// Fewer would mean that the worker does not stand still where it should.
    const FEWEST: usize = 20;
    let last = std::sync::atomic::AtomicUsize::new(0);
    let next = std::sync::atomic::AtomicUsize::new(1);
    let order = std::sync::atomic::Ordering::SeqCst;
    // Most of the time is spent waiting for leases to run out, so several wait at once.
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.unwrap();
                loop {
                    let step = next.fetch_add(1, order);
                    let last_seen = last.load(order);
                    if step > FEWEST && step > last_seen + MORE {
                        return;
                    }
                    if runtime.block_on(survives_a_worker_killed_at(step)) {
                        last.fetch_max(step, order);
                    }
                }
            });
        }
    });
    assert!(
        last.load(order) >= FEWEST,
        "the work has {} steps only",
        last.load(order)
    );
}

#[tokio::test]
async fn a_submission_killed_at_any_step_makes_one_job_when_it_is_sent_again() {
    for step in 1.. {
        let ground = Ground::fresh().await;
        let mut mortal = Worker::start(&ground, "submit", step);
        if !mortal.stands_still() {
            assert!(step > 10, "a submission has {step} steps only");
            return;
        }
        mortal.kill();
        let jobs = ground.jobs();
        let again = jobs
            .submit(&Tenant::default(), count(1, "the key"))
            .await
            .unwrap();
        let _steady = Worker::start(&ground, "work", 0);
        let over = all_over(&jobs).await;
        assert_eq!(over.len(), 1, "step {step}: one key made {} jobs", over.len());
        assert_eq!(over[0].id, again.job.id);
        check_done(&jobs, &over[0]).await;
    }
}

#[tokio::test]
async fn a_submission_killed_at_any_step_is_done_if_it_was_recorded() {
    let mut recorded = 0;
    for step in 1.. {
        let ground = Ground::fresh().await;
        let mut mortal = Worker::start(&ground, "submit", step);
        if !mortal.stands_still() {
            break;
        }
        mortal.kill();
        // Nobody asks again: the sweep finds it.
        let jobs = ground.jobs();
        jobs.sweep(10).await.unwrap();
        let _steady = Worker::start(&ground, "work", 0);
        let over = all_over(&jobs).await;
        assert!(over.len() <= 1);
        recorded += over.len();
        for job in &over {
            check_done(&jobs, job).await;
        }
    }
    assert!(recorded > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_do_fifty_jobs_though_one_of_them_is_killed_again_and_again() {
    const JOBS: u32 = 50;
    let ground = Ground::fresh().await;
    let jobs = ground.jobs();
    let mut given = BTreeSet::new();
    let tenant = Tenant::default();
    for number in 0..JOBS {
        let key = number.to_string();
        let first = jobs.submit(&tenant, count(number, &key)).await.unwrap();
        let again = jobs.submit(&tenant, count(number, &key)).await.unwrap();
        assert!(first.new && !again.new);
        assert_eq!(first.job.id, again.job.id);
        given.insert(first.job.id);
    }
    // The one that is killed has some jobs to itself, so that it surely dies over some.
    let mut lost = 0;
    for step in 6..16 {
        let mut mortal = Worker::start(&ground, "work", step);
        assert!(mortal.stands_still());
        mortal.kill();
        lost += 1;
    }
    let _steady = Worker::start(&ground, "work", 0);
    let mut step = 10;
    while !all(&jobs).await.iter().all(Job::is_over) {
        let mut mortal = Worker::start(&ground, "work", step);
        assert!(mortal.stands_still());
        mortal.kill();
        lost += 1;
        step = 10 + (step + 7) % 60;
        assert!(lost < 2000, "the jobs never end");
    }
    let over = all_over(&jobs).await;
    let found: BTreeSet<_> = over.iter().map(|job| job.id).collect();
    assert_eq!(found, given, "every job is accounted for, and there is no other");
    let faults: usize = over.iter().map(|job| job.faults.len()).sum();
    assert!(faults > 0, "no worker died over a job");
    for job in &over {
        check_done(&jobs, job).await;
    }
}
