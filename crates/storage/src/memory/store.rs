//! Jobs in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use busbar_core::{BoxFuture, Result, Tenant};
use busbar_jobs::{Cursor, Filter, Job, JobId, JobStore, KeyClaim, Listing, Page, Phase, Timestamp};

/// Jobs in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    jobs: BTreeMap<JobId, Job>,
    keys: HashMap<(String, String), KeyClaim>,
}

impl MemoryStore {
    /// A store without jobs.
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JobStore for MemoryStore {
    fn claim(&self, claim: KeyClaim, now: Timestamp) -> BoxFuture<'_, Result<KeyClaim>> {
        Box::pin(async move {
            let mut records = self.records();
            let place = place(&claim.tenant, &claim.key);
            let holds = records
                .keys
                .get(&place)
                .filter(|holds| holds.until > now)
                .cloned();
            Ok(holds.unwrap_or_else(|| {
                records.keys.insert(place, claim.clone());
                claim
            }))
        })
    }

    fn release<'a>(&'a self, tenant: &'a Tenant, key: &'a str, job: JobId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut records = self.records();
            let place = place(tenant, key);
            if records.keys.get(&place).is_some_and(|claim| claim.job == job) {
                records.keys.remove(&place);
            }
            Ok(())
        })
    }

    fn forget(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<usize>> {
        Box::pin(async move {
            let mut records = self.records();
            let over = records.keys.iter().filter(|(_, claim)| claim.until <= now);
            let over: Vec<_> = over.map(|(place, _)| place.clone()).take(limit).collect();
            for place in &over {
                records.keys.remove(place);
            }
            Ok(over.len())
        })
    }

    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let mut records = self.records();
            let free = !records.jobs.contains_key(&job.id);
            if free {
                records.jobs.insert(job.id, job.clone());
            }
            Ok(free)
        })
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        Box::pin(async move { Ok(self.records().jobs.get(&id).cloned()) })
    }

    fn replace<'a>(&'a self, job: &'a Job, was: u64) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let mut records = self.records();
            let Some(there) = records.jobs.get_mut(&job.id).filter(|there| there.version == was) else {
                return Ok(false);
            };
            *there = job.clone();
            Ok(true)
        })
    }

    fn remove(&self, id: JobId, was: u64) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let mut records = self.records();
            let there = records.jobs.get(&id).is_some_and(|there| there.version == was);
            if there {
                records.jobs.remove(&id);
            }
            Ok(there)
        })
    }

    fn list(&self, listing: Listing) -> BoxFuture<'_, Result<Page>> {
        Box::pin(async move {
            let after = listing.after.as_ref().map(Cursor::job).transpose()?;
            let records = self.records();
            let before = |id: JobId| after.is_none_or(|after| id < after);
            let newest = records.jobs.values().rev();
            let mut jobs: Vec<Job> = newest
                .filter(|job| before(job.id) && matches(&listing.filter, job))
                .take(listing.limit + 1)
                .cloned()
                .collect();
            let more = jobs.len() > listing.limit;
            jobs.truncate(listing.limit);
            let last = jobs.last().filter(|_| more);
            let next = last.map(|job| Cursor::new(&job.id.to_string()));
            Ok(Page { jobs, next })
        })
    }

    fn ahead<'a>(&'a self, job: &'a Job, most: usize) -> BoxFuture<'a, Result<usize>> {
        Box::pin(async move {
            let records = self.records();
            let earlier = records.jobs.range(..job.id).map(|(_, other)| other);
            let waiting = earlier.filter(|other| other.kind == job.kind && other.phase() == Phase::Queued);
            Ok(waiting.take(most).count())
        })
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<Job>>> {
        Box::pin(async move {
            let records = self.records();
            let mut due: Vec<&Job> = records.jobs.values().filter(|job| job.due() <= now).collect();
            due.sort_by_key(|job| job.due());
            Ok(due.into_iter().take(limit).cloned().collect())
        })
    }
}

fn place(tenant: &Tenant, key: &str) -> (String, String) {
    (tenant.as_str().to_owned(), key.to_owned())
}

fn matches(filter: &Filter, job: &Job) -> bool {
    job.tenant == filter.tenant
        && filter.phase.is_none_or(|phase| phase == job.phase())
        && filter.kind.as_ref().is_none_or(|kind| *kind == job.kind)
}
