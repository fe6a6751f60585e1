//! The port of jobs, call by call.

use std::time::Duration;

use busbar_core::{BoxFuture, Error, ErrorKind, Result, Tenant};
use busbar_jobs::{Job, JobId, JobStore, KeyClaim, Listing, Page, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    DELETE, DynamoDb, GET, JOBS, KEYS, PUT, QUERY, Written,
    item::{self, number, text},
};

impl DynamoDb {
    async fn put_job(&self, job: &Job, condition: &str, values: Value) -> Result<bool> {
        let mark = Uuid::new_v4().to_string();
        let mut body = json!({
            "TableName": self.table,
            "Item": item::of_job(job, &mark)?,
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        if condition.contains('#') {
            body["ExpressionAttributeNames"] = json!({ "#version": "version" });
            body["ExpressionAttributeValues"] = values;
        }
        match self.write(PUT, &body).await? {
            Written::Yes => Ok(true),
            // Ours after all: the answer to an earlier try was lost.
            Written::No { item, again } => {
                Ok(again && item.is_some_and(|item| text(&item, "mark") == Some(mark.as_str())))
            }
        }
    }

    async fn put_claim(&self, claim: KeyClaim, now: Timestamp) -> Result<KeyClaim> {
        const TRIES: usize = 4;
        let body = json!({
            "TableName": self.table,
            "Item": item::of_claim(&claim),
            "ConditionExpression": "attribute_not_exists(pk) OR #until <= :now",
            "ExpressionAttributeNames": { "#until": "until" },
            "ExpressionAttributeValues": { ":now": number(now) },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        for _ in 0..TRIES {
            match self.write(PUT, &body).await? {
                Written::Yes => return Ok(claim),
                // Perhaps our own, made by an earlier try: it says the same then.
                Written::No { item: Some(item), .. } => return item::claim(&item, claim),
                // It was removed meanwhile, so the key is free.
                Written::No { item: None, .. } => {}
            }
        }
        let retry_after = Duration::from_millis(100);
        Err(Error::new(
            ErrorKind::Overloaded { retry_after },
            "a key was claimed and given back again and again",
        ))
    }
}

impl JobStore for DynamoDb {
    fn claim(&self, claim: KeyClaim, now: Timestamp) -> BoxFuture<'_, Result<KeyClaim>> {
        Box::pin(self.put_claim(claim, now))
    }

    fn release<'a>(&'a self, tenant: &'a Tenant, key: &'a str, job: JobId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let body = json!({
                "TableName": self.table,
                "Key": item::key_of_claim(tenant, key),
                "ConditionExpression": "job = :job",
                "ExpressionAttributeValues": { ":job": { "S": job.to_string() } },
            });
            self.write(DELETE, &body).await.map(drop)
        })
    }

    /// The table's own time to live does the same, some hours later.
    fn forget(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<usize>> {
        Box::pin(async move {
            let mut forgotten = 0;
            for claim in self.longest_due(KEYS, now, limit).await? {
                let body = json!({
                    "TableName": self.table,
                    "Key": { "pk": claim["pk"], "sk": claim["sk"] },
                    "ConditionExpression": "#until <= :now",
                    "ExpressionAttributeNames": { "#until": "until" },
                    "ExpressionAttributeValues": { ":now": number(now) },
                });
                forgotten += usize::from(matches!(self.write(DELETE, &body).await?, Written::Yes));
            }
            Ok(forgotten)
        })
    }

    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.put_job(job, "attribute_not_exists(pk)", Value::Null))
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        Box::pin(async move {
            let body = json!({ "TableName": self.table, "Key": item::key(id), "ConsistentRead": true });
            let answer = self.read(GET, &body).await?;
            answer.get("Item").map(item::job).transpose()
        })
    }

    fn replace<'a>(&'a self, job: &'a Job, was: u64) -> BoxFuture<'a, Result<bool>> {
        let values = json!({ ":was": { "N": was.to_string() } });
        Box::pin(self.put_job(job, "#version = :was", values))
    }

    fn remove(&self, id: JobId, was: u64) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let body = json!({
                "TableName": self.table,
                "Key": item::key(id),
                "ConditionExpression": "#version = :was",
                "ExpressionAttributeNames": { "#version": "version" },
                "ExpressionAttributeValues": { ":was": { "N": was.to_string() } },
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            });
            Ok(match self.write(DELETE, &body).await? {
                Written::Yes => true,
                // The answer to an earlier try was lost, and it is gone: by that try, as far as anyone can tell.
                Written::No { item, again } => again && item.is_none(),
            })
        })
    }

    fn list(&self, listing: Listing) -> BoxFuture<'_, Result<Page>> {
        Box::pin(self.page(listing))
    }

    fn ahead<'a>(&'a self, job: &'a Job, most: usize) -> BoxFuture<'a, Result<usize>> {
        Box::pin(async move {
            let body = json!({
                "TableName": self.table,
                "IndexName": "waiting",
                "KeyConditionExpression": "waiting = :kind AND id < :id",
                "ExpressionAttributeValues": {
                    ":kind": { "S": job.kind.as_str() }, ":id": { "S": job.id.to_string() },
                },
                "Select": "COUNT",
                "Limit": most,
            });
            let answer = self.read(QUERY, &body).await?;
            let count = answer.get("Count").and_then(Value::as_u64).unwrap_or_default();
            Ok(usize::try_from(count).unwrap_or(most).min(most))
        })
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Job>>> {
        Box::pin(async move {
            self.longest_due(JOBS, now, limit)
                .await?
                .iter()
                .map(item::job)
                .collect()
        })
    }
}
