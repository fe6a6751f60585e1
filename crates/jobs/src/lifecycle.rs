//! The rules of a job's life: which change may follow which. Pure: each takes a job as it is and
//! returns the job as it shall be, for a store to write over exactly the version it came from.
//!
//! **Invariant:** a job that is over never changes but in its outbox; only the latest start
//! writes progress or a result.

use std::{fmt, time::Duration};

use busbar_core::Error;

use crate::{Fault, Job, JobEvent, JobState, Milestone, Output, Phase, Progress, Timestamp};

/// Why a change may not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The job is over.
    Over,
    /// Another start has it since: the one that asks is too late.
    Superseded,
    /// A worker has it until then.
    Held(Timestamp),
    /// It is not in a state for that.
    NotNow,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Over => f.write_str("the job is over"),
            Self::Superseded => f.write_str("another worker has the job"),
            Self::Held(until) => write!(f, "a worker has the job until {until}"),
            Self::NotNow => f.write_str("the job is not in a state for that"),
        }
    }
}

/// The next version of a job, or why there is none.
type Next = Result<Job, Refused>;

impl Job {
    /// A worker takes it up. The job that comes back runs, or is over: given up because too many
    /// workers were lost with it, stopped, or past its time.
    ///
    /// # Errors
    /// `Held` while another worker's lease lasts; `Over`.
    pub fn take(&self, now: Timestamp, lease: Duration) -> Next {
        let waiting = match &self.state {
            JobState::Queued => self.clone(),
            JobState::Running { lease, .. } if *lease > now => return Err(Refused::Held(*lease)),
            JobState::Running { .. } => self.lose(now)?,
            _ => return Err(Refused::Over),
        };
        if waiting.is_over() {
            return Ok(waiting);
        }
        if self.expires <= now {
            return Ok(self.over(now, JobState::Expired, Milestone::Expired));
        }
        let mut next = waiting;
        next.attempt += 1;
        next.started = next.started.or(Some(now));
        next.announced = true;
        next.state = JobState::Running {
            lease: now + lease,
            stopping: false,
            progress: Progress {
                at: now,
                ..Progress::default()
            },
        };
        let attempt = next.attempt;
        Ok(next.told(now, Milestone::Started(attempt)))
    }

    /// Its worker was not heard of for longer than its lease: it waits again, or is over.
    ///
    /// # Errors
    /// `Held` while the lease lasts; `NotNow`, `Over`.
    pub fn lose(&self, now: Timestamp) -> Next {
        let JobState::Running { lease, .. } = &self.state else {
            return Err(self.not_running());
        };
        if *lease > now {
            return Err(Refused::Held(*lease));
        }
        let lost = Error::new(
            busbar_core::ErrorKind::Unavailable,
            "the worker that had the job was lost",
        );
        let mut next = self.faulty(now, &lost.with_code("worker_lost"), true);
        // Nobody may be left whose message brings it back, so it is announced anew.
        next.announced = next.is_over();
        Ok(next)
    }

    /// Its worker is still at it.
    ///
    /// # Errors
    /// `Superseded`, `Over`.
    pub fn beat(&self, attempt: u32, now: Timestamp, lease: Duration) -> Next {
        let mut next = self.held_by(attempt)?.bump(now);
        if let JobState::Running { lease: until, .. } = &mut next.state {
            *until = now + lease;
        }
        Ok(next)
    }

    /// Its worker has come further. Its lease stays as it is.
    ///
    /// # Errors
    /// `Superseded`, `Over`.
    pub fn advance(&self, attempt: u32, now: Timestamp, come: &Progress) -> Next {
        let mut next = self.held_by(attempt)?.bump(now);
        let seq = next.version;
        if let JobState::Running { progress, .. } = &mut next.state {
            *progress = come.clone();
            progress.seq = seq;
        }
        Ok(next)
    }

    /// It is done.
    ///
    /// # Errors
    /// `Superseded`, `Over`: what was made must be thrown away.
    pub fn succeed(&self, attempt: u32, now: Timestamp, output: Output) -> Next {
        let job = self.held_by(attempt)?;
        Ok(job.over(now, JobState::Succeeded { output }, Milestone::Succeeded))
    }

    /// A start failed. It waits again where another try may help and one is left.
    ///
    /// # Errors
    /// `Superseded`, `Over`.
    pub fn fail(&self, attempt: u32, now: Timestamp, error: &Error) -> Next {
        Ok(self.held_by(attempt)?.faulty(now, error, error.is_retryable()))
    }

    /// Its worker stopped because it was asked to.
    ///
    /// # Errors
    /// `Superseded`, `Over`; `NotNow` where nobody asked.
    pub fn stopped(&self, attempt: u32, now: Timestamp) -> Next {
        let job = self.held_by(attempt)?;
        if !job.is_stopping() {
            return Err(Refused::NotNow);
        }
        Ok(job.over(now, JobState::Cancelled, Milestone::Cancelled))
    }

