//! What a host's refusal means: its status, its class and its words become one of our kinds, here and
//! nowhere else.
//!
//! The class counts more than the status: some hosts say "busy" with the status of a wrong request.

use std::time::{Duration, SystemTime};

use busbar_core::{Error, ErrorKind};
use busbar_wire::upstream::Said;
use http::{HeaderMap, Method, StatusCode, header::RETRY_AFTER};

/// Where a host does not say how long to wait.
const USUAL_WAIT: Duration = Duration::from_secs(1);
/// A host that says more is not believed: callers would never come back.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// The same in milliseconds, which some hosts send beside the standard one.
const RETRY_AFTER_MS: &str = "retry-after-ms";
/// Where hosts that write no class into the body say it.
const CLASS: &str = "x-amzn-errortype";
/// What a host says is cut here: some write the whole request into it.
const LONGEST_MESSAGE: usize = 1000;

/// What a class means, whatever the status. In lower case, without what stands around the name.
const CLASSES: &[(&str, Meaning)] = &[
    ("throttlingexception", Meaning::Limited),
    ("toomanyrequestsexception", Meaning::Limited),
    ("servicequotaexceededexception", Meaning::Limited),
    ("provisionedthroughputexceededexception", Meaning::Limited),
    ("requestlimitexceeded", Meaning::Limited),
    ("requestthrottled", Meaning::Limited),
    ("rate_limit_error", Meaning::Limited),
    ("rate_limit_exceeded", Meaning::Limited),
    // These two come as a wrong request or as too many of them, and are neither.
    ("serviceunavailableexception", Meaning::Busy),
    ("serviceunavailable", Meaning::Busy),
    ("modelnotreadyexception", Meaning::Busy),
    ("overloaded_error", Meaning::Busy),
    ("modeltimeoutexception", Meaning::Broken),
    ("modelerrorexception", Meaning::Broken),
    ("modelerror", Meaning::Broken),
    ("modelstreamerrorexception", Meaning::Broken),
    ("internalserverexception", Meaning::Broken),
    ("internalfailure", Meaning::Broken),
    ("api_error", Meaning::Broken),
    // Our account there has no money left: the client can do nothing about it, another host can.
    ("insufficient_quota", Meaning::Unwelcome),
    ("billing_error", Meaning::Unwelcome),
    ("authentication_error", Meaning::Unwelcome),
    ("permission_error", Meaning::Unwelcome),
    ("invalid_api_key", Meaning::Unwelcome),
    ("accessdeniedexception", Meaning::Unwelcome),
    ("unrecognizedclientexception", Meaning::Unwelcome),
    ("expiredtokenexception", Meaning::Unwelcome),
    ("invalidsignatureexception", Meaning::Unwelcome),
    ("missingauthenticationtokenexception", Meaning::Unwelcome),
    ("resourcenotfoundexception", Meaning::Missing),
    ("not_found_error", Meaning::Missing),
    ("model_not_found", Meaning::Missing),
    ("request_too_large", Meaning::TooLarge),
    ("context_length_exceeded", Meaning::TooLong),
    ("validationexception", Meaning::Wrong),
    ("validationerror", Meaning::Wrong),
];

/// Words in which hosts say, without a class of its own, that a prompt is longer than the model reads.
const TOO_LONG: &[&str] = &[
    "input is too long",
    "prompt is too long",
    "maximum context length",
    "exceeds the context window",
    "context length exceeded",
    "too many input tokens",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Wrong,
    TooLarge,
    TooLong,
    Limited,
    Busy,
    Broken,
    Unwelcome,
    Missing,
}

/// A host's refusal, and when it came.
#[derive(Debug)]
pub struct Refusal<'a> {
    /// The host's name among our providers.
    pub host: &'a str,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// What its body says.
    pub said: Said,
    /// When it came.
    pub now: SystemTime,
}

/// Whether an answer is one.
pub fn is_answer(status: StatusCode) -> bool {
    status.is_success()
}

/// The status that a head says, if it is one.
pub fn read(code: u16) -> Option<StatusCode> {
    StatusCode::from_u16(code).ok()
}

/// Whether the answer is still to come after it.
pub fn is_interim(status: StatusCode) -> bool {
    status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS
}

/// Whether nothing follows such a head, whatever it says of a length.
pub fn has_no_body(status: StatusCode, method: &Method) -> bool {
    let is_bare = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    is_bare || status.is_informational() || method == Method::HEAD
}

/// Whether it says that nothing is there (yet).
pub fn is_missing(status: StatusCode) -> bool {
    status == StatusCode::NOT_FOUND
}

