//! When an answer is worthless: work past it stops.

use std::pin::Pin;

use busbar_core::{Context, Error, ErrorKind, Result};
use tokio::time::Sleep;

use crate::Server;

/// The time at which a request's answer is worthless.
#[derive(Debug)]
pub(crate) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// The deadline of a request; none where it has none.
    pub(crate) fn of(server: &Server, context: &Context) -> Self {
        let left = context
            .deadline
            .map(|at| at.saturating_duration_since(server.now()));
        Self(left.map(|left| Box::pin(tokio::time::sleep(left))))
    }

    /// What the work gives, unless the time is up before. Work that is ready wins over time that is up.
    ///
    /// # Errors
    /// `DeadlineExceeded` where the time was up first; the work is dropped then.
    pub(crate) async fn before<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.passed() => Err(too_late()),
        }
    }

    async fn passed(&mut self) {
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().await,
            None => std::future::pending().await,
        }
    }
}

fn too_late() -> Error {
    Error::new(
        ErrorKind::DeadlineExceeded,
        "the request's time was up before its answer was whole",
    )
}
