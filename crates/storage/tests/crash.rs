//! Real processes, really killed: nothing that was accepted is lost, and nothing is made twice.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant, SystemTime},
};

use busbar_core::{Clock, Tenant};
use busbar_jobs::{
    Cursor, Depth, Filter, Job, JobKind, JobState, Jobs, Milestone, NewJob, Phase, Policy, QueueName,
};
use busbar_storage::{Files, Sqlite, SqliteOptions};
use serde_json::json;

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

fn jobs(folder: &Path) -> Jobs {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let database = folder.join("jobs.sqlite");
    let sqlite = Arc::new(Sqlite::open(&database, Arc::clone(&clock), SqliteOptions::default()).unwrap());
    let files = Arc::new(Files::open(&folder.join("files")).unwrap());
    let policy = Policy {
        tries: 200,
        ..Policy::default()
    };
    let queue = Arc::<Sqlite>::clone(&sqlite);
    Jobs::new(sqlite, queue, files, clock, policy)
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
    fn start(folder: &Path, what: &str, stop_at: usize) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_busbar-crash-worker"))
            .arg(folder)
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
fn check_done(folder: &Path, job: &Job) {
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
        let file = folder.join("files").join(artifact.name.to_string());
        assert_eq!(std::fs::read_to_string(file).unwrap(), job.recipe.to_string());
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
    let folder = tempfile::tempdir().unwrap();
    let jobs = jobs(folder.path());
    let given = jobs.submit(&Tenant::default(), count(7, "k")).await.unwrap().job;
    let mut mortal = Worker::start(folder.path(), "work", step);
    assert!(mortal.stands_still());
    let before = jobs.get(&given.tenant, given.id).await.unwrap();
    mortal.kill();
    let _steady = Worker::start(folder.path(), "work", 0);
    let over = all_over(&jobs).await;
    assert_eq!(over.len(), 1);
    assert_eq!(over[0].id, given.id);
    check_done(folder.path(), &over[0]);
    if before.is_over() {
        assert_eq!(over[0].state, before.state, "what was done was done again");
    }
    jobs.delete(&given.tenant, given.id).await.unwrap();
    let left = std::fs::read_dir(folder.path().join("files").join(given.id.to_string()));
    assert!(left.is_err(), "files of killed starts outlive their job");
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
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build();
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
        let folder = tempfile::tempdir().unwrap();
        let mut mortal = Worker::start(folder.path(), "submit", step);
        if !mortal.stands_still() {
            assert!(step > 10, "a submission has {step} steps only");
            return;
        }
        mortal.kill();
        let jobs = jobs(folder.path());
        let again = jobs
            .submit(&Tenant::default(), count(1, "the key"))
            .await
            .unwrap();
        let _steady = Worker::start(folder.path(), "work", 0);
        let over = all_over(&jobs).await;
        assert_eq!(over.len(), 1, "step {step}: one key made {} jobs", over.len());
        assert_eq!(over[0].id, again.job.id);
        check_done(folder.path(), &over[0]);
    }
}

#[tokio::test]
async fn a_submission_killed_at_any_step_is_done_if_it_was_recorded() {
    let mut recorded = 0;
    for step in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let mut mortal = Worker::start(folder.path(), "submit", step);
        if !mortal.stands_still() {
            break;
        }
        mortal.kill();
        // Nobody asks again: the sweep finds it.
        let jobs = jobs(folder.path());
        jobs.sweep(10).await.unwrap();
        let _steady = Worker::start(folder.path(), "work", 0);
        let over = all_over(&jobs).await;
        assert!(over.len() <= 1);
        recorded += over.len();
        for job in &over {
            check_done(folder.path(), job);
        }
    }
    assert!(recorded > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_do_fifty_jobs_though_one_of_them_is_killed_again_and_again() {
    const JOBS: u32 = 50;
    let folder = tempfile::tempdir().unwrap();
    let jobs = jobs(folder.path());
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
        let mut mortal = Worker::start(folder.path(), "work", step);
        assert!(mortal.stands_still());
        mortal.kill();
        lost += 1;
    }
    let _steady = Worker::start(folder.path(), "work", 0);
    let mut step = 10;
    while !all(&jobs).await.iter().all(Job::is_over) {
        let mut mortal = Worker::start(folder.path(), "work", step);
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
        check_done(folder.path(), job);
    }
}
