//! A word for whoever waits for the work of a job elsewhere than here, where it comes to nothing: no worker may be
//! left to say so.

use std::fmt::Debug;

use busbar_core::{BoxFuture, Error, ErrorKind, Result};

use crate::{Job, JobKind, JobState, Timestamp};

/// Gives notice of the ends of jobs of one kind.
pub trait Notices: Debug + Send + Sync + 'static {
    /// The kind.
    fn kind(&self) -> JobKind;

    /// Says where it is looked for that a job came to nothing. It may be told twice of one job, and of one whose
    /// worker has said so already.
    ///
    /// # Errors
    /// It could not be said; it is tried again.
    fn give<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<()>>;
}

impl Job {
    /// Whether somebody has to be told yet that it came to nothing.
    pub fn owes_notice(&self) -> bool {
        let nothing = matches!(
            self.state,
            JobState::Failed | JobState::Expired | JobState::Cancelled
        );
        self.notice && nothing
    }

    /// Why it came to nothing; `None`: it did not.
    pub fn nothing_because(&self) -> Option<Error> {
        Some(match self.state {
            JobState::Failed => {
                let reason = self.faults.last().map_or("it failed", |fault| &*fault.reason);
                Error::internal(reason.to_owned())
            }
            JobState::Expired => Error::new(
                ErrorKind::DeadlineExceeded,
                "its time was over before it was answered",
            ),
            JobState::Cancelled => Error::new(ErrorKind::Cancelled, "it was cancelled"),
            _ => return None,
        })
    }

    /// Whether it is over and was kept for as long as it is to be.
    pub(crate) fn was_kept(&self, now: Timestamp) -> bool {
        let keep = std::time::Duration::from_millis(self.keep_ms);
        self.finished.is_some_and(|finished| finished + keep <= now)
    }
}
