//! Stopping early: a flag that long work looks at between chunks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{Error, Result};

/// How often work that waits for something else looks whether it should stop.
pub(crate) const GLANCE: Duration = Duration::from_millis(100);

/// A flag that anyone may raise and every pull looks at; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises it, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is raised.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// [`Error::Cancelled`] once it is raised.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    /// Sleeps, unless the flag is raised before the time is over.
    pub(crate) fn sleep(&self, time: Duration) -> Result<()> {
        let mut left = time;
        while !left.is_zero() {
            self.check()?;
            let nap = left.min(GLANCE);
            thread::sleep(nap);
            left -= nap;
        }
        self.check()
    }
}
