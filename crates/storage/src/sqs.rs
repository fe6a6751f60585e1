//! Queues of SQS, one for each name: where messages wait, and beside each the one where they end that nobody
//! could deal with. How often a message is handed out before it moves there is set on the queue.
//!
//! The service counts leases in whole seconds and may take a receipt whose time is over; when a lease ends is
//! therefore kept here, and the service is asked for a second rather than for a part of one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use busbar_core::{BoxFuture, Clock, Error, ErrorKind, Result};
use busbar_jobs::{Delivery, Depth, Queue, QueueName, Receipt, Receive, Timestamp};
use busbar_providers::services::{Account, Refused, Service};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    AT_ONCE,
    retry::{failed, retry},
};

const SEND: &str = "AmazonSQS.SendMessage";
const RECEIVE: &str = "AmazonSQS.ReceiveMessage";
const EXTEND: &str = "AmazonSQS.ChangeMessageVisibility";
const DELETE: &str = "AmazonSQS.DeleteMessage";
const LOOK: &str = "AmazonSQS.GetQueueAttributes";
/// What the service says of a receipt that means nothing any more.
const SPENT: &[&str] = &[
    "ReceiptHandleIsInvalid",
    "MessageNotInflight",
    "InvalidParameterValue",
];
/// One request, beside what it waits for messages.
const WITHIN: Duration = Duration::from_secs(10);
/// The service's own limits.
const LONGEST_WAIT: u64 = 20;
const LONGEST_LEASE: u64 = 12 * 3600;
const LONGEST_DELAY: u64 = 900;
/// Leases that ended longer ago are forgotten; who comes back with one is told so by the service.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// Queues whose addresses begin alike. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sqs {
    service: Service,
    /// What stands before a queue's name in its address.
    prefix: String,
    clock: Arc<dyn Clock>,
    /// When the leases end that were handed out here.
    leases: Arc<Mutex<HashMap<Receipt, Instant>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Received {
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    body: String,
    receipt_handle: String,
    #[serde(default)]
    attributes: HashMap<String, String>,
}

impl Sqs {
    /// The queues of an account whose addresses are this and their name. Asks nobody yet.
    ///
    /// # Errors
    /// What is wrong with the region or the endpoint.
    pub fn new(account: &Account, prefix: impl Into<String>, clock: Arc<dyn Clock>) -> Result<Self> {
        Ok(Self {
            service: crate::service(account, "sqs")?,
            prefix: prefix.into(),
            clock,
            leases: Arc::default(),
        })
    }

    async fn ask(
        &self,
        operation: &'static str,
        queue: &QueueName,
        mut body: Value,
    ) -> Result<Bytes, Refused> {
        body["QueueUrl"] = json!(format!("{}{queue}", self.prefix));
        let waits = body["WaitTimeSeconds"].as_u64().unwrap_or_default();
        let within = WITHIN + Duration::from_secs(waits);
        let body = Bytes::from(body.to_string());
        retry(|| self.service.ask(operation, body.clone(), within))
            .await
            .result
    }

    /// Waits for whole seconds at the service, and for the rest here.
    async fn take(&self, queue: &QueueName, ask: Receive) -> Result<Vec<Delivery>> {
        let mut left = ask.wait;
        loop {
            let seconds = left.as_secs().min(LONGEST_WAIT);
            let taken = self.take_within(queue, &ask, seconds).await?;
            left -= Duration::from_secs(seconds);
            if !taken.is_empty() || left.is_zero() {
                return Ok(taken);
            }
            if left.as_secs() == 0 {
                tokio::time::sleep(left).await;
                return self.take_within(queue, &ask, 0).await;
            }
        }
    }

    async fn take_within(&self, queue: &QueueName, ask: &Receive, seconds: u64) -> Result<Vec<Delivery>> {
        let wanted = json!({
            "MaxNumberOfMessages": ask.most.clamp(1, AT_ONCE),
            "VisibilityTimeout": whole_seconds(ask.lease, LONGEST_LEASE),
            "WaitTimeSeconds": seconds,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount", "SentTimestamp"],
        });
        let answer = self.ask(RECEIVE, queue, wanted).await.map_err(unusable)?;
        // From now: how long the service waited for the message it does not say.
        let until = self.clock.now() + ask.lease;
        let received: Received = serde_json::from_slice(&answer).map_err(nonsense)?;
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        leases.retain(|_, until| *until + REMEMBERED > now);
        let delivery = |message: Message| {
            let receipt = Receipt::new(message.receipt_handle);
            leases.insert(receipt.clone(), until);
            let number = |name: &str| {
                message
                    .attributes
                    .get(name)
                    .and_then(|text| text.parse::<u64>().ok())
            };
            let receives = number("ApproximateReceiveCount").unwrap_or(1);
            Delivery {
                receives: u32::try_from(receives).unwrap_or(u32::MAX),
                sent: Timestamp::from_millis(number("SentTimestamp").unwrap_or_default()),
                body: message.body,
                receipt,
            }
        };
        Ok(received.messages.into_iter().map(delivery).collect())
    }

