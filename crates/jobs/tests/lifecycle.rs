//! Whatever is done to a job, in whatever order, the promises of its life hold.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeSet, time::Duration};

use busbar_core::{Error, ErrorKind, Tenant};
use busbar_jobs::{
    Ids, Job, JobEvent, JobKind, JobState, Milestone, Output, Phase, Progress, Refused, Timestamp,
};
use busbar_testkit::TestClock;
use proptest::prelude::*;

const LEASE: Duration = Duration::from_secs(60);

/// Something that somebody does to a job.
#[derive(Clone, Debug)]
enum Act {
    Wait(u64),
    Take,
    Lose,
    Beat(u32),
    Advance(u32, u32),
    Succeed(u32),
    Fail(u32, bool),
    Stopped(u32),
    GiveBack(u32),
    Cancel,
    Expire(Option<u32>),
    Abandon,
    Tell,
}

fn act() -> impl Strategy<Value = Act> {
    // Small numbers, so that the right start is often meant and a late one as well.
    let attempt = 1_u32..5;
    prop_oneof![
        1 => (1_u64..100).prop_map(Act::Wait),
        3 => Just(Act::Take),
        1 => Just(Act::Lose),
        1 => attempt.clone().prop_map(Act::Beat),
        1 => (attempt.clone(), 0_u32..9).prop_map(|(attempt, step)| Act::Advance(attempt, step)),
        1 => attempt.clone().prop_map(Act::Succeed),
        1 => (attempt.clone(), any::<bool>()).prop_map(|(attempt, again)| Act::Fail(attempt, again)),
        1 => attempt.clone().prop_map(Act::Stopped),
        1 => attempt.clone().prop_map(Act::GiveBack),
        1 => Just(Act::Cancel),
        1 => proptest::option::of(attempt).prop_map(Act::Expire),
        1 => Just(Act::Abandon),
        1 => Just(Act::Tell),
    ]
}

fn done_by(job: &Job, act: &Act, now: Timestamp) -> Result<Job, Refused> {
    let kind = |again| {
        if again {
            ErrorKind::Unavailable
        } else {
            ErrorKind::Invalid
        }
    };
    match *act {
        Act::Wait(_) => Err(Refused::NotNow),
        Act::Take => job.take(now, LEASE),
        Act::Lose => job.lose(now),
        Act::Beat(attempt) => job.beat(attempt, now, LEASE),
        Act::Advance(attempt, step) => {
            let progress = Progress {
                step,
                of: 8,
                ..Progress::default()
            };
            job.advance(attempt, now, &progress)
        }
        Act::Succeed(attempt) => job.succeed(attempt, now, Output::default()),
        Act::Fail(attempt, again) => job.fail(attempt, now, &Error::new(kind(again), "no")),
        Act::Stopped(attempt) => job.stopped(attempt, now),
        Act::GiveBack(attempt) => job.give_back(attempt, now),
        Act::Cancel => job.cancel(now),
        Act::Expire(attempt) => job.expire(attempt, now),
        Act::Abandon => job.abandon(now, &Error::internal("dead letter")),
        Act::Tell => Ok(job.told_outside(now, job.version)),
    }
}

/// By whom an act is done, where it is done by a start.
fn starter(act: &Act) -> Option<u32> {
    match *act {
        Act::Beat(attempt)
        | Act::Advance(attempt, _)
        | Act::Succeed(attempt)
        | Act::Fail(attempt, _)
        | Act::Stopped(attempt)
        | Act::GiveBack(attempt)
        | Act::Expire(Some(attempt)) => Some(attempt),
        _ => None,
    }
}

fn new_job(tries: u32) -> Job {
    let clock = std::sync::Arc::new(TestClock::new());
    let now = Timestamp::from(busbar_core::Clock::wall(&*clock));
    Job {
        id: Ids::new(clock).job(),
        tenant: Tenant::default(),
        kind: JobKind::new("image"),
        recipe: serde_json::Value::Null,
        inputs: vec![],
        key: None,
        hook: None,
        created: now,
        expires: now + Duration::from_secs(1000),
        keep_ms: 1000,
        tries,
        state: JobState::Queued,
        attempt: 0,
        faults: vec![],
        started: None,
        finished: None,
        history: vec![JobEvent {
            seq: 1,
            at: now,
            what: Milestone::Queued,
        }],
        announced: false,
        hooked: 0,
        notice: false,
        not_before: Timestamp::default(),
        changed: now,
        version: 1,
    }
}