/// Whether it says that whoever was there has left for good.
pub fn is_gone(status: StatusCode) -> bool {
    status == StatusCode::GONE
}

/// Whether it says that it does not accept who we are.
pub fn is_about_us(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

impl Refusal<'_> {
    /// The error that callers act on.
    pub fn into_error(self) -> Error {
        let host = self.host;
        let meaning = self.meaning();
        let said = self.said.message.as_deref().map(cut);
        let told = |instead: &str| match &said {
            Some(said) => format!("`{host}` {instead}: {said}"),
            None => format!("`{host}` {instead} (status {})", self.status.as_u16()),
        };
        match meaning {
            Meaning::Wrong => self.wrong(ErrorKind::Invalid, said),
            Meaning::TooLarge => self.wrong(ErrorKind::TooLarge, said),
            Meaning::TooLong => self
                .wrong(ErrorKind::Invalid, said)
                .with_code("context_length_exceeded"),
            Meaning::Limited => Error::new(
                ErrorKind::RateLimited {
                    retry_after: self.wait(),
                },
                told("takes no more requests now"),
            ),
            Meaning::Busy => Error::new(
                ErrorKind::Overloaded {
                    retry_after: self.wait(),
                },
                told("is busy"),
            ),
            Meaning::Broken => Error::new(ErrorKind::BadUpstream, told("failed")),
            // What it says names accounts and roles: it is for the log, not for the client.
            Meaning::Unwelcome => {
                let error = Error::new(
                    ErrorKind::BadUpstream,
                    format!("`{host}` does not accept our credentials"),
                );
                match said {
                    Some(said) => error.with_source(Words(said.to_owned())),
                    None => error,
                }
            }
            // The client named a model that we have; that its host does not is ours to mend.
            Meaning::Missing => {
                let error = Error::new(
                    ErrorKind::BadUpstream,
                    format!("`{host}` does not know the model that stands behind this one"),
                );
                match said {
                    Some(said) => error.with_source(Words(said.to_owned())),
                    None => error,
                }
            }
        }
    }

    fn wrong(&self, kind: ErrorKind, said: Option<&str>) -> Error {
        let host = self.host;
        let message = said.map_or_else(
            || {
                format!(
                    "`{host}` refused the request (status {}) and gave no reason",
                    self.status.as_u16()
                )
            },
            str::to_owned,
        );
        let error = Error::new(kind, message);
        match &self.said.param {
            Some(param) => error.with_param(param),
            None => error,
        }
    }

    fn meaning(&self) -> Meaning {
        let of_header = || self.headers.get(CLASS)?.to_str().ok();
        let classes = [self.said.class.as_deref(), of_header()];
        let known = classes.into_iter().flatten().find_map(|class| {
            let name = bare(class);
            CLASSES
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, meaning)| *meaning)
        });
        match known.unwrap_or_else(|| self.meaning_of_status()) {
            Meaning::Wrong if self.says_too_long() => Meaning::TooLong,
            meaning => meaning,
        }
    }

    fn meaning_of_status(&self) -> Meaning {
        match self.status.as_u16() {
            401..=403 | 407 => Meaning::Unwelcome,
            404 | 405 | 410 => Meaning::Missing,
            // Their time was up, not ours: another host may be quicker.
            408 | 409 | 424 | 425 => Meaning::Broken,
            413 => Meaning::TooLarge,
            429 => Meaning::Limited,
            400..=499 => Meaning::Wrong,
            // 529 is one vendor's own for "overloaded".
            503 | 529 => Meaning::Busy,
            // A redirect is not followed: our credentials are for this host only.
            _ => Meaning::Broken,
        }
    }

    fn says_too_long(&self) -> bool {
        let message = self.said.message.as_deref().unwrap_or_default().to_lowercase();
        TOO_LONG.iter().any(|words| message.contains(words))
    }

    fn wait(&self) -> Duration {
        let header = |name: &str| self.headers.get(name)?.to_str().ok();
        let in_ms = || header(RETRY_AFTER_MS)?.parse().ok().map(Duration::from_millis);
        let standard = || {
            let value = header(RETRY_AFTER.as_str())?;
            match value.parse::<f64>() {
                Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
                Err(_) => {
                    let date = httpdate::parse_http_date(value).ok()?;
                    Some(date.duration_since(self.now).unwrap_or_default())
                }
            }
        };
        in_ms()
            .or_else(standard)
            .or(self.said.retry_after)
            .unwrap_or(USUAL_WAIT)
            .min(LONGEST_WAIT)
    }
}

