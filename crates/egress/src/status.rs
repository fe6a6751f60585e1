//! What a host answered, and what its status means; nowhere else here is one looked at.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{LOCATION, RETRY_AFTER},
};

/// A host that says more is not believed.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// What a host answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What its status means.
    pub outcome: Outcome,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; empty where nobody wanted it.
    pub body: Bytes,
}

/// What a status means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was given, or taken.
    Done,
    /// It is elsewhere: there, where the host says.
    Moved(Option<String>),
    /// It was there and will not be again.
    Gone,
    /// It is not there, or not for us.
    Absent(u16),
    /// The host is broken or busy.
    Broken(u16),
}

impl Outcome {
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        match status {
            // A part, or nothing at all, is not what was asked for; who sends something looks at neither.
            status if status.is_success() => Self::Done,
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => {
                let location = headers.get(LOCATION).and_then(|to| to.to_str().ok());
                Self::Moved(location.map(str::to_owned))
            }
            StatusCode::GONE => Self::Gone,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Self::Broken(status.as_u16()),
            status if status.is_client_error() => Self::Absent(status.as_u16()),
            status => Self::Broken(status.as_u16()),
        }
    }

    /// The status of something that is gone, for those who say it.
    pub(crate) const GONE: u16 = StatusCode::GONE.as_u16();
}

impl Answer {
    /// When to come again at the earliest, where the host says so in seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self
            .headers
            .get(RETRY_AFTER)?
            .to_str()
            .ok()?
            .trim()
            .parse()
            .ok()?;
        Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
    }
}
