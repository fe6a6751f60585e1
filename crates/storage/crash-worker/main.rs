//! A worker for the crash tests: it stands still before or after the n-th thing that it asks of
//! its stores, so that the test can kill it there.
//!
//! `worker <place> work|submit <n>`; 0: it never stands still. It says `here` when it stands
//! still and `done` when it has done everything that there was.

mod elsewhere;
mod mortal;
mod place;

use std::{
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use busbar_core::{BoxFuture, Clock, Error, Result, Tenant};
use busbar_jobs::{
    Backoff, JobHandler, JobKind, Jobs, MediaType, NewJob, Output, Policy, Runner, RunnerPolicy, StopSignal,
    Work,
};
use bytes::Bytes;
use elsewhere::{Elsewhere, Stores};
use mortal::{Mortal, Steps};
use place::Place;
use serde_json::json;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [place, what, stop_at] = arguments.as_slice() else {
        return Err(Error::internal("worker <place> work|submit <n>"));
    };
    let stop_at = stop_at.parse().map_err(|_| Error::internal("<n> is a number"))?;
    // What a killed submission leaves is looked for only some time later; that time has passed.
    let behind = Duration::from_secs(if what == "submit" { 60 } else { 0 });
    let jobs = jobs(&place_of(place), stop_at, Behind(behind))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::internal("no runtime").with_source(source))?;
    runtime.block_on(async {
        match what.as_str() {
            "submit" => submit(&jobs).await?,
            // A worker that is to stand still has to come that far; the other works until killed.
            _ => runner(jobs).run(StopSignal::never()).await,
        }
        say("done")
    })
}

/// A place as its `Display` writes it.
fn place_of(text: &str) -> Place {
    let elsewhere = text.starts_with("http").then(|| text.rsplit_once('/'));
    match elsewhere.flatten() {
        Some((address, name)) => Place::Elsewhere(Elsewhere {
            address: address.to_owned(),
            name: name.to_owned(),
        }),
        None => Place::Folder(text.into()),
    }
}

fn say(word: &str) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{word}")
        .and_then(|()| out.flush())
        .map_err(|source| Error::internal("nobody listens").with_source(source))
}

fn jobs(place: &Place, stop_at: usize, clock: Behind) -> Result<Jobs> {
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let Stores { jobs, queue, files } = place.open(Arc::clone(&clock))?;
    let steps = Arc::new(Steps::until(stop_at));
    let store = Arc::new(Mortal::new(jobs, &steps));
    let queue = Arc::new(Mortal::new(queue, &steps));
    let files = Arc::new(Mortal::new(files, &steps));
    let policy = Policy {
        tries: 200,
        ..Policy::default()
    };
    Ok(Jobs::new(store, queue, files, clock, policy))
}

async fn submit(jobs: &Jobs) -> Result<()> {
    let new = NewJob {
        kind: JobKind::new("count"),
        recipe: json!({ "number": 1 }),
        inputs: Vec::new(),
        key: Some("the key".into()),
        hook: None,
        expires_in: None,
    };
    jobs.submit(&Tenant::default(), new).await.map(drop)
}

fn runner(jobs: Jobs) -> Runner {
    let policy = RunnerPolicy {
        lease: Duration::from_millis(600),
        look_every: Duration::from_millis(4),
        wait: Duration::from_millis(50),
        backoff: Backoff {
            first: Duration::from_millis(10),
            most: Duration::from_millis(50),
        },
        ..RunnerPolicy::default()
    };
    Runner::new(jobs, Arc::new(Count), policy)
}

/// Takes three steps and keeps two files.
#[derive(Debug)]
struct Count;

impl JobHandler for Count {
    fn kind(&self) -> JobKind {
        JobKind::new("count")
    }

    fn run(&self, work: Work) -> BoxFuture<'_, Result<Output>> {
        Box::pin(async move {
            for step in 0..3 {
                work.report.step(step, 3)?;
                work.report
                    .preview(Bytes::from_static(b"sketch"), MediaType::Jpeg);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let text = work.job.recipe.to_string();
            let mut output = Output::default();
            for _ in 0..2 {
                let content = Bytes::from(text.clone());
                output.artifacts.push(work.keep(content, MediaType::Json).await?);
            }
            Ok(output)
        })
    }
}

/// The system's time, or an earlier one.
#[derive(Debug)]
struct Behind(Duration);

impl Clock for Behind {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now() - self.0
    }
}