    async fn keep(&self, queue: &QueueName, receipt: &Receipt, lease: Duration) -> Result<bool> {
        let now = self.clock.now();
        if self.lease(receipt).is_some_and(|until| until <= now) {
            return Ok(false);
        }
        let wanted = json!({
            "ReceiptHandle": receipt.as_str(),
            "VisibilityTimeout": whole_seconds(lease, LONGEST_LEASE),
        });
        match self.ask(EXTEND, queue, wanted).await {
            Ok(_) => {
                self.leases
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(receipt.clone(), now + lease);
                Ok(true)
            }
            Err(refused) if SPENT.iter().any(|class| refused.is(class)) => Ok(false),
            Err(refused) => Err(unusable(refused)),
        }
    }

    /// When the lease ends; `None`: it was handed out elsewhere, or long ago.
    fn lease(&self, receipt: &Receipt) -> Option<Instant> {
        let leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        leases.get(receipt).copied()
    }

    async fn end(&self, queue: &QueueName, receipt: &Receipt) -> Result<()> {
        let wanted = json!({ "ReceiptHandle": receipt.as_str() });
        match self.ask(DELETE, queue, wanted).await {
            Err(refused) if !SPENT.iter().any(|class| refused.is(class)) => return Err(unusable(refused)),
            // Ended before, or somebody else's by now: it is not ours to end.
            Ok(_) | Err(_) => {}
        }
        self.leases
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(receipt);
        Ok(())
    }

    async fn put(&self, queue: &QueueName, body: String, delay: Duration) -> Result<()> {
        let delay = whole_seconds(delay, LONGEST_DELAY);
        let wanted = json!({ "MessageBody": body, "DelaySeconds": delay });
        self.ask(SEND, queue, wanted).await.map(drop).map_err(unusable)
    }

    async fn look(&self, queue: &QueueName) -> Result<Depth> {
        const READY: &str = "ApproximateNumberOfMessages";
        const LEASED: &str = "ApproximateNumberOfMessagesNotVisible";
        const DELAYED: &str = "ApproximateNumberOfMessagesDelayed";
        let wanted = json!({ "AttributeNames": [READY, LEASED, DELAYED] });
        let answer = self.ask(LOOK, queue, wanted).await.map_err(unusable)?;
        let said: Value = serde_json::from_slice(&answer).map_err(nonsense)?;
        let number = |name| said["Attributes"][name].as_str()?.parse().ok();
        Ok(Depth {
            ready: number(READY).unwrap_or_default(),
            hidden: number(LEASED).unwrap_or_default() + number(DELAYED).unwrap_or_default(),
        })
    }
}

impl Queue for Sqs {
    fn send<'a>(&'a self, queue: &'a QueueName, body: String, delay: Duration) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.put(queue, body, delay))
    }

    fn receive<'a>(&'a self, queue: &'a QueueName, ask: Receive) -> BoxFuture<'a, Result<Vec<Delivery>>> {
        Box::pin(self.take(queue, ask))
    }

    fn extend<'a>(
        &'a self,
        queue: &'a QueueName,
        receipt: &'a Receipt,
        lease: Duration,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.keep(queue, receipt, lease))
    }

    fn delete<'a>(&'a self, queue: &'a QueueName, receipt: &'a Receipt) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.end(queue, receipt))
    }

    fn bury<'a>(&'a self, queue: &'a QueueName, delivery: &'a Delivery) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if queue.is_dead() {
                return Ok(());
            }
            self.put(&queue.dead(), delivery.body.clone(), Duration::ZERO)
                .await?;
            self.end(queue, &delivery.receipt).await
        })
    }

    fn depth<'a>(&'a self, queue: &'a QueueName) -> BoxFuture<'a, Result<Depth>> {
        Box::pin(self.look(queue))
    }
}

/// Rounded up, so that nobody else gets a message before its lease has ended here.
fn whole_seconds(time: Duration, most: u64) -> u64 {
    let more = u64::from(time.subsec_nanos() > 0);
    (time.as_secs() + more).min(most)
}

fn unusable(refused: Refused) -> Error {
    failed("the queue", refused.error)
}

fn nonsense(source: serde_json::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the queue answered nonsense")
        .with_code("storage_failed")
        .with_source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_there_is_never_shorter_than_here_and_never_longer_than_the_service_allows() {
        for (millis, seconds) in [
            (0, 0),
            (1, 1),
            (600, 1),
            (1000, 1),
            (1001, 2),
            (90_000_000, 43_200),
        ] {
            assert_eq!(
                whole_seconds(Duration::from_millis(millis), LONGEST_LEASE),
                seconds
            );
        }
    }
}
