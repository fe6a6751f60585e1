//! The record of a job: what was asked, how it stands, what came of it. Data only; the rules by
//! which it changes are in `lifecycle`.

use std::{fmt, str::FromStr, time::Duration};

use busbar_core::{Error, Result, Tenant};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::{Artifact, ArtifactName, Hook, JobEvent, Milestone, Progress, Timestamp, ids};

/// A job's id: a UUID of version 7, so that ids sort by the time they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

impl JobId {
    /// A job's id, by its UUID.
    pub fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    /// The id as a UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        ids::parse(text).map(Self)
    }
}

/// What sort of work a job is: `image`, `batch`. Its queue is named after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobKind(String);

impl JobKind {
    /// A kind by its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// Whose it is.
    #[serde(serialize_with = "write_tenant", deserialize_with = "read_tenant")]
    pub tenant: Tenant,
    /// What sort of work it is.
    pub kind: JobKind,
    /// What was asked, as the kind writes it.
    pub recipe: Value,
    /// The files that were given with it, in order.
    #[serde(default)]
    pub inputs: Vec<ArtifactName>,
    /// The client's own key for it, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whom to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<Hook>,
    /// When it was accepted.
    pub created: Timestamp,
    /// When it is worthless unless it is done.
    pub expires: Timestamp,
    /// How long it is kept once it is over, in milliseconds.
    pub keep_ms: u64,
    /// How many starts may come to nothing before it is given up.
    pub tries: u32,
    /// How it stands.
    #[serde(flatten)]
    pub state: JobState,
    /// The number of the latest start; 0 before the first. Only that start may write.
    pub attempt: u32,
    /// The starts that came to nothing, earliest first.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// When it was started first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// What happened to it, earliest first.
    pub history: Vec<JobEvent>,
    /// Whether the queue knows of it.
    pub announced: bool,
    /// The number of the latest event whose webhook is in the queue.
    pub hooked: u64,
    /// Whether somebody elsewhere is to be told where it comes to nothing, and was not yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notice: bool,
    /// Nobody need look at it before, though it is due.
    #[serde(default)]
    pub not_before: Timestamp,
    /// When it was written last.
    pub changed: Timestamp,
    /// Grows with each change. A store writes a version only over the one before it.
    pub version: u64,
}

/// How a job stands, with what belongs to that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    /// It waits for a worker.
    Queued,
    /// A worker has it.
    Running {
        /// Until when that worker has it, unless it says more.
        lease: Timestamp,
        /// Whether somebody asked to stop it.
        stopping: bool,
        /// How far it has come.
        progress: Progress,
    },
    /// It is done.
    Succeeded {
        /// What came of it.
        output: Output,
    },
    /// It was given up; the last of its faults says why.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Its time was over before it was done.
    Expired,
}

/// The name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It waits for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// It is done.
    Succeeded,
    /// It was given up.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Its time was over.
    Expired,
}

impl Phase {
    /// Every phase, in the order of a job's life.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The name as text: `queued`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing changes any more.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl FromStr for Phase {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|phase| phase.as_str() == text);
        known.ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid(
                "state",
                format!("`{text}` is no state of a job; these are: {all}"),
            )
        })
    }
}

/// What came of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its files.
    pub artifacts: Vec<Artifact>,
    /// What else the kind has to say, small: the seed that was used, timings.
    #[serde(default)]
    pub detail: Value,
}

/// A start that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Which start.
    pub attempt: u32,
    /// Why, for people.
    pub reason: String,
    /// Why, for programs: `storage_full`, `worker_lost`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Job {
    /// The name of its state.
    pub fn phase(&self) -> Phase {
        match self.state {
            JobState::Queued => Phase::Queued,
            JobState::Running { .. } => Phase::Running,
            JobState::Succeeded { .. } => Phase::Succeeded,
            JobState::Failed => Phase::Failed,
            JobState::Cancelled => Phase::Cancelled,
            JobState::Expired => Phase::Expired,
        }
    }

    /// Whether nothing changes any more.
    pub fn is_over(&self) -> bool {
        self.phase().is_over()
    }

    /// How far it has come, while it runs.
    pub fn progress(&self) -> Option<&Progress> {
        match &self.state {
            JobState::Running { progress, .. } => Some(progress),
            _ => None,
        }
    }

    /// Why its latest start failed, if one did.
    pub fn fault(&self) -> Option<&Fault> {
        self.faults.last()
    }

    /// What happened after event number `seen`, in order; 0 asks for everything.
    ///
    /// Milestones are never left out; of the progress in between only the latest is told, so
    /// whoever comes back late reads little.
    pub fn events_after(&self, seen: u64) -> Vec<JobEvent> {
        let mut events: Vec<JobEvent> = self
            .history
            .iter()
            .filter(|event| event.seq > seen)
            .cloned()
            .collect();
        let told = self.history.last().map_or(0, |event| event.seq).max(seen);
        if let Some(progress) = self.progress().filter(|progress| progress.seq > told) {
            events.push(JobEvent {
                seq: progress.seq,
                at: progress.at,
                what: Milestone::Progress(progress.clone()),
            });
        }
        events
    }

    /// When somebody has to look at it again, should nothing happen before: to announce it, to
    /// end it, to take it from a lost worker, or to remove it. A store finds jobs by this alone.
    pub fn due(&self) -> Timestamp {
        /// An announcement that has not been made by then was forgotten in a crash.
        const ANNOUNCE: Duration = Duration::from_secs(10);
        /// The queue hands a lost worker's message out by itself; past this it does not know it.
        const LOST: Duration = Duration::from_secs(600);
        let due = match &self.state {
            _ if self.has_news() => self.changed + ANNOUNCE,
            JobState::Queued => self.expires,
            JobState::Running { lease, .. } => *lease + LOST,
            _ => self.finished.unwrap_or(self.changed) + Duration::from_millis(self.keep_ms),
        };
        due.max(self.not_before)
    }

    /// Whether a queue, or somebody elsewhere, has to be told something yet.
    pub fn has_news(&self) -> bool {
        !self.announced || self.owes_notice() || self.pending_hooks().next().is_some()
    }

    /// The events whose webhooks are not in the queue yet.
    pub fn pending_hooks(&self) -> impl Iterator<Item = &JobEvent> {
        let hook = self.hook.as_ref();
        let new = self.history.iter().filter(|event| event.seq > self.hooked);
        new.filter(move |event| hook.is_some_and(|hook| hook.wants(&event.what)))
    }
}

fn write_tenant<S: Serializer>(tenant: &Tenant, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(tenant.as_str())
}

fn read_tenant<'de, D: Deserializer<'de>>(from: D) -> Result<Tenant, D::Error> {
    String::deserialize(from).map(|name| Tenant::new(&name))
}
