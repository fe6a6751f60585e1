//! Whoever hears of every answer beside the counters.

use std::{fmt, time::SystemTime};

use super::{Answer, Http, Metrics};

/// Hears of what ended, as it ends. What it does with that must not take long.
pub trait Follower: fmt::Debug + Send + Sync + 'static {
    /// A generation request ended.
    fn answered(&self, answer: &Answer<'_>, at: SystemTime);

    /// An HTTP request was answered.
    fn http(&self, request: &Http<'_>, at: SystemTime);

    /// A picture was made.
    fn pictured(&self, model: &str, at: SystemTime);
}

impl Metrics {
    /// From now on somebody hears of every answer. There is one such; a second one is left out.
    pub fn follow(&self, follower: Box<dyn Follower>) {
        let _second = self.follower.set(follower);
    }

    pub(super) fn tell(&self, tell: impl FnOnce(&dyn Follower, SystemTime)) {
        if let Some(follower) = self.follower.get() {
            tell(follower.as_ref(), self.clock.wall());
        }
    }
}
