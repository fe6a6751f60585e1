//! Items of the table: what they are found by, and what they hold.

use busbar_core::{Error, Result, Tenant};
use busbar_jobs::{Job, JobId, KeyClaim, Phase, Timestamp};
use serde_json::{Value, json};

use super::{JOBS, KEYS};

pub(super) fn key(id: JobId) -> Value {
    json!({ "pk": { "S": format!("job#{id}") }, "sk": { "S": "job" } })
}

pub(super) fn key_of_claim(tenant: &Tenant, key: &str) -> Value {
    json!({ "pk": { "S": format!("key#{}#{key}", tenant.as_str()) }, "sk": { "S": "key" } })
}

pub(super) fn of_job(job: &Job, mark: &str) -> Result<Value> {
    let record = serde_json::to_string(job)
        .map_err(|source| Error::internal("a job cannot be written down").with_source(source))?;
    let mut item = key(job.id);
    item["id"] = json!({ "S": job.id.to_string() });
    item["tenant"] = json!({ "S": job.tenant.as_str() });
    item["kind"] = json!({ "S": job.kind.as_str() });
    item["phase"] = json!({ "S": job.phase().as_str() });
    item["record"] = json!({ "S": record });
    item["version"] = json!({ "N": job.version.to_string() });
    item["due"] = json!({ "N": job.due().millis().to_string() });
    item["shard"] = json!({ "S": JOBS });
    item["mark"] = json!({ "S": mark });
    if job.phase() == Phase::Queued {
        item["waiting"] = json!({ "S": job.kind.as_str() });
    }
    Ok(item)
}

pub(super) fn text<'a>(item: &'a Value, name: &str) -> Option<&'a str> {
    item.get(name)?.get("S")?.as_str()
}

pub(super) fn nonsense() -> Error {
    Error::internal("the table holds something that is no record of a job")
}

pub(super) fn job(item: &Value) -> Result<Job> {
    let record = text(item, "record").ok_or_else(nonsense)?;
    serde_json::from_str(record).map_err(|source| nonsense().with_source(source))
}

pub(super) fn jobs(answer: &Value) -> Result<Vec<Job>> {
    let items = answer.get("Items").and_then(Value::as_array);
    items.into_iter().flatten().map(job).collect()
}

pub(super) fn of_claim(claim: &KeyClaim) -> Value {
    let mut item = key_of_claim(&claim.tenant, &claim.key);
    item["fingerprint"] = json!({ "S": claim.fingerprint });
    item["job"] = json!({ "S": claim.job.to_string() });
    item["until"] = number(claim.until);
    item["ttl"] = json!({ "N": claim.until.seconds().to_string() });
    item["shard"] = json!({ "S": KEYS });
    item["due"] = number(claim.until);
    item
}

/// The claim that an item holds, in the place of the one that was not made.
pub(super) fn claim(item: &Value, instead: KeyClaim) -> Result<KeyClaim> {
    let until = item
        .get("until")
        .and_then(|until| until.get("N")?.as_str()?.parse().ok());
    Ok(KeyClaim {
        fingerprint: text(item, "fingerprint").ok_or_else(nonsense)?.to_owned(),
        job: text(item, "job").ok_or_else(nonsense)?.parse()?,
        until: Timestamp::from_millis(until.ok_or_else(nonsense)?),
        ..instead
    })
}

pub(super) fn number(moment: Timestamp) -> Value {
    json!({ "N": moment.millis().to_string() })
}
