//! Requests that are made again where another try may help: services fail for moments, and whoever asked
//! for a job should not notice.

use std::time::Duration;

use busbar_core::{Error, ErrorKind, Result};
use busbar_providers::services::Refused;
use uuid::Uuid;

/// How often a request is made at most.
const TRIES: u32 = 5;
/// The longest pause before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(50);

/// Why a try failed, in our kinds.
pub(crate) trait Cause {
    fn cause(&self) -> &Error;
}

impl Cause for Error {
    fn cause(&self) -> &Error {
        self
    }
}

impl Cause for Refused {
    fn cause(&self) -> &Error {
        &self.error
    }
}

/// What came of a request.
pub(crate) struct Tried<T, E> {
    pub(crate) result: Result<T, E>,
    /// Whether it was made more than once, so that an earlier try may have done its work.
    pub(crate) again: bool,
}

/// Makes a request, and again where that may help.
pub(crate) async fn retry<T, E: Cause, F: Future<Output = Result<T, E>>>(
    request: impl Fn() -> F,
) -> Tried<T, E> {
    let mut number = 1;
    loop {
        let result = request().await;
        let more = result.as_ref().is_err_and(|error| worth_it(error.cause()));
        if !more || number == TRIES {
            let again = number > 1;
            return Tried { result, again };
        }
        tokio::time::sleep(pause(number)).await;
        number += 1;
    }
}

/// What a service's failure means to whoever asked for a job.
pub(crate) fn failed(what: &str, error: Error) -> Error {
    match error.kind() {
        ErrorKind::RateLimited { retry_after } | ErrorKind::Overloaded { retry_after } => {
            let kind = ErrorKind::Overloaded { retry_after };
            Error::new(kind, format!("{what} is busy")).with_code("storage_busy")
        }
        _ => Error::new(ErrorKind::Unavailable, format!("{what} failed")).with_code("storage_failed"),
    }
    .with_source(error)
}

/// Our own time limit is as good a reason as the service's failure.
fn worth_it(error: &Error) -> bool {
    error.is_retryable() || error.kind() == ErrorKind::DeadlineExceeded
}

/// Anything up to the longest, so that those who failed together do not come back together.
fn pause(number: u32) -> Duration {
    let longest = PAUSE * 2_u32.pow(number.min(6));
    let random = u32::from(Uuid::new_v4().as_bytes()[0]);
    longest * random / 255
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn check(fails: u32, kind: ErrorKind) -> (bool, bool, u32) {
        let made = AtomicU32::new(0);
        let tried = retry(|| async {
            match made.fetch_add(1, Ordering::SeqCst) < fails {
                true => Err(Error::new(kind, "no")),
                false => Ok(()),
            }
        });
        let tried = tried.await;
        (tried.result.is_ok(), tried.again, made.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_of_a_moment_is_not_noticed_and_one_that_lasts_ends() {
        assert_eq!(check(0, ErrorKind::Unavailable).await, (true, false, 1));
        assert_eq!(check(3, ErrorKind::Unavailable).await, (true, true, 4));
        assert_eq!(check(9, ErrorKind::DeadlineExceeded).await, (false, true, TRIES));
    }

    #[tokio::test]
    async fn what_is_wrong_stays_wrong() {
        assert_eq!(check(9, ErrorKind::Invalid).await, (false, false, 1));
    }
}
