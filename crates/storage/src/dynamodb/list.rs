//! Several items at once: a tenant's jobs, and what is due.

use busbar_core::Result;
use busbar_jobs::{Cursor, JobKind, Listing, Page, Phase, Timestamp};
use serde_json::{Value, json};

use super::{
    DynamoDb, QUERY,
    item::{self, number, text},
};

/// Queries that make one page of a list at most.
const QUERIES: usize = 8;
/// Looked at in one query where a filter leaves some out.
const LOOKED_AT: usize = 100;

impl DynamoDb {
    pub(super) async fn page(&self, listing: Listing) -> Result<Page> {
        let mut body = self.query(&listing)?;
        let mut page = Page::default();
        for _ in 0..QUERIES {
            let answer = self.read(QUERY, &body).await?;
            page.jobs.extend(item::jobs(&answer)?);
            let last = answer.get("LastEvaluatedKey").cloned();
            let next = last.as_ref().and_then(|last| text(last, "id"));
            page.next = next.map(Cursor::new);
            if page.jobs.len() > listing.limit {
                page.jobs.truncate(listing.limit);
                page.next = page.jobs.last().map(|job| Cursor::new(&job.id.to_string()));
            }
            let Some(last) = last else { break };
            if page.jobs.len() >= listing.limit {
                break;
            }
            body["ExclusiveStartKey"] = last;
        }
        Ok(page)
    }

    /// The first query of a page.
    fn query(&self, listing: &Listing) -> Result<Value> {
        let filter = &listing.filter;
        let mut values = json!({ ":tenant": { "S": filter.tenant.as_str() } });
        let mut body = json!({
            "TableName": self.table,
            "IndexName": "tenant",
            "KeyConditionExpression": "tenant = :tenant",
            "ScanIndexForward": false,
            "Limit": listing.limit,
        });
        let wanted = [
            ("phase", filter.phase.map(Phase::as_str)),
            ("kind", filter.kind.as_ref().map(JobKind::as_str)),
        ];
        let mut conditions = Vec::new();
        for (name, value) in wanted {
            let Some(value) = value else { continue };
            body["ExpressionAttributeNames"][format!("#{name}")] = json!(name);
            values[format!(":{name}")] = json!({ "S": value });
            conditions.push(format!("#{name} = :{name}"));
        }
        if !conditions.is_empty() {
            body["FilterExpression"] = json!(conditions.join(" AND "));
            body["Limit"] = json!(listing.limit.max(LOOKED_AT));
        }
        body["ExpressionAttributeValues"] = values;
        if let Some(after) = &listing.after {
            let id = after.job()?;
            let mut start = item::key(id);
            start["tenant"] = json!({ "S": filter.tenant.as_str() });
            start["id"] = json!({ "S": id.to_string() });
            body["ExclusiveStartKey"] = start;
        }
        Ok(body)
    }

    pub(super) async fn longest_due(&self, shard: &str, now: Timestamp, limit: usize) -> Result<Vec<Value>> {
        let mut body = json!({
            "TableName": self.table,
            "IndexName": "due",
            // The service has the word for itself.
            "ExpressionAttributeNames": { "#shard": "shard" },
            "KeyConditionExpression": "#shard = :shard AND due <= :now",
            "ExpressionAttributeValues": {
                ":shard": { "S": shard }, ":now": number(now),
            },
        });
        let mut found = Vec::new();
        while found.len() < limit {
            body["Limit"] = json!(limit - found.len());
            let answer = self.read(QUERY, &body).await?;
            found.extend(
                answer
                    .get("Items")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
            let Some(last) = answer.get("LastEvaluatedKey") else {
                break;
            };
            body["ExclusiveStartKey"] = last.clone();
        }
        Ok(found)
    }
}
