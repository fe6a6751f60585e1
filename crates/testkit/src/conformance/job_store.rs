//! The contract of [`JobStore`]. Each check panics with a sentence when it is broken.
#![expect(clippy::panic, reason = "a suite of assertions: it runs inside tests only")]

use std::{sync::Arc, time::Duration};

use busbar_core::{Error, Tenant};
use busbar_jobs::{
    Cursor, Filter, Hook, Ids, Job, JobEvent, JobId, JobKind, JobState, JobStore, KeyClaim, Listing,
    Milestone, Output, Phase, Timestamp,
};
use futures_util::future::join_all;
use serde_json::json;

use super::done;
use crate::TestClock;

const LEASE: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Runs every check. Jobs that are there already are left alone: each check has tenants and kinds
/// of its own, but for what is due, which is asked of the whole store.
pub async fn all(store: &Arc<dyn JobStore>) {
    let bench = Bench::new(Arc::clone(store));
    what_is_inserted_is_loaded_as_it_was(&bench).await;
    an_unknown_job_is_none(&bench).await;
    a_job_is_inserted_once(&bench).await;
    a_version_is_written_over_only_by_who_read_it(&bench).await;
    of_many_writers_at_once_one_wins(&bench).await;
    a_removed_job_is_gone_for_good(&bench).await;
    one_of_many_claims_holds(&bench).await;
    keys_of_tenants_do_not_mix(&bench).await;
    a_released_key_is_free_and_anothers_is_not_released(&bench).await;
    a_key_ends_with_its_time(&bench).await;
    pages_hold_every_job_once_and_the_newest_first(&bench).await;
    lists_keep_to_their_filter(&bench).await;
    a_foreign_cursor_is_refused(&bench).await;
    those_ahead_are_counted_up_to_a_limit(&bench).await;
    what_is_due_comes_in_its_order_and_in_batches(&bench).await;
}

/// What the checks work with.
#[derive(Debug)]
pub struct Bench {
    store: Arc<dyn JobStore>,
    clock: Arc<TestClock>,
    ids: Ids,
}

impl Bench {
    /// A bench for a store.
    pub fn new(store: Arc<dyn JobStore>) -> Self {
        let clock = Arc::new(TestClock::new());
        Self {
            store,
            ids: Ids::new(Arc::<TestClock>::clone(&clock)),
            clock,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from(busbar_core::Clock::wall(&*self.clock))
    }

    fn job(&self, tenant: &str, kind: &str) -> Job {
        let now = self.now();
        Job {
            id: self.ids.job(),
            tenant: Tenant::new(tenant),
            kind: JobKind::new(kind),
            recipe: json!({ "prompt": "ein „roter“ Apfel\n", "n": 1.5, "none": null }),
            inputs: Vec::new(),
            key: Some("k".into()),
            hook: Some(Hook {
                url: "https://receiver.example/hook".into(),
                events: Vec::new(),
            }),
            created: now,
            expires: now + DAY,
            keep_ms: 1000,
            tries: 3,
            state: JobState::Queued,
            attempt: 0,
            faults: Vec::new(),
            started: None,
            finished: None,
            history: vec![JobEvent {
                seq: 1,
                at: now,
                what: Milestone::Queued,
            }],
            announced: true,
            hooked: 1,
            notice: true,
            not_before: Timestamp::default(),
            changed: now,
            version: 1,
        }
    }

    async fn insert(&self, job: &Job) -> bool {
        done(self.store.insert(job).await, "insert")
    }

    async fn load(&self, id: JobId) -> Option<Job> {
        done(self.store.load(id).await, "load")
    }

    async fn replace(&self, job: &Job, was: u64) -> bool {
        done(self.store.replace(job, was).await, "replace")
    }

    async fn claim(&self, claim: &KeyClaim, now: Timestamp) -> KeyClaim {
        done(self.store.claim(claim.clone(), now).await, "claim")
    }

    fn new_claim(&self, tenant: &str, key: &str) -> KeyClaim {
        KeyClaim {
            tenant: Tenant::new(tenant),
            key: key.into(),
            fingerprint: format!("print of {key}"),
            job: self.ids.job(),
            until: self.now() + DAY,
        }
    }

    /// Every job of a list, page after page.
    async fn listed(&self, filter: &Filter, limit: usize) -> Vec<JobId> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let listing = Listing {
                filter: filter.clone(),
                after,
                limit,
            };
            let page = done(self.store.list(listing).await, "list");
            assert!(page.jobs.len() <= limit, "a page holds more than was asked for");
            found.extend(page.jobs.iter().map(|job| job.id));
            let Some(next) = page.next else { return found };
            after = Some(Cursor::from_client(&next.to_string()));
        }
    }
}