/// The name alone: `com.amazon.coral.service#ThrottlingException:http://…` is `throttlingexception`.
fn bare(class: &str) -> String {
    let class = class.split(':').next().unwrap_or_default();
    class.rsplit('#').next().unwrap_or_default().trim().to_lowercase()
}

fn cut(message: &str) -> &str {
    let mut end = message.len().min(LONGEST_MESSAGE);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

/// What a host said, as a cause.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Words(String);

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn refuse(status: u16, headers: &[(&'static str, &str)], said: Said) -> Error {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Refusal {
            host: "far",
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            said,
            now: httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap(),
        }
        .into_error()
    }

    fn class(class: &str) -> Said {
        Said {
            class: Some(class.into()),
            ..Said::default()
        }
    }

    fn message(message: &str) -> Said {
        Said {
            message: Some(message.into()),
            ..Said::default()
        }
    }

    #[test]
    fn a_wrong_request_that_says_busy_is_busy() {
        let seconds = Duration::from_secs(1);
        let busy = ErrorKind::Overloaded { retry_after: seconds };
        for said in [
            "serviceUnavailableException",
            "com.amazon.coral.service#ServiceUnavailableException:http://x/",
        ] {
            let error = refuse(400, &[], class(said));
            assert_eq!(error.kind(), busy, "{said}");
            assert!(error.is_retryable());
        }
        let by_header = refuse(
            400,
            &[("x-amzn-errortype", "ServiceUnavailableException:")],
            Said::default(),
        );
        assert_eq!(by_header.kind(), busy);
        let loading = refuse(429, &[], class("ModelNotReadyException"));
        assert_eq!(loading.kind(), busy);
    }

    #[test]
    fn the_wait_is_read_in_all_its_forms_and_bounded() {
        for (name, value, wait) in [
            ("retry-after", "7", 7_000),
            ("retry-after", "0.5", 500),
            ("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT", 10_000),
            ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT", 0),
            ("retry-after", "soon", 1_000),
            ("retry-after", "-3", 1_000),
            ("retry-after", "NaN", 1_000),
            ("retry-after", "999999999999", 600_000),
            ("retry-after-ms", "250", 250),
        ] {
            let retry_after = Duration::from_millis(wait);
            let error = refuse(429, &[(name, value)], Said::default());
            assert_eq!(
                error.kind(),
                ErrorKind::RateLimited { retry_after },
                "{name}: {value}"
            );
        }
        let in_body = Said {
            retry_after: Some(Duration::from_secs(3)),
            ..Said::default()
        };
        let retry_after = Duration::from_secs(3);
        assert_eq!(
            refuse(503, &[], in_body).kind(),
            ErrorKind::Overloaded { retry_after }
        );
    }

    #[test]
    fn our_own_credentials_and_names_are_no_fault_of_the_client() {
        for status in [401, 403, 404] {
            let error = refuse(
                status,
                &[],
                message("User arn:aws:iam::123456789012:user/x may not"),
            );
            assert_eq!(error.kind(), ErrorKind::BadUpstream, "{status}");
            assert!(!error.message().contains("123456789012"), "{error}");
            assert!(error.source().unwrap().to_string().contains("123456789012"));
        }
    }

    #[test]
    fn what_is_wrong_is_said_to_the_client_in_the_hosts_words() {
        let said = Said {
            param: Some("temperature".into()),
            ..message("temperature must be 0 to 1")
        };
        let error = refuse(422, &[], said);
        assert_eq!(
            (error.kind(), error.param(), error.message()),
            (
                ErrorKind::Invalid,
                Some("temperature"),
                "temperature must be 0 to 1"
            )
        );
        assert_eq!(refuse(413, &[], Said::default()).kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn a_prompt_that_is_too_long_has_its_code_however_it_is_said() {
        for said in [
            message("prompt is too long: 200001 tokens > 200000 maximum"),
            message("Input is too long for requested model."),
            class("context_length_exceeded"),
        ] {
            let error = refuse(400, &[], said);
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::Invalid, Some("context_length_exceeded"))
            );
        }
    }

    #[test]
    fn every_other_status_is_the_hosts_failure() {
        for status in [301, 307, 500, 502, 504, 520] {
            assert_eq!(
                refuse(status, &[], Said::default()).kind(),
                ErrorKind::BadUpstream
            );
        }
    }

    #[test]
    fn a_host_that_says_too_much_is_cut_between_characters() {
        let long = refuse(400, &[], message(&"é".repeat(5_000)));
        assert!(long.message().len() <= LONGEST_MESSAGE);
    }
}
