//! How a job is accepted: recorded first, then announced, so that what was promised to a client
//! is never lost; and at most once for a client's key.
//!
//! A crash between two writes leaves something that the next submission under the same key, or
//! the sweep, completes: a claimed key without its job, or a job that no queue knows of.

use std::time::Duration;

use busbar_core::{Error, ErrorKind, Result, Tenant};
use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{Hook, Job, JobEvent, JobId, JobKind, JobState, Jobs, KeyClaim, MediaType, Milestone, Timestamp};

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// What sort of work.
    pub kind: JobKind,
    /// What exactly, checked by the kind.
    pub recipe: Value,
    /// The files that it works on.
    pub inputs: Vec<Input>,
    /// The client's own key for it.
    pub key: Option<String>,
    /// Whom to tell.
    pub hook: Option<Hook>,
    /// How long until it is worthless; `None`: as long as the policy says.
    pub expires_in: Option<Duration>,
}

/// A file that is given with a job.
#[derive(Clone)]
pub struct Input {
    /// What is in it.
    pub content: Bytes,
    /// What it is.
    pub media: MediaType,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Input({:?}, {} bytes)", self.media, self.content.len())
    }
}

/// A job that was accepted.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The job.
    pub job: Job,
    /// Whether this submission made it; else an earlier one under the same key did.
    pub new: bool,
}

impl Jobs {
    /// Accepts a job. When this resolves the job is durably recorded and will be worked on.
    ///
    /// # Errors
    /// `Invalid` with the code `idempotency_key_reused` where the key stands for something else;
    /// `Invalid` or `TooLarge` naming the field; `Unavailable`, `Overloaded`: nothing is
    /// promised, and the same submission may be sent again under its key.
    pub async fn submit(&self, tenant: &Tenant, new: NewJob) -> Result<Submitted> {
        self.check(&new)?;
        let now = self.now();
        let Some(key) = new.key.clone() else {
            let job = self.make(tenant, self.ids.job(), new, now).await?;
            self.record(&job).await?;
            let job = self.announce(job).await;
            return Ok(Submitted { job, new: true });
        };
        let claim = self.claim(tenant, &new, key, now).await?;
        if let Some(job) = self.store.load(claim.job).await? {
            let job = if job.announced {
                job
            } else {
                self.announce(job).await
            };
            return Ok(Submitted { job, new: false });
        }
        let job = self.make(tenant, claim.job, new, now).await?;
        // Two submissions under one key may both come here: one of them records the job.
        let made = self.store.insert(&job).await?;
        let job = match made {
            true => job,
            false => self.known(claim.job).await?,
        };
        let job = self.announce(job).await;
        Ok(Submitted { job, new: made })
    }

    async fn claim(&self, tenant: &Tenant, new: &NewJob, key: String, now: Timestamp) -> Result<KeyClaim> {
        /// Longer than the job, so that no two jobs ever bear one key at a time.
        const LONGER: Duration = Duration::from_secs(3600);
        let lasts = new.expires_in.unwrap_or(self.policy.expires_in) + self.policy.keep + LONGER;
        let claim = KeyClaim {
            tenant: tenant.clone(),
            key,
            fingerprint: fingerprint(new),
            job: self.ids.job(),
            until: now + lasts,
        };
        let mine = claim.fingerprint.clone();
        let holds = self.store.claim(claim, now).await?;
        if holds.fingerprint == mine {
            return Ok(holds);
        }
        let message = format!(
            "this idempotency key was used for another request, which made job {}; use a new key for a new request",
            holds.job
        );
        Err(Error::invalid("idempotency_key", message).with_code("idempotency_key_reused"))
    }

