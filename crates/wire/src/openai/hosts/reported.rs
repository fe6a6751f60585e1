//! Failures that hosts of this format tell of: as the body of a refusal, or inside an answer that had
//! begun well.

use std::time::Duration;

use busbar_core::{Error, ErrorKind};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::upstream::Said;

/// Where a host does not say how long to wait.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// A failure: an object, or with some hosts a bare text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reported {
    Object(Box<Object>),
    Text(String),
    /// Something that says nothing to us.
    Other(IgnoredAny),
}

/// A failure as an object. Hosts differ in what they put where, so nothing here must be of a type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Object {
    message: Value,
    detail: Value,
    #[serde(rename = "type")]
    kind: Value,
    code: Value,
    param: Value,
    retry_after: Value,
    metadata: Value,
}

/// What a refusal's body says, whatever it is.
pub(super) fn said(body: &[u8]) -> Said {
    #[derive(Deserialize)]
    struct Body {
        error: Option<Reported>,
        #[serde(flatten)]
        bare: Object,
    }
    match serde_json::from_slice(body) {
        Ok(Body {
            error: Some(error), ..
        }) => error.said(),
        Ok(Body { bare, .. }) => bare.said(),
        Err(_) => Said::default(),
    }
}

impl Reported {
    /// What it says of itself.
    pub(super) fn said(&self) -> Said {
        match self {
            Self::Object(object) => object.said(),
            Self::Text(message) => Said {
                retry_after: wait_in_words(message),
                message: Some(message.clone()),
                ..Said::default()
            },
            Self::Other(_) => Said::default(),
        }
    }

    /// A failure that stands by itself, without an object around it.
    pub(crate) fn bare(data: &[u8]) -> Option<Self> {
        serde_json::from_slice(data).ok()
    }

    /// The error that it is when it comes inside an answer.
    pub(crate) fn into_error(self) -> Error {
        let said = self.said();
        let class = said.class.as_deref().unwrap_or_default();
        let wait = said.retry_after.unwrap_or(USUAL_WAIT);
        let kind = kind(class, wait);
        let message = said
            .message
            .as_deref()
            .unwrap_or("the model's host told of a failure without a reason");
        let error = Error::new(kind, message);
        let error = if class == "context_length_exceeded" {
            error.with_code("context_length_exceeded")
        } else {
            error
        };
        match said.param {
            Some(param) if kind == ErrorKind::Invalid => error.with_param(param),
            _ => error,
        }
    }
}

impl Object {
    /// What it says of itself. A code is finer than a type where it is a word.
    pub(super) fn said(&self) -> Said {
        let message = text(&self.message).or_else(|| text(&self.detail));
        let class = text(&self.code)
            .or_else(|| text(&self.kind))
            .or_else(|| self.code.as_u64().map(|code| code.to_string()));
        let retry_after = seconds(&self.retry_after)
            .or_else(|| seconds(self.metadata.get("retry_after")?))
            .or_else(|| wait_in_words(message.as_deref()?));
        Said {
            message,
            class,
            param: text(&self.param),
            retry_after,
        }
    }
}

/// What a class means. Gateways put the status of whoever refused them where others have a word.
fn kind(class: &str, retry_after: Duration) -> ErrorKind {
    match class {
        "rate_limit_error" | "rate_limit_exceeded" | "rate_limited" | "requests" | "tokens" | "429" => {
            ErrorKind::RateLimited { retry_after }
        }
        "overloaded"
        | "overloaded_error"
        | "server_overloaded"
        | "service_unavailable"
        | "slow_down"
        | "503"
        | "529" => ErrorKind::Overloaded { retry_after },
        "invalid_request_error"
        | "BadRequestError"
        | "context_length_exceeded"
        | "content_policy_violation"
        | "invalid_prompt"
        | "400"
        | "422" => ErrorKind::Invalid,
        _ => ErrorKind::BadUpstream,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn seconds(value: &Value) -> Option<Duration> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// How long to wait, where only the message says: `Please try again in 6m0.5s.`
fn wait_in_words(message: &str) -> Option<Duration> {
    let (_, rest) = message.split_once("try again in ")?;
    let mut wait = Duration::ZERO;
    let mut rest = rest.trim_start();
    loop {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let Ok(number) = number.parse::<f64>() else { break };
        let after = after.trim_start();
        let letters = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let unit = match unit {
            "ms" | "milliseconds" => 0.001,
            "s" | "second" | "seconds" => 1.0,
            "m" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => break,
        };
        wait = wait.saturating_add(Duration::try_from_secs_f64(number * unit).ok()?);
        rest = after;
    }
    (wait > Duration::ZERO).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn waits(message: &str, seconds: Option<f64>) {
        let expected = seconds.map(Duration::from_secs_f64);
        assert_eq!(wait_in_words(message), expected, "{message}");
    }

    #[test]
    fn the_wait_is_read_out_of_the_sentence() {
        waits("Rate limit reached. Please try again in 1.5s. Visit …", Some(1.5));
        waits("Please try again in 20ms.", Some(0.02));
        waits("Please try again in 6m0s.", Some(360.0));
        waits("please try again in 2 minutes", Some(120.0));
        waits("please try again in a while", None);
        waits("no", None);
    }

    #[test]
    fn a_refusal_may_be_of_any_shape() {
        let limited = said(
            br#"{"error":{"message":"slow","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
        );
        assert_eq!(limited.class.as_deref(), Some("rate_limit_exceeded"));
        let gateway = said(br#"{"error":{"message":"m","code":429,"metadata":{"retry_after":7}}}"#);
        assert_eq!(
            (gateway.class.as_deref(), gateway.retry_after),
            (Some("429"), Some(Duration::from_secs(7)))
        );
        let engine = said(
            br#"{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}"#,
        );
        assert_eq!(
            (engine.message.as_deref(), engine.class.as_deref()),
            (Some("too long"), Some("BadRequestError"))
        );
        assert_eq!(
            said(br#"{"detail":"loading"}"#).message.as_deref(),
            Some("loading")
        );
        assert_eq!(
            said(br#"{"error":"out of memory"}"#).message.as_deref(),
            Some("out of memory")
        );
        assert_eq!(said(br#"{"detail":[{"loc":["body"]}]}"#), Said::default());
        assert_eq!(said(b"<html>"), Said::default());
        assert_eq!(said(b"[]"), Said::default());
    }
}