fn taken(job: &Job, now: Timestamp) -> Job {
    must(job.take(now, LEASE))
}

fn must<E: std::fmt::Debug>(next: Result<Job, E>) -> Job {
    match next {
        Ok(job) => job,
        Err(refused) => panic!("a rule refused what the check is made of: {refused:?}"),
    }
}

/// In every state, with everything that can be in it.
pub async fn what_is_inserted_is_loaded_as_it_was(bench: &Bench) {
    let (now, error) = (bench.now(), Error::internal("broken").with_code("worker_broke"));
    let queued = bench.job("whole", "whole");
    let running = taken(&queued, now);
    let again = must(running.fail(1, now, &error));
    let stopping = must(taken(&again, now).cancel(now));
    let output = Output {
        artifacts: Vec::new(),
        detail: json!({ "seed": 7 }),
    };
    let states = [
        must(running.succeed(1, now, output)),
        must(running.fail(1, now, &Error::invalid("prompt", "no"))),
        must(queued.cancel(now)),
        must(queued.expire(None, now + DAY)),
        queued,
        running,
        again,
        stopping,
    ];
    for state in states {
        let job = Job {
            id: bench.ids.job(),
            ..state
        };
        assert!(bench.insert(&job).await, "a new job was not inserted");
        assert_eq!(
            bench.load(job.id).await.as_ref(),
            Some(&job),
            "a job came back changed"
        );
    }
}

/// What is not there is not there.
pub async fn an_unknown_job_is_none(bench: &Bench) {
    let job = bench.job("unknown", "unknown");
    assert_eq!(
        bench.load(job.id).await,
        None,
        "a job that nobody inserted was loaded"
    );
    assert!(
        !bench.replace(&job, 1).await,
        "a job that is not there was replaced"
    );
    let removed = done(bench.store.remove(job.id, 1).await, "remove");
    assert!(!removed, "a job that is not there was removed");
}

/// The first stays.
pub async fn a_job_is_inserted_once(bench: &Bench) {
    let job = bench.job("once", "once");
    assert!(bench.insert(&job).await, "a new job was not inserted");
    let other = Job {
        recipe: json!("another"),
        ..job.clone()
    };
    assert!(!bench.insert(&other).await, "a job was inserted over another");
    assert_eq!(bench.load(job.id).await, Some(job), "the first job did not stay");
}

/// Compare and swap.
pub async fn a_version_is_written_over_only_by_who_read_it(bench: &Bench) {
    let first = bench.job("swap", "swap");
    bench.insert(&first).await;
    let second = taken(&first, bench.now());
    assert!(
        bench.replace(&second, first.version).await,
        "the version that was read was not replaced"
    );
    let late = must(first.cancel(bench.now()));
    assert!(
        !bench.replace(&late, first.version).await,
        "a version nobody has was replaced"
    );
    assert_eq!(
        bench.load(first.id).await,
        Some(second),
        "a late write came through"
    );
}

/// Also when they write at the same moment.
pub async fn of_many_writers_at_once_one_wins(bench: &Bench) {
    let first = bench.job("race", "race");
    bench.insert(&first).await;
    let now = bench.now();
    let writers = (0..8).map(|number| {
        let mut next = taken(&first, now);
        next.recipe = json!(number);
        async move { bench.replace(&next, 1).await.then_some(next) }
    });
    let won: Vec<Job> = join_all(writers).await.into_iter().flatten().collect();
    assert_eq!(won.len(), 1, "{} of 8 writers won", won.len());
    assert_eq!(
        bench.load(first.id).await.as_ref(),
        won.first(),
        "the winner's job is not there"
    );
}

