//! Brings webhooks: takes them from their queue, signs them, hands them to whoever can send, and
//! tries again with growing pauses.
//!
//! **Invariant:** it opens no socket; sending is behind [`HookPost`].

use std::{fmt::Debug, sync::Arc, time::Duration};

use busbar_core::{BoxFuture, Result};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::{info, warn};

use crate::{
    Backoff, Delivery, HookKeys, HookSignature, Job, JobEvent, JobId, Jobs, Keyring, Milestone, QueueName,
    Receive, StopSignal, Timestamp, ids::chance, seldom::Complaints,
};

/// Sends a webhook. It makes one try, keeps to its own time limit, follows no redirect and
/// reaches no address that its operator has not allowed.
pub trait HookPost: Debug + Send + Sync + 'static {
    /// Sends it.
    ///
    /// # Errors
    /// Where no answer came: another try may help.
    fn post(&self, request: HookRequest) -> BoxFuture<'_, Result<HookAnswer>>;
}

/// A webhook to send, with what the three headers of Standard Webhooks say.
#[derive(Clone)]
pub struct HookRequest {
    /// Where to.
    pub url: String,
    /// `webhook-id`: the same at every try, so that a receiver can tell a repetition.
    pub id: String,
    /// `webhook-timestamp`, in seconds: when this try was signed.
    pub at: Timestamp,
    /// `webhook-signature`.
    pub signature: HookSignature,
    /// What is sent, as JSON.
    pub body: String,
}

impl Debug for HookRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookRequest")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What a receiver said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAnswer {
    /// It has it.
    Taken,
    /// It is no longer there and wants no more.
    Gone,
    /// It could not take it.
    Refused {
        /// When to come again at the earliest.
        retry_after: Option<Duration>,
    },
}

/// How webhooks are brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CourierPolicy {
    /// How often one is tried before it goes to the dead letters.
    pub tries: u32,
    /// The pauses between.
    pub backoff: Backoff,
    /// How long one try may take; it is this courier's for twice as long.
    pub patience: Duration,
    /// How long to wait at the queue before asking again.
    pub wait: Duration,
}

impl Default for CourierPolicy {
    fn default() -> Self {
        Self {
            tries: 12,
            backoff: Backoff {
                first: Duration::from_secs(5),
                most: Duration::from_secs(3600),
            },
            patience: Duration::from_secs(20),
            wait: Duration::from_secs(2),
        }
    }
}

/// Brings webhooks.
#[derive(Clone, Debug)]
pub struct Courier {
    jobs: Jobs,
    keys: Keyring<HookKeys>,
    post: Arc<dyn HookPost>,
    policy: CourierPolicy,
    complaints: Arc<Complaints>,
}

impl Courier {
    /// A courier that signs with these keys and sends by this port.
    pub fn new(jobs: Jobs, keys: Keyring<HookKeys>, post: Arc<dyn HookPost>, policy: CourierPolicy) -> Self {
        Self {
            jobs,
            keys,
            post,
            policy,
            complaints: Arc::default(),
        }
    }