    fn check(&self, new: &NewJob) -> Result<()> {
        const LONGEST_KEY: usize = 255;
        if let Some(key) = &new.key
            && (key.is_empty() || key.len() > LONGEST_KEY || key.chars().any(char::is_control))
        {
            return Err(Error::invalid(
                "idempotency_key",
                format!("an idempotency key has 1 to {LONGEST_KEY} printable characters"),
            ));
        }
        if new
            .expires_in
            .is_some_and(|wish| wish.is_zero() || wish > self.policy.expires_in)
        {
            let most = self.policy.expires_in.as_secs();
            return Err(Error::invalid(
                "expires_in",
                format!("a job may take from 1 to {most} seconds"),
            ));
        }
        let size = new.recipe.to_string().len();
        if size > self.policy.largest_recipe {
            let most = self.policy.largest_recipe;
            let message = format!("the request has {size} bytes; a job's request has at most {most}");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        new.hook.as_ref().map_or(Ok(()), Hook::check)
    }

    async fn make(&self, tenant: &Tenant, id: JobId, new: NewJob, now: Timestamp) -> Result<Job> {
        // Files first: a job that is recorded has everything it needs.
        let mut inputs = Vec::with_capacity(new.inputs.len());
        for input in new.inputs {
            let name = self.ids.artifact(id, input.media);
            self.artifacts.put(name, input.content).await?;
            inputs.push(name);
        }
        let keep = self.policy.keep.as_millis();
        let notice = self.notices_of(&new.kind).is_some();
        Ok(Job {
            id,
            tenant: tenant.clone(),
            kind: new.kind,
            recipe: new.recipe,
            inputs,
            key: new.key,
            hook: new.hook,
            created: now,
            expires: now + new.expires_in.unwrap_or(self.policy.expires_in),
            keep_ms: u64::try_from(keep).unwrap_or(u64::MAX),
            tries: self.policy.tries,
            state: JobState::Queued,
            attempt: 0,
            faults: Vec::new(),
            started: None,
            finished: None,
            history: vec![JobEvent {
                seq: 1,
                at: now,
                what: Milestone::Queued,
            }],
            announced: false,
            hooked: 0,
            notice,
            not_before: Timestamp::default(),
            changed: now,
            version: 1,
        })
    }

    async fn record(&self, job: &Job) -> Result<()> {
        match self.store.insert(job).await? {
            true => Ok(()),
            false => Err(Error::internal("a new job's id was taken already")),
        }
    }
}

/// A digest of what is asked, the same however the client ordered its fields.
fn fingerprint(new: &NewJob) -> String {
    let mut text = format!("{}\n", new.kind);
    canonical(&new.recipe, &mut text);
    for input in &new.inputs {
        text.push_str(&format!(
            "\n{:?} {}",
            input.media,
            hex(&Sha256::digest(&input.content))
        ));
    }
    text.push('\n');
    let hook = serde_json::to_value(&new.hook).unwrap_or_default();
    canonical(&hook, &mut text);
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn canonical(value: &Value, to: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            to.push('{');
            for (name, value) in fields {
                to.push_str(&Value::String(name.clone()).to_string());
                to.push(':');
                canonical(value, to);
                to.push(',');
            }
            to.push('}');
        }
        Value::Array(items) => {
            to.push('[');
            for item in items {
                canonical(item, to);
                to.push(',');
            }
            to.push(']');
        }
        plain => to.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, same: bool) {
        let print = |text: &str| {
            fingerprint(&NewJob {
                kind: JobKind::new("image"),
                recipe: serde_json::from_str(text).unwrap(),
                inputs: vec![],
                key: None,
                hook: None,
                expires_in: None,
            })
        };
        assert_eq!(print(a) == print(b), same);
    }

    #[test]
    fn the_order_of_fields_does_not_matter_and_everything_else_does() {
        check(
            r#"{"a":1,"b":{"c":2,"d":3}}"#,
            r#"{"b":{"d":3,"c":2},"a":1}"#,
            true,
        );
        check(r#"{"a":1}"#, r#"{"a":2}"#, false);
        check(r#"[1,2]"#, r#"[2,1]"#, false);
        check(r#"{"a":"1"}"#, r#"{"a":1}"#, false);
        check(r#"[[1],2]"#, r#"[[1,2]]"#, false);
    }
}