/// Removal needs the version too.
pub async fn a_removed_job_is_gone_for_good(bench: &Bench) {
    let job = bench.job("remove", "remove");
    bench.insert(&job).await;
    let remove = |was| async move { done(bench.store.remove(job.id, was).await, "remove") };
    assert!(!remove(2).await, "a version nobody has was removed");
    assert!(remove(1).await, "the job was not removed");
    assert!(
        !bench.replace(&bench.job("remove", "remove"), 1).await,
        "a removed job came back"
    );
    assert_eq!(bench.load(job.id).await, None, "a removed job was loaded");
}

/// Everybody learns which job a key means, and it is one.
pub async fn one_of_many_claims_holds(bench: &Bench) {
    let now = bench.now();
    let claims: Vec<KeyClaim> = (0..8).map(|_| bench.new_claim("claims", "k")).collect();
    let answers = join_all(claims.iter().map(|claim| bench.claim(claim, now))).await;
    assert!(claims.contains(&answers[0]), "a claim holds that nobody made");
    assert!(
        answers.iter().all(|holds| *holds == answers[0]),
        "a key means several jobs"
    );
}

/// One tenant's key says nothing to another.
pub async fn keys_of_tenants_do_not_mix(bench: &Bench) {
    let (one, other) = (bench.new_claim("one", "k"), bench.new_claim("other", "k"));
    assert_eq!(
        bench.claim(&one, bench.now()).await,
        one,
        "a free key was not free"
    );
    assert_eq!(
        bench.claim(&other, bench.now()).await,
        other,
        "another tenant's key was in the way"
    );
}

/// A key is released for the job that it means, and for no other.
pub async fn a_released_key_is_free_and_anothers_is_not_released(bench: &Bench) {
    let (first, second) = (bench.new_claim("release", "k"), bench.new_claim("release", "k"));
    bench.claim(&first, bench.now()).await;
    let release = |job| done_release(bench, &first.tenant, job);
    release(second.job).await;
    assert_eq!(
        bench.claim(&second, bench.now()).await,
        first,
        "a key was released for another job"
    );
    release(first.job).await;
    assert_eq!(
        bench.claim(&second, bench.now()).await,
        second,
        "a released key was not free"
    );
}

async fn done_release(bench: &Bench, tenant: &Tenant, job: JobId) {
    done(bench.store.release(tenant, "k", job).await, "release");
}

/// Past its time a key is free, and forgotten when somebody asks for it.
pub async fn a_key_ends_with_its_time(bench: &Bench) {
    let (first, second) = (bench.new_claim("ends", "k"), bench.new_claim("ends", "k"));
    bench.claim(&first, bench.now()).await;
    assert_eq!(
        bench.claim(&second, first.until).await,
        second,
        "a key outlived its time"
    );
    let forgotten = done(bench.store.forget(second.until, 1).await, "forget");
    assert_eq!(forgotten, 1, "a batch of one forgot {forgotten}");
    while done(bench.store.forget(second.until, 100).await, "forget") > 0 {}
    let third = bench.new_claim("ends", "k");
    assert_eq!(
        bench.claim(&third, bench.now()).await,
        third,
        "a forgotten key still meant something"
    );
}

/// Paging neither repeats nor skips, also while jobs come in.
pub async fn pages_hold_every_job_once_and_the_newest_first(bench: &Bench) {
    let mut expected = Vec::new();
    for _ in 0..11 {
        let job = bench.job("pages", "pages");
        bench.insert(&job).await;
        expected.insert(0, job.id);
    }
    for limit in [1, 3, 11, 100] {
        let found = bench.listed(&filter("pages", None, None), limit).await;
        assert_eq!(
            found, expected,
            "pages of {limit} do not hold every job once, newest first"
        );
    }
    let first = Listing {
        filter: filter("pages", None, None),
        after: None,
        limit: 5,
    };
    let page = done(bench.store.list(first).await, "list");
    let Some(next) = page.next else {
        panic!("eleven jobs fit into a page of five")
    };
    bench.insert(&bench.job("pages", "pages")).await;
    let rest = Listing {
        filter: filter("pages", None, None),
        after: Some(next),
        limit: 100,
    };
    let rest = done(bench.store.list(rest).await, "list");
    let seen: Vec<JobId> = page.jobs.iter().chain(&rest.jobs).map(|job| job.id).collect();
    assert_eq!(seen, expected, "a job that came in moved the pages");
}

