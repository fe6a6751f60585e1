//! With what the outside is asked: settings, a place for what lies around meanwhile, and who may stop it.

use std::{path::Path, sync::mpsc};

use crate::{Cancel, Error, Result, Settings};

/// What it takes to ask the outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Means<'a> {
    pub(crate) settings: &'a Settings,
    /// A directory for whatever lies around meanwhile. It may not exist yet; it goes when the pull is done.
    pub(crate) scratch: &'a Path,
    pub(crate) cancel: &'a Cancel,
}

impl Means<'_> {
    /// Does something on the network until it works, fails for good, or patience ends. `gained` says
    /// whether the try that just failed got any further; then counting starts again.
    pub(crate) fn persist<S>(
        &self,
        state: &mut S,
        mut attempt: impl FnMut(&mut S) -> Result<()>,
        gained: impl Fn(&S) -> u64,
    ) -> Result<()> {
        let patience = self.settings.patience;
        let mut failures = 0;
        let mut furthest = gained(state);
        loop {
            let error = match attempt(state) {
                Err(error) if error.is_passing() => error,
                settled => return settled,
            };
            if gained(state) > furthest {
                furthest = gained(state);
                failures = 0;
            }
            failures += 1;
            if failures >= patience.tries {
                return Err(error);
            }
            tracing::debug!(failures, %error, "a fetch failed and is tried again");
            let doublings = (failures - 1).min(5);
            self.cancel.sleep(patience.pause.saturating_mul(1 << doublings))?;
        }
    }

    /// The next message of a thread that reads the network, unless there is silence for too long.
    pub(crate) fn hear<T>(&self, messages: &mpsc::Receiver<T>, place: &str) -> Result<Option<T>> {
        let mut silence = std::time::Duration::ZERO;
        loop {
            self.cancel.check()?;
            match messages.recv_timeout(crate::cancel::GLANCE) {
                Ok(message) => return Ok(Some(message)),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(None),
                Err(mpsc::RecvTimeoutError::Timeout) => silence += crate::cancel::GLANCE,
            }
            if silence >= self.settings.patience.silence {
                return Err(Error::Network {
                    place: place.to_owned(),
                    says: format!("nothing was heard for {} s", silence.as_secs()),
                });
            }
        }
    }
}
