//! Pictures as jobs in this process: where they are recorded, who makes them, who tidies up.
//!
//! Several processes may do the same on one data directory: each takes jobs that no other has.

mod codec;
#[cfg(feature = "image")]
mod deferred;
mod exif;
mod hands;
mod keys;
mod load;
mod measured;
mod plan;
pub(crate) mod stores;
mod webhooks;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use busbar_config::{Config, Storage};
use busbar_core::{BoxFuture, Clock, Error, ImageModel, ModelId, Pixels, Readiness, Result, Roster};
use busbar_egress::Rules;
use busbar_jobs::{
    Courier, CourierPolicy, JobKind, Jobs, Notices, Policy, QueueName, Runner, RunnerPolicy, Stop,
    StopSignal, Stopper, endpoint::EndpointJobs, image::ImageJobs,
};
use busbar_providers::services::Distribution;
use busbar_server::Pictures;
use busbar_telemetry::Metrics;
use bytes::Bytes;
use tokio::task::JoinSet;

pub(crate) use codec::{Codec, broke};
pub use hands::Hands;
pub(crate) use load::load;
use measured::Measured;
pub use plan::{ImageFiles, ImagePlan};

/// The folder of the data directory that jobs have for themselves.
const FOLDER: &str = "jobs";
/// Where the jobs of a data directory are.
pub(crate) fn folder(home: &Path) -> PathBuf {
    home.join(FOLDER)
}

/// What a studio is told when it opens.
#[derive(Clone, Debug)]
pub(crate) struct StudioSettings {
    /// Where jobs are kept.
    pub(crate) storage: Storage,
    /// Who hands out files that lie in a bucket; `None`: the bucket.
    pub(crate) distribution: Option<Distribution>,
    /// What holds for every job.
    pub(crate) policy: Policy,
    /// How long the address of a picture opens it at most.
    pub(crate) url_lifetime: Duration,
    /// How often what nobody works on is looked through.
    pub(crate) sweep_every: Duration,
    /// Where webhooks may be sent.
    pub(crate) webhooks: Rules,
    /// How this process works; `None`: it leaves the work to others.
    pub(crate) work: Option<RunnerPolicy>,
    /// How it answers what is answered later, whoever makes its pictures.
    pub(crate) answer: RunnerPolicy,
    /// Says where it is looked for that an answer will not come; `None`: none comes later.
    pub(crate) notices: Option<Arc<dyn Notices>>,
    /// Whether work is brought here, so that nothing is looked for.
    pub(crate) by_event: bool,
}

impl StudioSettings {
    /// As the configuration has it, for a process that works.
    pub(crate) fn new(config: &Config) -> Self {
        let jobs = &config.jobs;
        let work = RunnerPolicy {
            concurrency: jobs.workers,
            lease: jobs.lease,
            // What is not done by then is given back.
            finish_within: config.server.drain_timeout,
            ..RunnerPolicy::default()
        };
        Self {
            storage: config.storage.clone(),
            distribution: None,
            policy: Policy {
                expires_in: jobs.expires_in,
                keep: jobs.keep,
                tries: jobs.tries,
                ..Policy::default()
            },
            url_lifetime: config.images.url_lifetime,
            sweep_every: jobs.sweep_every,
            webhooks: Rules {
                public: config.fetch.public,
                allow: config.fetch.allow.clone(),
            },
            work: Some(work),
            answer: work,
            notices: None,
            by_event: false,
        }
    }
}

/// The pixels of a picture's file, upright.
pub(crate) fn decode(file: Bytes) -> BoxFuture<'static, Result<Pixels>> {
    codec::pixels(file)
}

/// Makes pictures until it is stopped.
#[derive(Debug)]
pub(crate) struct Studio {
    pictures: Pictures,
    answer: RunnerPolicy,
    by_event: bool,
    hands: Hands,
    stopper: Stopper,
    stop: StopSignal,
    working: JoinSet<()>,
}