fn filter(tenant: &str, phase: Option<Phase>, kind: Option<&str>) -> Filter {
    Filter {
        tenant: Tenant::new(tenant),
        phase,
        kind: kind.map(JobKind::new),
    }
}

/// By tenant, state and kind, alone and together.
pub async fn lists_keep_to_their_filter(bench: &Bench) {
    let now = bench.now();
    let waiting = bench.job("filter", "image");
    let running = taken(&bench.job("filter", "image"), now);
    let stopped = must(bench.job("filter", "batch").cancel(now));
    let foreign = bench.job("another", "image");
    for job in [&waiting, &running, &stopped, &foreign] {
        bench.insert(job).await;
    }
    let check = |phase, kind, expected: Vec<JobId>| async move {
        let found = bench.listed(&filter("filter", phase, kind), 2).await;
        assert_eq!(found, expected, "the list of {phase:?} and {kind:?} is wrong");
    };
    check(None, None, vec![stopped.id, running.id, waiting.id]).await;
    check(None, Some("image"), vec![running.id, waiting.id]).await;
    check(Some(Phase::Queued), None, vec![waiting.id]).await;
    check(Some(Phase::Cancelled), Some("batch"), vec![stopped.id]).await;
    check(Some(Phase::Failed), None, vec![]).await;
}

/// Clients send strange things.
pub async fn a_foreign_cursor_is_refused(bench: &Bench) {
    for text in ["", "x", "'; DROP TABLE jobs", "bm90IGEgam9i"] {
        let listing = Listing {
            filter: filter("cursor", None, None),
            after: Some(Cursor::from_client(text)),
            limit: 1,
        };
        let refused = bench.store.list(listing).await;
        let field = refused.err().and_then(|error| error.param().map(str::to_owned));
        assert_eq!(field.as_deref(), Some("cursor"), "the cursor `{text}` was taken");
    }
}

/// Only those that wait, of the same kind, whoever's they are.
pub async fn those_ahead_are_counted_up_to_a_limit(bench: &Bench) {
    for tenant in ["ahead", "ahead", "somebody"] {
        bench.insert(&bench.job(tenant, "ahead")).await;
    }
    bench
        .insert(&taken(&bench.job("ahead", "ahead"), bench.now()))
        .await;
    bench.insert(&bench.job("ahead", "else")).await;
    let mine = bench.job("ahead", "ahead");
    bench.insert(&mine).await;
    bench.insert(&bench.job("ahead", "ahead")).await;
    let ahead = |most| async move { done(bench.store.ahead(&mine, most).await, "ahead") };
    let mine_all = ahead.clone();
    assert_eq!(mine_all(100).await, 3, "those ahead were counted wrong");
    assert_eq!(ahead(2).await, 2, "the limit was not kept");
}

/// The sweep finds what is due, by batches, and what it has dealt with is not due any more.
pub async fn what_is_due_comes_in_its_order_and_in_batches(bench: &Bench) {
    let mut expected = Vec::new();
    for _ in 0..5 {
        bench.clock.advance(Duration::from_secs(1));
        let job = bench.job("due", "due");
        bench.insert(&job).await;
        expected.push(job.id);
    }
    let later = bench.now() + DAY;
    let mine = |jobs: Vec<Job>| -> Vec<JobId> {
        let mine = jobs.into_iter().filter(|job| job.tenant == Tenant::new("due"));
        mine.map(|job| job.id).collect()
    };
    let none = done(bench.store.due(bench.now(), 1000).await, "due");
    assert!(mine(none).is_empty(), "a job was due before its time");
    let batch = done(bench.store.due(later, 2).await, "due");
    assert!(batch.len() <= 2, "a batch of two held {}", batch.len());
    let all = done(bench.store.due(later, 1000).await, "due");
    assert!(all.is_sorted_by_key(Job::due), "what is due is out of order");
    assert_eq!(mine(all), expected, "not everything that is due was found");
    for id in &expected {
        let Some(job) = bench.load(*id).await else {
            panic!("a job is gone")
        };
        let next = must(job.expire(None, later));
        assert!(bench.replace(&next, job.version).await, "nobody else has it");
    }
    let rest = done(bench.store.due(later, 1000).await, "due");
    assert!(mine(rest).is_empty(), "what was dealt with is still due");
}
