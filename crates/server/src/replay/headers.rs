//! What clients say about resuming in their headers.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use busbar_core::{Error, Result};

use super::window_of;

/// Asks that a stream outlive its connection, for so many seconds.
const RESUME: HeaderName = HeaderName::from_static("x-busbar-resume");

/// The last event that a client has, as `EventSource` says it.
const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// The last event that a client has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastEvent {
    pub(crate) stream: String,
    pub(crate) seq: u64,
}

/// For how long a stream is to outlive its connection, where the client wants that.
///
/// # Errors
/// `Invalid`, naming the header.
pub(crate) fn window(headers: &HeaderMap) -> Result<Option<Duration>> {
    let Some(value) = headers.get(&RESUME) else {
        return Ok(None);
    };
    let seconds = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let Some(seconds) = seconds else {
        let message = format!("the header `{RESUME}` must be a whole number of seconds");
        return Err(Error::invalid(RESUME.as_str(), message));
    };
    window_of(RESUME.as_str(), seconds).map(Some)
}

/// The last event that the client has, where it says that it has one.
///
/// # Errors
/// `Invalid`, naming the header.
pub(crate) fn last_event(headers: &HeaderMap) -> Result<Option<LastEvent>> {
    // `EventSource` sends an empty one for events without an id.
    let Some(value) = headers.get(&LAST_EVENT).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let read = value.to_str().ok().and_then(|text| {
        let (stream, seq) = text.trim().rsplit_once(':')?;
        let seq = seq.parse().ok()?;
        Some(LastEvent {
            stream: stream.to_owned(),
            seq,
        })
    });
    read.map(Some).ok_or_else(|| {
        let message = format!("the header `{LAST_EVENT}` must be `<stream>:<number>`, as events have it");
        Error::invalid(LAST_EVENT.as_str(), message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_window_is_whole_seconds_up_to_five_minutes() {
        let read = |value| window(&headers(RESUME, value)).ok().flatten();
        assert_eq!(read("30"), Some(Duration::from_secs(30)));
        assert_eq!(read("300"), Some(Duration::from_secs(300)));
        for wrong in ["0", "301", "-1", "1.5", "soon", ""] {
            let error = window(&headers(RESUME, wrong)).unwrap_err();
            assert_eq!(error.param(), Some("x-busbar-resume"), "{wrong}");
        }
        assert_eq!(window(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn an_event_is_named_by_its_stream_and_its_number() {
        let read = last_event(&headers(LAST_EVENT, "chatcmpl-1:7")).unwrap();
        let expected = LastEvent {
            stream: "chatcmpl-1".into(),
            seq: 7,
        };
        assert_eq!(read, Some(expected));
        assert_eq!(last_event(&headers(LAST_EVENT, "")).unwrap(), None);
        for wrong in ["7", "a:b", "a:-1"] {
            assert!(last_event(&headers(LAST_EVENT, wrong)).is_err(), "{wrong}");
        }
    }
}
