//! Messages of queues: each is dealt with by itself, and those that come again are named in the answer, so that
//! nobody hands out the others twice.

use std::collections::HashMap;

use busbar_app::{Delivery, Hands, Receipt, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::{task::JoinSet, time::Instant};

/// A message.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: HashMap<String, String>,
    /// Who sent the event.
    #[serde(rename = "eventSource")]
    pub(crate) source: String,
    #[serde(rename = "eventSourceARN")]
    queue: String,
}

/// The messages that come again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failed {
    batch_item_failures: Vec<Item>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    item_identifier: String,
}

/// Deals with all of them at once. What is not done by `until` comes again.
pub(crate) async fn work(hands: &Hands, messages: Vec<Message>, until: Instant) -> Failed {
    let mut dealing = JoinSet::new();
    let mut again: Vec<String> = messages
        .iter()
        .map(|message| message.message_id.clone())
        .collect();
    for message in messages {
        let hands = hands.clone();
        dealing.spawn(async move {
            let (id, queue, delivery) = message.delivered();
            hands.deal(&queue, delivery, until).await.then_some(id)
        });
    }
    // One that broke is among those that come again, since it never said that it was ended.
    while let Some(ended) = dealing.join_next().await {
        if let Ok(Some(ended)) = ended {
            again.retain(|id| *id != ended);
        }
    }
    let item = |item_identifier| Item { item_identifier };
    Failed {
        batch_item_failures: again.into_iter().map(item).collect(),
    }
}

impl Message {
    /// Its name, its queue's, and what is in it.
    fn delivered(self) -> (String, String, Delivery) {
        let number = |name: &str| {
            self.attributes
                .get(name)
                .and_then(|text| text.parse::<u64>().ok())
        };
        let receives = number("ApproximateReceiveCount").unwrap_or(1);
        let queue = self.queue.rsplit(':').next().unwrap_or_default().to_owned();
        let delivery = Delivery {
            receives: u32::try_from(receives).unwrap_or(u32::MAX),
            sent: Timestamp::from_millis(number("SentTimestamp").unwrap_or_default()),
            receipt: Receipt::new(self.receipt_handle),
            body: self.body,
        };
        (self.message_id, queue, delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_delivery_of_the_queue_that_its_name_ends_with() {
        let message = Message {
            message_id: "m".into(),
            receipt_handle: "r".into(),
            body: "b".into(),
            attributes: HashMap::from([
                ("ApproximateReceiveCount".to_owned(), "3".to_owned()),
                ("SentTimestamp".to_owned(), "1700000000000".to_owned()),
            ]),
            source: "aws:sqs".into(),
            queue: "arn:aws:sqs:eu-west-1:1:busbar-jobs-image".into(),
        };
        let (id, queue, delivery) = message.delivered();
        assert_eq!((&*id, &*queue), ("m", "busbar-jobs-image"));
        assert_eq!((delivery.receives, delivery.sent.seconds()), (3, 1_700_000_000));
        assert_eq!(delivery.receipt.as_str(), "r");
    }

    #[test]
    fn failures_are_named_as_the_service_wants_them() {
        let failed = Failed {
            batch_item_failures: vec![Item {
                item_identifier: "m".into(),
            }],
        };
        let text = serde_json::to_string(&failed).unwrap();
        assert_eq!(text, r#"{"batchItemFailures":[{"itemIdentifier":"m"}]}"#);
    }
}
