//! What happens to a job, numbered, so that a reader who comes back goes on where it was.

use serde::{Deserialize, Serialize};

use crate::{Fault, Progress, Timestamp};

/// Something that happened to a job. Its number is the version of the job that it made, so
/// numbers of one job grow, with gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobEvent {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Milestone,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "detail", rename_all = "snake_case")]
pub enum Milestone {
    /// It was accepted.
    Queued,
    /// A worker took it up: which start this is.
    Started(u32),
    /// It came further. Told from the job's present state, never kept.
    Progress(Progress),
    /// A start failed; there will be another.
    Retrying(Fault),
    /// A worker that ends gave it back; another goes on.
    Returned,
    /// Somebody asked to stop it.
    Stopping,
    /// It is done.
    Succeeded,
    /// It was given up.
    Failed(Fault),
    /// It was stopped.
    Cancelled,
    /// Its time was over.
    Expired,
}

impl Milestone {
    /// The name as text: `started`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Started(_) => "started",
            Self::Progress(_) => "progress",
            Self::Retrying(_) => "retrying",
            Self::Returned => "returned",
            Self::Stopping => "stopping",
            Self::Succeeded => "succeeded",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing follows it.
    pub fn is_last(&self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed(_) | Self::Cancelled | Self::Expired
        )
    }
}