impl Studio {
    /// Opens the jobs under the data directory, and begins to work on them as soon as a model is
    /// there that makes pictures, where that is this process's work.
    ///
    /// # Errors
    /// Where they cannot be recorded there.
    pub(crate) async fn open(
        settings: StudioSettings,
        roster: &Roster,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        let folder = folder(&settings.storage.home);
        let (policy, of_records) = (settings.policy, clock.clone());
        // Queues elsewhere are there by name: one for answers that come later only where some do.
        let later = settings.storage.queues.is_none() || settings.notices.is_some();
        let later = later.then(EndpointJobs::kind);
        let kinds: Vec<JobKind> = std::iter::once(ImageJobs::kind()).chain(later).collect();
        let opening = tokio::task::spawn_blocking(move || {
            // First: it makes the folder.
            let (jobs, from) = stores::open(&settings.storage, settings.distribution, of_records, policy)?;
            // Whoever shares jobs shares what signs for them.
            let (of_addresses, of_webhooks) = (folder.join("url-keys"), folder.join("webhook-secrets"));
            let (keys, secrets) = match stores::notes(&settings.storage)? {
                Some(notes) => (
                    keys::addresses_among(&notes, &of_addresses),
                    keys::webhooks_among(&notes, &of_webhooks),
                ),
                None => (
                    keys::of_addresses(&of_addresses)?.into(),
                    keys::of_webhooks(&of_webhooks)?.into(),
                ),
            };
            Ok::<_, Error>((jobs, from, keys, secrets))
        });
        let (jobs, from, keys, secrets) = opening.await.map_err(broke)??;
        let jobs = jobs.with_notices(settings.notices);
        let (stopper, stop) = Stopper::new();
        let webhooks = settings.webhooks.allow_something();
        let hands = Hands {
            runner: settings.work.map(|policy| {
                let find = find(roster.clone(), clock, metrics.clone());
                runner(jobs.clone(), find, policy)
            }),
            courier: webhooks.then(|| {
                let post = Arc::new(webhooks::Post::new(settings.webhooks));
                Courier::new(jobs.clone(), secrets, post, CourierPolicy::default())
            }),
            answers: None,
            jobs: jobs.clone(),
            keep: settings.policy.keep,
            kinds,
        };
        let mut working = JoinSet::new();
        if !settings.by_event {
            if let Some(runner) = hands.runner.clone() {
                working.spawn(work(runner, roster.clone(), paints, stop.clone()));
            }
            if let Some(courier) = hands.courier.clone() {
                let stop = stop.clone();
                working.spawn(async move { courier.run(stop).await });
            }
            working.spawn(count(hands.clone(), metrics, stop.clone()));
            working.spawn(sweep(hands.clone(), settings.sweep_every, stop.clone()));
        }
        let pictures = Pictures {
            jobs,
            keys,
            from,
            valid_for: settings.url_lifetime,
            webhooks,
        };
        Ok(Self {
            pictures,
            answer: settings.answer,
            by_event: settings.by_event,
            hands,
            stopper,
            stop,
            working,
        })
    }

    /// Does what is brought from outside.
    pub(crate) fn hands(&self) -> Hands {
        self.hands.clone()
    }

    /// Answers requests whose answers come later, once all models are there.
    pub(crate) fn answer_later(&mut self, endpoints: EndpointJobs, roster: &Roster) {
        let runner = Runner::new(self.pictures.jobs.clone(), Arc::new(endpoints), self.answer);
        if self.by_event {
            self.hands.answers = Some(runner);
            return;
        }
        self.working
            .spawn(work(runner, roster.clone(), |_| true, self.stop.clone()));
    }

    /// What a server needs to offer them.
    pub(crate) fn pictures(&self) -> Pictures {
        self.pictures.clone()
    }

    /// Takes no more jobs; those that run may go on for a while.
    pub(crate) fn stop(&self) {
        self.stopper.stop(Stop::Draining);
    }

    /// Waits until every job is done or given back.
    pub(crate) async fn ended(mut self) {
        self.stop();
        while self.working.join_next().await.is_some() {}
    }
}

type Find = dyn Fn(&ModelId) -> Option<Arc<dyn ImageModel>> + Send + Sync;

/// Models by the names that clients use; what they do is counted.
fn find(roster: Roster, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Box<Find> {
    Box::new(move |id| {
        let (card, model) = roster.image(id.as_str()).ok()?;
        let measured = Measured::new(card.id.as_str(), model, metrics.clone(), clock.clone());
        Some(Arc::new(measured) as Arc<dyn ImageModel>)
    })
}

fn runner(jobs: Jobs, find: Box<Find>, policy: RunnerPolicy) -> Runner {
    let codec = Arc::new(Codec);
    let handler = ImageJobs::new(find, codec.clone());
    Runner::new(jobs, Arc::new(handler), policy).with_thumbnails(codec)
}

/// Whether there is a model that makes pictures.
fn paints(roster: &Roster) -> bool {
    roster.models().iter().any(|model| model.image.is_some())
}

/// Works once all models are there: a job from before must not fail because its model is the last
/// to be loaded. Without any that does this work, jobs are left to those who have one.
async fn work(runner: Runner, roster: Roster, has_work: fn(&Roster) -> bool, stop: StopSignal) {
    const LOOK_EVERY: Duration = Duration::from_millis(500);
    let can_work = || {
        let loaded = !matches!(roster.readiness(), Readiness::Loading);
        loaded && has_work(&roster)
    };
    while !can_work() {
        tokio::select! {
            _ = stop.wait() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    runner.run(stop).await;
}

/// Ends what is past its time, takes jobs from lost workers, removes what was kept long enough.
async fn sweep(hands: Hands, every: Duration, stop: StopSignal) {
    while stop.stopped().is_none() {
        hands.sweep(&stop).await;
        tokio::select! {
            _ = stop.wait() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Counts those that wait now and then, so that a scrape need not ask the disk.
async fn count(hands: Hands, metrics: Arc<Metrics>, stop: StopSignal) {
    const EVERY: Duration = Duration::from_secs(5);
    let mut queues: Vec<QueueName> = hands.kinds.iter().map(QueueName::of).collect();
    queues.push(QueueName::webhooks());
    while stop.stopped().is_none() {
        for queue in &queues {
            // Where the disk fails, those who work on it say so.
            if let Ok(depth) = hands.jobs.queue().depth(queue).await {
                metrics.jobs_queued(queue.as_str(), depth.ready, depth.hidden);
            }
        }
        tokio::select! {
            _ = stop.wait() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests;
