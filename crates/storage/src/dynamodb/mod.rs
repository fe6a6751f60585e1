//! Jobs, and notes that processes share, in one table of DynamoDB (docs/aws.md, "One table"): one item at a
//! time, conditions on one item.
//!
//! A write whose answer was lost is sent again; a mark of its own on each write tells whether the first one
//! was made after all.

mod item;
mod jobs;
mod list;
mod notes;

use std::time::Duration;

use busbar_core::{Error, ErrorKind, Result};
use busbar_providers::services::{Account, Refused, Service};
use bytes::Bytes;
use serde_json::Value;

use crate::retry::{Tried, failed, retry};

/// One request; a table answers within milliseconds.
const WITHIN: Duration = Duration::from_secs(5);
const CONDITION: &str = "ConditionalCheckFailedException";
const PUT: &str = "DynamoDB_20120810.PutItem";
const GET: &str = "DynamoDB_20120810.GetItem";
const DELETE: &str = "DynamoDB_20120810.DeleteItem";
const QUERY: &str = "DynamoDB_20120810.Query";
/// Where jobs, and where claims, stand in the index of what is due.
const JOBS: &str = "due#0";
const KEYS: &str = "keys#0";

/// Jobs and notes in a table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamoDb {
    service: Service,
    table: String,
}

/// What came of a write with a condition.
enum Written {
    Yes,
    /// The condition did not hold: for this item, or for none. `again`: an earlier try may have been made.
    No {
        item: Option<Value>,
        again: bool,
    },
}

impl DynamoDb {
    /// Jobs in this table of an account. Asks nobody yet.
    ///
    /// # Errors
    /// What is wrong with the region or the endpoint.
    pub fn new(account: &Account, table: impl Into<String>) -> Result<Self> {
        Ok(Self {
            service: crate::service(account, "dynamodb")?,
            table: table.into(),
        })
    }

    async fn ask(&self, operation: &'static str, body: &Value) -> Tried<Bytes, Refused> {
        let body = Bytes::from(body.to_string());
        retry(|| self.service.ask(operation, body.clone(), WITHIN)).await
    }

    async fn read(&self, operation: &'static str, body: &Value) -> Result<Value> {
        let answer = self.ask(operation, body).await.result;
        let answer = answer.map_err(|refused| unusable(refused.error))?;
        serde_json::from_slice(&answer).map_err(|source| {
            Error::new(ErrorKind::Unavailable, "the table for jobs answered nonsense")
                .with_code("storage_failed")
                .with_source(source)
        })
    }

    async fn write(&self, operation: &'static str, body: &Value) -> Result<Written> {
        let Tried { result, again } = self.ask(operation, body).await;
        match result {
            Ok(_) => Ok(Written::Yes),
            Err(refused) if refused.is(CONDITION) => {
                let said: Value = serde_json::from_slice(&refused.body).unwrap_or_default();
                let item = said.get("Item").cloned();
                Ok(Written::No { item, again })
            }
            Err(refused) => Err(unusable(refused.error)),
        }
    }
}

fn unusable(error: Error) -> Error {
    failed("the table for jobs", error)
}