    /// Brings webhooks until `drain` is set.
    pub async fn run(&self, drain: StopSignal) {
        const PAUSE: Duration = Duration::from_secs(1);
        while drain.stopped().is_none() {
            let Err(error) = self.bring(self.policy.wait).await else {
                continue;
            };
            if let Some(times) = self.complaints.queue.times(Instant::now()) {
                warn!(error = %error, times, "the queue of webhooks cannot be read; trying again");
            }
            tokio::select! {
                _ = drain.wait() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Brings at most ten webhooks, and says how many there were.
    ///
    /// # Errors
    /// The queue's.
    pub async fn bring(&self, wait: Duration) -> Result<usize> {
        let ask = Receive {
            most: 10,
            lease: self.policy.patience * 2,
            wait,
        };
        let queue = QueueName::webhooks();
        let deliveries = self.jobs.queue.receive(&queue, ask).await?;
        let brought = join_all(deliveries.iter().map(|delivery| self.bring_one(&queue, delivery)));
        for result in brought.await {
            // Its message comes back when its lease has run out.
            if let Err(error) = result
                && let Some(times) = self.complaints.delivery.times(Instant::now())
            {
                warn!(error = %error, times, "a webhook was left to its next delivery");
            }
        }
        Ok(deliveries.len())
    }

    /// Brings one webhook, for a host that receives by itself. Says whether its message is ended;
    /// else it comes again.
    ///
    /// # Errors
    /// The ports'.
    pub async fn bring_this(&self, delivery: &Delivery) -> Result<bool> {
        self.bring_one(&QueueName::webhooks(), delivery).await
    }

    async fn bring_one(&self, queue: &QueueName, delivery: &Delivery) -> Result<bool> {
        let end = || async { self.jobs.queue.delete(queue, &delivery.receipt).await };
        let Some((id, seq)) = read(&delivery.body) else {
            self.jobs.queue.bury(queue, delivery).await?;
            return Ok(true);
        };
        let job = self.jobs.store.load(id).await?;
        let keys = self.keys.get().await?;
        let Some(request) = job.and_then(|job| self.request(&keys, &job, seq)) else {
            // The job was removed meanwhile; there is nothing left to tell of.
            end().await?;
            return Ok(true);
        };
        let answer = tokio::time::timeout(self.policy.patience, self.post.post(request)).await;
        let retry_after = match answer {
            Ok(Ok(HookAnswer::Taken)) => {
                end().await?;
                return Ok(true);
            }
            Ok(Ok(HookAnswer::Gone)) => {
                info!(job = %id, event = seq, "the receiver of a webhook is gone");
                end().await?;
                return Ok(true);
            }
            Ok(Ok(HookAnswer::Refused { retry_after })) => retry_after,
            Ok(Err(_)) | Err(_) => None,
        };
        if delivery.receives >= self.policy.tries {
            warn!(job = %id, event = seq, tries = delivery.receives, "a webhook is given up");
            self.jobs.queue.bury(queue, delivery).await?;
            return Ok(true);
        }
        let pause = self.policy.backoff.pause(delivery.receives, chance());
        let pause = pause.max(retry_after.unwrap_or_default());
        let pause = pause.min(self.policy.backoff.most);
        self.jobs.queue.extend(queue, &delivery.receipt, pause).await?;
        Ok(false)
    }

    fn request(&self, keys: &HookKeys, job: &Job, seq: u64) -> Option<HookRequest> {
        let url = job.hook.as_ref()?.url.clone();
        let event = job.history.iter().find(|event| event.seq == seq)?;
        let id = format!("{}.{seq}", job.id);
        let body = payload(job, event).to_string();
        let at = self.jobs.now();
        let signature = keys.sign(&id, at, body.as_bytes());
        Some(HookRequest {
            url,
            id,
            at,
            signature,
            body,
        })
    }
}

/// What a queue carries for one webhook.
pub(crate) fn message(job: JobId, seq: u64) -> String {
    format!("{job} {seq}")
}

fn read(message: &str) -> Option<(JobId, u64)> {
    let (job, seq) = message.split_once(' ')?;
    Some((job.parse().ok()?, seq.parse().ok()?))
}

/// What a receiver reads: who, what, when and why. What was asked and what was made it fetches
/// by the id, with its own rights.
fn payload(job: &Job, event: &JobEvent) -> Value {
    let mut data = json!({
        "id": job.id,
        "kind": job.kind,
        "state": event.what.name(),
        "attempts": job.attempt,
        "created_at": job.created.to_string(),
    });
    if let Milestone::Failed(fault) | Milestone::Retrying(fault) = &event.what {
        data["reason"] = json!(fault.reason);
        data["code"] = json!(fault.code);
    }
    json!({
        "type": format!("{}.{}", job.kind, event.what.name()),
        "timestamp": event.at.to_string(),
        "data": data,
    })
}
