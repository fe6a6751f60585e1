//! Jobs in SQLite: the record as JSON, and beside it the columns that it is found by.

use busbar_core::{BoxFuture, Error, Result, Tenant};
use busbar_jobs::{Cursor, Job, JobId, JobStore, KeyClaim, Listing, Page, Timestamp};
use rusqlite::{OptionalExtension as _, Row, params, types::Type};

use super::Sqlite;

impl JobStore for Sqlite {
    fn claim(&self, claim: KeyClaim, now: Timestamp) -> BoxFuture<'_, Result<KeyClaim>> {
        Box::pin(self.thread.write(move |db| {
            // One statement claims a key that is free or means nothing any more.
            db.prepare_cached(
                "INSERT INTO keys (tenant, key, fingerprint, job, until) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (tenant, key) DO UPDATE
                 SET fingerprint = excluded.fingerprint, job = excluded.job, until = excluded.until
                 WHERE until <= ?6",
            )?
            .execute(params![
                claim.tenant.as_str(),
                claim.key,
                claim.fingerprint,
                claim.job.to_string(),
                number(claim.until),
                number(now)
            ])?;
            db.prepare_cached("SELECT fingerprint, job, until FROM keys WHERE tenant = ?1 AND key = ?2")?
                .query_row(params![claim.tenant.as_str(), claim.key], |row| {
                    Ok(KeyClaim {
                        fingerprint: row.get(0)?,
                        job: id(row, 1)?,
                        until: moment(row.get(2)?),
                        ..claim.clone()
                    })
                })
        }))
    }

    fn release<'a>(&'a self, tenant: &'a Tenant, key: &'a str, job: JobId) -> BoxFuture<'a, Result<()>> {
        let (tenant, key) = (tenant.as_str().to_owned(), key.to_owned());
        Box::pin(self.thread.write(move |db| {
            db.prepare_cached("DELETE FROM keys WHERE tenant = ?1 AND key = ?2 AND job = ?3")?
                .execute(params![tenant, key, job.to_string()])
                .map(drop)
        }))
    }

    fn forget(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<usize>> {
        Box::pin(self.thread.write(move |db| {
            db.prepare_cached(
                "DELETE FROM keys WHERE (tenant, key) IN
                 (SELECT tenant, key FROM keys WHERE until <= ?1 LIMIT ?2)",
            )?
            .execute(params![number(now), count(limit)])
        }))
    }

    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        let job = job.clone();
        Box::pin(async move {
            let record = record(&job)?;
            self.thread
                .write(move |db| {
                    db.prepare_cached(
                        "INSERT INTO jobs (id, tenant, kind, state, version, due, record)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![
                        job.id.to_string(),
                        job.tenant.as_str(),
                        job.kind.as_str(),
                        job.phase().as_str(),
                        version(job.version),
                        number(job.due()),
                        record
                    ])
                    .map(|written| written == 1)
                })
                .await
        })
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        Box::pin(self.thread.read(move |db| {
            db.prepare_cached("SELECT record FROM jobs WHERE id = ?1")?
                .query_row([id.to_string()], job)
                .optional()
        }))
    }

    fn replace<'a>(&'a self, job: &'a Job, was: u64) -> BoxFuture<'a, Result<bool>> {
        let job = job.clone();
        Box::pin(async move {
            let record = record(&job)?;
            self.thread
                .write(move |db| {
                    db.prepare_cached(
                        "UPDATE jobs SET state = ?1, version = ?2, due = ?3, record = ?4
                         WHERE id = ?5 AND version = ?6",
                    )?
                    .execute(params![
                        job.phase().as_str(),
                        version(job.version),
                        number(job.due()),
                        record,
                        job.id.to_string(),
                        version(was)
                    ])
                    .map(|written| written == 1)
                })
                .await
        })
    }

    fn remove(&self, id: JobId, was: u64) -> BoxFuture<'_, Result<bool>> {
        Box::pin(self.thread.write(move |db| {
            db.prepare_cached("DELETE FROM jobs WHERE id = ?1 AND version = ?2")?
                .execute(params![id.to_string(), version(was)])
                .map(|removed| removed == 1)
        }))
    }

    fn list(&self, listing: Listing) -> BoxFuture<'_, Result<Page>> {
        Box::pin(async move {
            let after = listing.after.as_ref().map(Cursor::job).transpose()?;
            let limit = listing.limit;
            let mut jobs = self.thread.read(move |db| newest(db, &listing, after)).await?;
            let more = jobs.len() > limit;
            jobs.truncate(limit);
            let last = jobs.last().filter(|_| more);
            let next = last.map(|job| Cursor::new(&job.id.to_string()));
            Ok(Page { jobs, next })
        })
    }

    fn ahead<'a>(&'a self, job: &'a Job, most: usize) -> BoxFuture<'a, Result<usize>> {
        let (kind, id) = (job.kind.clone(), job.id);
        Box::pin(self.thread.read(move |db| {
            db.prepare_cached(
                "SELECT count(*) FROM
                 (SELECT 1 FROM jobs WHERE state = 'queued' AND kind = ?1 AND id < ?2 LIMIT ?3)",
            )?
            .query_row(params![kind.as_str(), id.to_string(), count(most)], |row| {
                row.get::<_, i64>(0)
                    .map(|ahead| usize::try_from(ahead).unwrap_or(0))
            })
        }))
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Job>>> {
        Box::pin(self.thread.read(move |db| {
            db.prepare_cached("SELECT record FROM jobs WHERE due <= ?1 ORDER BY due, id LIMIT ?2")?
                .query_map(params![number(now), count(limit)], job)?
                .collect()
        }))
    }
}

/// One more than a page, so that it shows whether there is another.
fn newest(db: &rusqlite::Connection, listing: &Listing, after: Option<JobId>) -> rusqlite::Result<Vec<Job>> {
    let filter = &listing.filter;
    // Ids are UUIDs of version 7 in one spelling, so their text sorts by time.
    db.prepare_cached(
        "SELECT record FROM jobs
         WHERE tenant = ?1
           AND (?2 IS NULL OR id < ?2)
           AND (?3 IS NULL OR state = ?3)
           AND (?4 IS NULL OR kind = ?4)
         ORDER BY id DESC LIMIT ?5",
    )?
    .query_map(
        params![
            filter.tenant.as_str(),
            after.map(|id| id.to_string()),
            filter.phase.map(|phase| phase.as_str()),
            filter.kind.as_ref().map(|kind| kind.as_str()),
            count(listing.limit.saturating_add(1))
        ],
        job,
    )?
    .collect()
}

fn record(job: &Job) -> Result<String> {
    serde_json::to_string(job)
        .map_err(|source| Error::internal("a job cannot be written down").with_source(source))
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let record: String = row.get(0)?;
    serde_json::from_str(&record)
        .map_err(|source| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(source)))
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<JobId> {
    let text: String = row.get(column)?;
    text.parse().map_err(|source: Error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(source))
    })
}

// SQLite's integers have a sign. No moment, version or limit comes near the end of their range.

pub(super) fn number(moment: Timestamp) -> i64 {
    i64::try_from(moment.millis()).unwrap_or(i64::MAX)
}

pub(super) fn moment(number: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(number).unwrap_or_default())
}

pub(super) fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}