    /// Its worker ends, and gives it back undone. That is nobody's fault.
    ///
    /// # Errors
    /// `Superseded`, `Over`.
    pub fn give_back(&self, attempt: u32, now: Timestamp) -> Next {
        let job = self.held_by(attempt)?;
        if job.is_stopping() {
            return job.stopped(attempt, now);
        }
        let mut next = job.clone();
        next.state = JobState::Queued;
        Ok(next.told(now, Milestone::Returned))
    }

    /// Somebody asks to stop it: at once where it waits, else between two steps.
    ///
    /// # Errors
    /// `Over`; `NotNow` where it was asked before.
    pub fn cancel(&self, now: Timestamp) -> Next {
        let mut next = self.clone();
        match &mut next.state {
            JobState::Queued => Ok(self.over(now, JobState::Cancelled, Milestone::Cancelled)),
            JobState::Running { stopping: true, .. } => Err(Refused::NotNow),
            JobState::Running { stopping, .. } => {
                *stopping = true;
                Ok(next.told(now, Milestone::Stopping))
            }
            _ => Err(Refused::Over),
        }
    }

    /// Its time is over. A worker that has it says so itself, by its `attempt`.
    ///
    /// # Errors
    /// `Over`; `NotNow` while there is time; `Held`, `Superseded` where another worker has it.
    pub fn expire(&self, attempt: Option<u32>, now: Timestamp) -> Next {
        match (&self.state, attempt) {
            (JobState::Running { .. }, Some(attempt)) => drop(self.held_by(attempt)?),
            (JobState::Running { lease, .. }, None) if *lease > now => return Err(Refused::Held(*lease)),
            (JobState::Queued, Some(_)) => return Err(Refused::Superseded),
            _ if self.is_over() => return Err(Refused::Over),
            _ => {}
        }
        if self.expires > now {
            return Err(Refused::NotNow);
        }
        Ok(self.over(now, JobState::Expired, Milestone::Expired))
    }

    /// The queue gave its message up: it was handed out too often without an end.
    ///
    /// # Errors
    /// `Over`; `Held` while a worker has it.
    pub fn abandon(&self, now: Timestamp, error: &Error) -> Next {
        match &self.state {
            JobState::Running { lease, .. } if *lease > now => Err(Refused::Held(*lease)),
            _ if self.is_over() => Err(Refused::Over),
            _ => Ok(self.faulty(now, error, false)),
        }
    }

    /// What had to be told is in the queues, up to event number `hooked`.
    #[must_use]
    pub fn told_outside(&self, now: Timestamp, hooked: u64) -> Self {
        let mut next = self.bump(now);
        next.announced = true;
        next.hooked = next.hooked.max(hooked);
        next
    }

    /// What is due of it cannot be done now: somebody looks again at `then`.
    #[must_use]
    pub fn postponed(&self, now: Timestamp, then: Timestamp) -> Self {
        let mut next = self.bump(now);
        next.not_before = then;
        next
    }

    /// Whether somebody asked to stop it.
    pub fn is_stopping(&self) -> bool {
        matches!(self.state, JobState::Running { stopping: true, .. })
    }

    fn held_by(&self, attempt: u32) -> Result<&Self, Refused> {
        if self.phase() != Phase::Running {
            return Err(if self.attempt == attempt && self.is_over() {
                Refused::Over
            } else {
                Refused::Superseded
            });
        }
        if self.attempt == attempt {
            Ok(self)
        } else {
            Err(Refused::Superseded)
        }
    }

    fn not_running(&self) -> Refused {
        if self.is_over() {
            Refused::Over
        } else {
            Refused::NotNow
        }
    }

    fn faulty(&self, now: Timestamp, error: &Error, again: bool) -> Self {
        let fault = Fault {
            attempt: self.attempt,
            reason: error.message().to_owned(),
            code: error.code().map(str::to_owned),
            at: now,
        };
        let mut next = self.clone();
        next.faults.push(fault.clone());
        if self.is_stopping() {
            return next.over(now, JobState::Cancelled, Milestone::Cancelled);
        }
        if !again || next.faults.len() >= self.tries.max(1) as usize {
            return next.over(now, JobState::Failed, Milestone::Failed(fault));
        }
        next.state = JobState::Queued;
        next.told(now, Milestone::Retrying(fault))
    }

    fn over(&self, now: Timestamp, state: JobState, last: Milestone) -> Self {
        let mut next = self.clone();
        next.state = state;
        next.finished = Some(now);
        // A queue that hands its message out once more learns then that it is over.
        next.announced = true;
        next.told(now, last)
    }

    fn told(mut self, now: Timestamp, what: Milestone) -> Self {
        /// A job that is given back again and again must not grow without end.
        const MOST: usize = 100;
        self = self.bump(now);
        self.history.push(JobEvent {
            seq: self.version,
            at: now,
            what,
        });
        if self.history.len() > MOST {
            // The first says when it was accepted; it stays.
            self.history.remove(1);
        }
        self
    }

    fn bump(&self, now: Timestamp) -> Self {
        let mut next = self.clone();
        next.version += 1;
        next.changed = now;
        next
    }
}