fn check_step(before: &Job, after: &Job, act: &Act) {
    assert!(after.version > before.version, "{act:?} made no new version");
    assert!(after.attempt >= before.attempt, "{act:?} took a start back");
    assert!(
        after.faults.starts_with(&before.faults),
        "{act:?} rewrote what failed"
    );
    assert!(
        after.faults.len() <= after.tries as usize,
        "{act:?} allowed one try too many"
    );
    if let Some(attempt) = starter(act) {
        assert_eq!(before.phase(), Phase::Running, "{act:?} though nobody had it");
        assert_eq!(
            before.attempt, attempt,
            "{act:?} by a start that is not the latest"
        );
    }
    if before.is_over() {
        assert!(matches!(act, Act::Tell), "{act:?} though it was over");
        assert_eq!(after.state, before.state, "{act:?} changed how it ended");
    }
    assert_eq!(
        after.is_over(),
        after.finished.is_some(),
        "{act:?}: an end has its time"
    );
}

fn check_history(job: &Job) {
    let numbers: Vec<u64> = job.history.iter().map(|event| event.seq).collect();
    assert!(numbers.is_sorted(), "events are out of order: {numbers:?}");
    let different: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(
        different.len(),
        numbers.len(),
        "two events have one number: {numbers:?}"
    );
    assert!(numbers.iter().all(|number| *number <= job.version));
    let ends = job.history.iter().filter(|event| event.what.is_last()).count();
    assert_eq!(ends, usize::from(job.is_over()), "a job ends once, with an event");
    if job.is_over() {
        assert!(
            job.history.last().unwrap().what.is_last(),
            "something follows the end"
        );
    }
    let written = serde_json::to_string(job).unwrap();
    assert_eq!(
        serde_json::from_str::<Job>(&written).unwrap(),
        *job,
        "it reads back otherwise"
    );
}

/// A reader that comes back after each change sees every milestone once and in order, and never a
/// number it has seen.
#[derive(Default)]
struct Reader {
    seen: u64,
    milestones: Vec<u64>,
}

impl Reader {
    fn read(&mut self, job: &Job) {
        for event in job.events_after(self.seen) {
            assert!(event.seq > self.seen, "event {} came twice", event.seq);
            self.seen = event.seq;
            if !matches!(event.what, Milestone::Progress(_)) {
                self.milestones.push(event.seq);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_job_keeps_its_promises(tries in 1_u32..4, acts in proptest::collection::vec(act(), 1..60)) {
        let mut job = new_job(tries);
        let mut now = job.created;
        let mut reader = Reader::default();
        for act in &acts {
            if let Act::Wait(seconds) = act {
                now = now + Duration::from_secs(*seconds);
            }
            if let Ok(next) = done_by(&job, act, now) {
                check_step(&job, &next, act);
                job = next;
            }
            check_history(&job);
            reader.read(&job);
        }
        let kept: Vec<u64> = job.history.iter().map(|event| event.seq).collect();
        prop_assert!(reader.milestones.ends_with(&kept), "{:?} were read, {kept:?} happened", reader.milestones);
        // Nothing is forgotten: every job is due at some time, if only to be removed.
        prop_assert!(job.due() < now + Duration::from_secs(10_000));
    }
}

#[test]
fn a_lost_worker_costs_a_try_and_the_last_one_the_job() {
    let job = new_job(2);
    let now = job.created;
    let first = job.take(now, LEASE).unwrap();
    assert_eq!(first.take(now, LEASE), Err(Refused::Held(now + LEASE)));
    let second = first.take(now + LEASE, LEASE).unwrap();
    assert_eq!(
        (second.phase(), second.attempt, second.faults.len()),
        (Phase::Running, 2, 1)
    );
    let given_up = second.take(now + LEASE * 2, LEASE).unwrap();
    assert_eq!(given_up.phase(), Phase::Failed);
    assert_eq!(given_up.fault().unwrap().code.as_deref(), Some("worker_lost"));
}

#[test]
fn a_job_that_is_given_back_again_and_again_does_not_grow() {
    let mut job = new_job(2);
    for _ in 0..500 {
        job = job.take(job.created, LEASE).unwrap();
        job = job.give_back(job.attempt, job.created).unwrap();
    }
    assert!(job.history.len() <= 100);
    assert_eq!(job.history[0].what, Milestone::Queued);
    assert!(job.faults.is_empty());
}
