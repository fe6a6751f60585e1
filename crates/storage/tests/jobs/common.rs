//! What tests of the runner are set in: stores in memory, a clock that stands still, a handler
//! that does what the test says.

use std::{fmt, sync::Arc, time::Duration};

use busbar_core::{BoxFuture, Result, Tenant};
use busbar_jobs::{
    Cancelled, Delivery, Hook, Job, JobHandler, JobKind, Jobs, NewJob, Notices, Output, Phase, Policy,
    QueueName, Receive, Runner, RunnerPolicy, Submitted, Work,
};
use busbar_storage::{
    Files,
    memory::{MemoryQueue, MemoryStore},
};
use busbar_testkit::TestClock;
use serde_json::{Value, json};

/// Longer than any pause between two tries, shorter than a job's time.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) struct Scene {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) jobs: Jobs,
    pub(crate) runner: Runner,
}

type Does = dyn Fn(Work) -> BoxFuture<'static, Result<Output>> + Send + Sync;

struct Told(Box<Does>);

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl JobHandler for Told {
    fn kind(&self) -> JobKind {
        JobKind::new("test")
    }

    fn run(&self, work: Work) -> BoxFuture<'_, Result<Output>> {
        (self.0)(work)
    }
}

pub(crate) fn recipe(prompt: &str) -> Value {
    json!({ "prompt": prompt })
}

impl Scene {
    pub(crate) fn new<F>(does: impl Fn(Work) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Output>> + Send + 'static,
    {
        Self::with(Arc::new(Told(Box::new(move |work| Box::pin(does(work))))))
    }

    pub(crate) fn with(handler: Arc<dyn JobHandler>) -> Self {
        Self::telling(handler, None)
    }

    /// Jobs that give notice where they come to nothing.
    pub(crate) fn telling(handler: Arc<dyn JobHandler>, notices: Option<Arc<dyn Notices>>) -> Self {
        let clock = Arc::new(TestClock::new());
        let queue = MemoryQueue::new(Arc::<TestClock>::clone(&clock), 100);
        let policy = Policy {
            tries: 3,
            ..Policy::default()
        };
        let jobs = Jobs::new(
            Arc::new(MemoryStore::new()),
            Arc::new(queue),
            Arc::new(Files::in_memory()),
            Arc::<TestClock>::clone(&clock),
            policy,
        )
        .with_notices(notices);
        let policy = RunnerPolicy {
            look_every: Duration::from_millis(1),
            wait: Duration::from_millis(1),
            finish_within: Duration::from_millis(1),
            ..RunnerPolicy::default()
        };
        let runner = Runner::new(jobs.clone(), handler, policy);
        Self { clock, jobs, runner }
    }

    pub(crate) async fn submit(&self, key: Option<&str>) -> Job {
        self.submit_with(key, None).await
    }

    pub(crate) async fn submit_with(&self, key: Option<&str>, hook: Option<Hook>) -> Job {
        let new = NewJob {
            key: key.map(Into::into),
            hook,
            ..new_job(recipe("a"))
        };
        self.jobs.submit(&Tenant::default(), new).await.unwrap().job
    }

    pub(crate) async fn try_submit(&self, tenant: &str, key: &str, recipe: Value) -> Result<Submitted> {
        let new = NewJob {
            key: Some(key.into()),
            ..new_job(recipe)
        };
        self.jobs.submit(&Tenant::new(tenant), new).await
    }

    pub(crate) async fn run(&self) -> usize {
        self.runner.run_ready().await.unwrap()
    }

    pub(crate) async fn get(&self, job: &Job) -> Job {
        self.jobs.get(&job.tenant, job.id).await.unwrap()
    }

    pub(crate) async fn cancel(&self, job: &Job) -> Cancelled {
        self.jobs.cancel(&job.tenant, job.id).await.unwrap()
    }

    pub(crate) async fn becomes(&self, job: &Job, phase: Phase) -> Job {
        self.until(job, |job| job.phase() == phase).await
    }

    pub(crate) async fn until(&self, job: &Job, is_so: impl Fn(&Job) -> bool) -> Job {
        const PATIENCE: Duration = Duration::from_secs(60);
        let looking = async {
            loop {
                let latest = self.get(job).await;
                if is_so(&latest) {
                    return latest;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.unwrap()
    }

    pub(crate) async fn take(&self, queue: &QueueName) -> Delivery {
        let ask = Receive {
            most: 1,
            lease: Duration::from_secs(60),
            wait: Duration::ZERO,
        };
        self.jobs.queue().receive(queue, ask).await.unwrap().remove(0)
    }

    async fn depth(&self, queue: &QueueName) -> u64 {
        let depth = self.jobs.queue().depth(queue).await.unwrap();
        depth.ready + depth.hidden
    }

    pub(crate) async fn messages(&self) -> u64 {
        self.depth(&QueueName::of(&JobKind::new("test"))).await
    }

    pub(crate) async fn dead(&self) -> u64 {
        self.depth(&QueueName::of(&JobKind::new("test")).dead()).await
    }
}

fn new_job(recipe: Value) -> NewJob {
    NewJob {
        kind: JobKind::new("test"),
        recipe,
        inputs: vec![],
        key: None,
        hook: None,
        expires_in: None,
    }
}
